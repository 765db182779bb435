"""YAML that people write: read it, check it against a pydantic model, and say in one sentence what is wrong.

Segments, identity rules and the survivorship policy are such files. Every error names the file, the place in
it, what stands there and what is allowed.
"""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

M = TypeVar("M", bound=BaseModel)


class FileModel(BaseModel):
    """The base of every model of a file: frozen, no unknown keys, and no text read as a number."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def read_yaml(file: Path, error: type[ValueError], hint: str = "") -> Any:
    """The document in a YAML file.

    Raises:
        error: the file is not YAML in UTF-8; the message ends with `hint`. PyYAML's own errors are of many
            kinds: of a date that does not exist it raises a ValueError.
    """
    try:
        return yaml.safe_load(file.read_text(encoding="utf-8"))
    except (yaml.YAMLError, ValueError, RecursionError) as cause:
        message = " ".join(str(cause).split())
        raise error(f"{file.name}: cannot be read as YAML: {message}{hint and f'; {hint}'}") from cause


def validate(model: type[M], document: Any, where: str, error: type[ValueError]) -> M:
    """The document as a value of the model; `where` names the file, or the place in it, in messages.

    Raises:
        error: the first thing that is wrong, in the order of the model's fields; keys that are missing are
            named together.
    """
    if not isinstance(document, Mapping):
        keys = ", ".join(model.model_fields)
        raise error(f"{where}: is {type(document).__name__}; wanted a mapping with {keys}")
    try:
        return model.model_validate(dict(document))
    except ValidationError as cause:
        raise error(describe_error(model, cause, where)) from cause


def describe_error(model: type[BaseModel], cause: ValidationError, where: str) -> str:
    """A validation error as one sentence: unknown keys first, since a misspelt key is a missing one too."""
    errors = cause.errors(include_url=False)
    unknown = [each for each in errors if each["type"] == "extra_forbidden"]
    missing = [each for each in errors if each["type"] == "missing"]
    if unknown:
        *place, key = unknown[0]["loc"]
        allowed = list(find_model_at(model, place).model_fields)
        return (
            f"{format_place(where, place)}: unknown key {key!r}{format_suggestion(key, allowed)};"
            f" allowed: {', '.join(allowed)}"
        )
    if missing:
        place = missing[0]["loc"][:-1]
        keys = [str(each["loc"][-1]) for each in missing if each["loc"][:-1] == place]
        needed = [
            key for key, field in find_model_at(model, place).model_fields.items() if field.is_required()
        ]
        return f"{format_place(where, place)}: {', '.join(keys)} missing; needed are {', '.join(needed)}"
    return f"{format_place(where, errors[0]['loc'])}{describe_value(errors[0])}"


def describe_value(error: ErrorDetails) -> str:
    """What stands where an error is, and what is allowed there, to follow the name of the place."""
    if error["type"] == "value_error":  # raised by a validator of the model, whose sentence it is
        return f": {error['ctx']['error']}"
    value = repr(error["input"])
    if error["type"] in ("literal_error", "enum"):
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ")
        return f" is {value}{format_suggestion(error['input'], allowed.split(', '))}; allowed: {allowed}"
    message = error["msg"].replace("Input should be ", "")
    return f" is {value}; wanted {message[0].lower()}{message[1:]}"


def find_model_at(model: type[BaseModel], place: Iterable[str | int]) -> type[BaseModel]:
    """The model of the mapping at a place of the document; list positions and keys of plain mappings are
    passed over.
    """
    for key in place:
        field = model.model_fields.get(str(key))
        if field is not None:
            model = find_model(field.annotation) or model
    return model


def find_model(annotation: Any) -> type[BaseModel] | None:
    """The first pydantic model in an annotation such as `tuple[Limit, ...]` or `Limit | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (find_model(each) for each in getattr(annotation, "__args__", ()))
    return next((each for each in inner if each is not None), None)


def format_place(where: str, place: Iterable[str | int]) -> str:
    """`where` and a place below it: `rules.yml: limits[2].at_most`; positions are counted from 1."""
    path = "".join(f"[{key + 1}]" if isinstance(key, int) else f".{key}" for key in place)
    return f"{where}: {path.lstrip('.')}" if path else where


def format_suggestion(name: Any, known: Iterable[str]) -> str:
    """` (did you mean 'x'?)` for the known name that is nearest, or nothing where none is near."""
    nearest = difflib.get_close_matches(str(name), list(known), n=1)
    return f" (did you mean {nearest[0]!r}?)" if nearest else ""
