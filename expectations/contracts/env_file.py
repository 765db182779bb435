"""`.env`: settings in a file, in the format of python-dotenv, without its expansion of `$`.

A value may stand in quotes; without them, ` #` begins a comment. Read here and not by make or a shell, which
would expand `$` and let the file win over the environment.
"""

from io import StringIO
from pathlib import Path

from dotenv.parser import parse_stream


class EnvFileError(ValueError):
    """A line of the file sets nothing, or a name is set twice; the message shows no value."""


def read_env_file(file: Path) -> dict[str, str]:
    """The names and values that a file sets; empty where there is no file.

    Raises:
        EnvFileError: names lines and not their text, which may be a secret.
    """
    values, lines = {}, {}
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    for binding in parse_stream(StringIO(text)):
        blank = len(binding.original.string) - len(binding.original.string.lstrip())
        line = binding.original.line + binding.original.string[:blank].count("\n")
        if binding.error or (binding.key is not None and binding.value is None):
            raise EnvFileError(f"line {line} of {file} sets nothing; a line is NAME=value")
        if binding.key is None:  # a comment, or blank lines at the end
            continue
        if binding.key in lines:
            raise EnvFileError(
                f"{binding.key} is set twice in {file}, in lines {lines[binding.key]} and {line}; keep one"
            )
        values[binding.key], lines[binding.key] = binding.value, line
    return values
