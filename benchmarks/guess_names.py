"""Draw public names at random, for a reader who has seen nothing else to guess what each of them does.

    make bench NAME=guess_names ARGS="--seed 14 --to FOLDER [--count 60] [--root CHECKOUT]"

It writes `questions-names.md` (numbered qualified names), `questions-signatures.md` (the same names with
parameters, annotations and defaults) and `answers.md` (the first paragraph of each docstring; of a name
without one, its first lines). Names are read from the syntax tree, nothing is imported, so `--root` may be
a checkout of any commit; the same seed on the same files draws the same names.

What is drawn: functions and classes at the top level of the modules of FOLDERS, without tests and names
that begin with an underscore. Methods are left out: a reader meets them on a value whose class is known.
`main` and `run` are drawn like any other name: their module is what says what they do. Each folder has a
share of the names that is its share of all public names, by largest remainder.

How to judge: a reader who knows the field but has seen neither this code nor its documents gets one of the
two question files and writes a sentence for each number, saying what the thing does or is. Another reader
compares each sentence with `answers.md` and says right when somebody who relies on the sentence would use
the name rightly: the verb and its object agree, and nothing essential is the other way round; missing
detail is no fault. A sentence that fits every name ("handles the data") is wrong, and so is a name left
out. Use another seed for the names alone than for the signatures, so that one reader may answer both.
"""

import argparse
import ast
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path

FOLDERS = (
    "benchmarks",
    "dags",
    "expectations",
    "models",
    "operate",
    "sample_shop",
    "segments",
    "serving_app",
    "spark_jobs",
)
N_SOURCE_LINES = 12
Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


@dataclass(frozen=True)
class PublicName:
    """A public function or class: what a reader is shown of it, and what the answer is judged against."""

    qualified_name: str
    signature: str
    answer: str

    @property
    def folder(self) -> str:
        return self.qualified_name.partition(".")[0]


def list_public_names(root: Path) -> list[PublicName]:
    """Every public function and class of the top-level folders below `root`, by qualified name."""
    names = []
    for folder in FOLDERS:
        for path in sorted((root / folder).rglob("*.py")):
            module = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            source = path.read_text("utf-8")
            for node in ast.parse(source).body:
                if isinstance(node, Definition) and not node.name.startswith("_"):
                    qualified = f"{module}.{node.name}"
                    answer = read_first_paragraph(node) or quote_source(node, source)
                    names.append(PublicName(qualified, format_signature(node, qualified), answer))
    return sorted(names, key=lambda name: name.qualified_name)


def read_first_paragraph(node: Definition) -> str:
    """The first paragraph of a definition's docstring on one line; empty when it has none."""
    return " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())


def quote_source(node: Definition, source: str) -> str:
    """The first lines of a definition, indented as a code block of a list's item."""
    lines = (ast.get_source_segment(source, node) or "").splitlines()[:N_SOURCE_LINES]
    return "(no docstring)\n\n" + "\n".join(f"       {line}" for line in lines)


def format_signature(node: Definition, qualified_name: str) -> str:
    """A function's parameters and result; a class's bases with its fields or `__init__` parameters."""
    if not isinstance(node, ast.ClassDef):
        result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
        return f"{qualified_name}({ast.unparse(node.args)}){result}"
    bases = ", ".join(
        ast.unparse(base) for base in [*node.bases, *(keyword.value for keyword in node.keywords)]
    )
    fields = [ast.unparse(field) for field in node.body if isinstance(field, ast.AnnAssign)]
    for method in node.body:
        if isinstance(method, ast.FunctionDef) and method.name == "__init__":
            fields = [ast.unparse(method.args).removeprefix("self").removeprefix(", ")]
    return f"class {qualified_name}{f'({bases})' if bases else ''}: {'; '.join(fields)}".removesuffix(": ")


def allocate_by_folder(names: list[PublicName], count: int) -> dict[str, int]:
    """How many of `count` names each folder gets: its share of all names, by largest remainder."""
    sizes = {
        folder: sum(name.folder == folder for name in names)
        for folder in sorted({name.folder for name in names})
    }
    exact = {folder: count * size / len(names) for folder, size in sizes.items()}
    shares = {folder: int(share) for folder, share in exact.items()}
    by_remainder = sorted(exact, key=lambda folder: (shares[folder] - exact[folder], folder))
    for folder in by_remainder[: count - sum(shares.values())]:
        shares[folder] += 1
    return shares


def draw_names(names: list[PublicName], count: int, seed: int) -> list[PublicName]:
    """`count` names, or all when there are fewer, spread over the folders, in random order; equal by seed."""
    generator, drawn = random.Random(seed), []
    for folder, share in allocate_by_folder(names, min(count, len(names))).items():
        drawn += generator.sample([name for name in names if name.folder == folder], share)
    generator.shuffle(drawn)
    return drawn


def write_questions(drawn: list[PublicName], folder: Path) -> None:
    """The two question files and the answers, numbered alike."""
    folder.mkdir(parents=True, exist_ok=True)
    texts = {
        "questions-names.md": [f"`{name.qualified_name}`" for name in drawn],
        "questions-signatures.md": [f"`{name.signature}`" for name in drawn],
        "answers.md": [f"`{name.qualified_name}`: {name.answer}" for name in drawn],
    }
    for file_name, lines in texts.items():
        numbered = (f"{number}. {line}\n" for number, line in enumerate(lines, 1))
        (folder / file_name).write_text("".join(numbered), "utf-8")


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--root", type=Path, default=Path(__file__).parents[1], help="a checkout; by default this one"
    )
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--to", type=Path, help="where the three files go; by default a temporary folder")
    args = parser.parse_args(argv)
    names = list_public_names(args.root)
    drawn = draw_names(names, args.count, args.seed)
    folder = args.to or Path(tempfile.mkdtemp(prefix="guess-names-"))
    write_questions(drawn, folder)
    shares = ", ".join(f"{name} {share}" for name, share in allocate_by_folder(names, len(drawn)).items())
    print(f"{len(drawn)} of {len(names):,} public names ({shares}), seed {args.seed}: {folder}")


if __name__ == "__main__":
    main()
