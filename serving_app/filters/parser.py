"""Parse filter expressions: a text becomes a tree (`tree.py`).

The limits bound what one expression costs to parse, to keep and to evaluate.
"""

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedToken, v_args

from serving_app.filters import tree
from serving_app.filters.grammar import GRAMMAR, WORDS
from serving_app.filters.text_values import parse_number, parse_quoted_text, parse_time
from serving_app.filters.tree import FilterError, Kind

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 4000, 200, 30
TOO_DEEP = f"a filter may be nested {MAX_DEPTH} deep at most"
MAX_OPTIONS, MAX_COMMAS, MAX_NAME = 200, 1000, 80
QUOTES = ('"', "'")
UNIT_SECONDS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0, "week": 604800.0}


def parse_filter(text: str) -> tree.Condition:
    """The tree of an expression.

    Raises:
        FilterError: it is not understood, or larger than allowed.
    """
    check_size(text)
    try:
        root = _PARSER.parse(text)
    except UnexpectedCharacters as error:
        at = error.pos_in_stream
        flaw = "the text in quotes does not end" if text[at] in QUOTES else "this character is not understood"
        raise FilterError(f"{flaw}; expected {_name_terminals(error.allowed)}", at) from None
    except UnexpectedToken as error:
        at = len(text) if error.token.type == "$END" else error.token.start_pos
        raise FilterError(f"expected {_name_terminals(error.accepts or error.expected)}", at) from None
    n_nodes, depth = tree.measure_tree(root)
    if n_nodes > MAX_NODES:
        raise FilterError(f"a filter may have {MAX_NODES} parts at most; it has {n_nodes}")
    if depth > MAX_DEPTH:
        raise FilterError(TOO_DEEP)
    return root


def check_size(text: str) -> None:
    """Refuse what is too long or nests too deeply before the parser sees it. Signs inside texts count too."""
    if len(text) > MAX_LENGTH:
        raise FilterError(f"a filter may have {MAX_LENGTH} characters at most")
    if text.count(",") > MAX_COMMAS:
        raise FilterError(f"a filter may have {MAX_COMMAS} commas at most")
    depth = 0
    for at, each in enumerate(text):
        if each in "()":
            depth += 1 if each == "(" else -1
            if depth > MAX_DEPTH:
                raise FilterError(TOO_DEEP, at)


def _name_terminals(terminals: set[str] | None) -> str:
    words = [word for name, word in WORDS.items() if name in (terminals or ())]
    return " or ".join(words) if len(words) < 3 else f"one of: {', '.join(words)}"


@v_args(inline=True)
class _TreeBuilder(Transformer):
    """Makes nodes as the parser reduces, so that no tree of lark's is built."""

    def any_of(self, *conditions: tree.Condition) -> tree.Or:
        return tree.Or(conditions, at=conditions[0].at)

    def all_of(self, *conditions: tree.Condition) -> tree.And:
        return tree.And(conditions, at=conditions[0].at)

    def negate(self, mark: Token, condition: tree.Condition) -> tree.Not:
        return tree.Not(condition, at=mark.start_pos)

    def compare(self, left: tree.Operand, sign: Token, right: tree.Operand) -> tree.Compare:
        return tree.Compare(left, str(sign), right, at=sign.start_pos)

    def is_in(self, operand: tree.Operand, mark: Token, options: tuple | tree.Parameter) -> tree.In:
        return tree.In(operand, options, at=mark.start_pos)

    def is_not_in(
        self, operand: tree.Operand, mark: Token, _: Token, options: tuple | tree.Parameter
    ) -> tree.Not:
        return tree.Not(tree.In(operand, options, at=mark.start_pos), at=mark.start_pos)

    def contains(self, operand: tree.Operand, mark: Token, part: tree.Operand) -> tree.Contains:
        return tree.Contains(operand, part, at=mark.start_pos)

    def starts_with(self, operand: tree.Operand, mark: Token, prefix: tree.Operand) -> tree.StartsWith:
        return tree.StartsWith(operand, prefix, at=mark.start_pos)

    def is_null(self, operand: tree.Operand, mark: Token) -> tree.IsNull:
        return tree.IsNull(operand, at=mark.start_pos)

    def is_not_null(self, operand: tree.Operand, mark: Token, _: Token) -> tree.Not:
        return tree.Not(tree.IsNull(operand, at=mark.start_pos), at=mark.start_pos)

    def is_true(self, operand: tree.Operand) -> tree.IsTrue:
        return tree.IsTrue(operand, at=operand.at)

    def list_options(self, *options: tree.Operand | None) -> tuple[tree.Operand, ...]:
        entries = tuple(option for option in options if option is not None)
        if len(entries) > MAX_OPTIONS:
            raise FilterError(f"a list may have {MAX_OPTIONS} entries at most", entries[MAX_OPTIONS].at)
        return entries

    def name(self, word: Token) -> tree.Name:
        return tree.Name(_check_name_length(word), at=word.start_pos)

    def keyed_name(self, word: Token, key: Token) -> tree.Name:
        return tree.Name(_check_name_length(word), parse_quoted_text(key, key.start_pos), at=word.start_pos)

    def now(self, word: Token) -> tree.Now:
        return tree.Now(at=word.start_pos)

    def moved_now(self, word: Token, sign: Token, number: Token, unit: Token) -> tree.Now:
        seconds = parse_number(number, number.start_pos) * UNIT_SECONDS[unit.lower().removesuffix("s")]
        return tree.Now(-seconds if sign == "-" else seconds, at=word.start_pos)

    def parameter(self, word: Token) -> tree.Parameter:
        return tree.Parameter(_check_name_length(word)[1:], at=word.start_pos)

    def text(self, word: Token) -> tree.Literal:
        return tree.Literal(Kind.TEXT, parse_quoted_text(word, word.start_pos), at=word.start_pos)

    def number(self, word: Token) -> tree.Literal:
        return tree.Literal(Kind.NUMBER, parse_number(word, word.start_pos), at=word.start_pos)

    def signed_number(self, sign: Token, word: Token) -> tree.Literal:
        number = parse_number(word, word.start_pos)
        return tree.Literal(Kind.NUMBER, -number if sign == "-" else number, at=sign.start_pos)

    def time(self, word: Token) -> tree.Literal:
        try:
            return tree.Literal(Kind.TIME, parse_time(str(word)), at=word.start_pos)
        except (ValueError, OverflowError):
            raise FilterError("there is no such date", word.start_pos) from None

    def true(self, word: Token) -> tree.Literal:
        return tree.Literal(Kind.BOOLEAN, True, at=word.start_pos)

    def false(self, word: Token) -> tree.Literal:
        return tree.Literal(Kind.BOOLEAN, False, at=word.start_pos)


def _check_name_length(word: Token) -> str:
    if len(word) > MAX_NAME:
        raise FilterError(f"a name may have {MAX_NAME} characters at most", word.start_pos)
    return str(word)


_PARSER = Lark(GRAMMAR, parser="lalr", lexer="contextual", transformer=_TreeBuilder())
