"""Why a record is refused: the codes that `quarantine.reason` may hold, each with what it means."""

REASONS = {
    "not_parseable": (
        "The line is not a record of its format (broken JSON, wrong number of fields, undecodable bytes)."
    ),
    "missing_field": "A field the record cannot do without is absent or empty.",
    "bad_number": "A field that must be a number is not one, or is out of the range its column holds.",
    "bad_time": "A time that cannot be read, or that the source's clock cannot have shown.",
    "bad_value": "A field holds a value outside its declared list.",
    "wrong_kind": (
        "A field holds another kind of JSON value than its source declares, such as a text where a list"
        " belongs."
    ),
    "bad_id": (
        "An id that is neither a string nor a whole number, an unfilled template, too long, or not printable."
        " A person's, session's or request's is left out and the record kept."
    ),
    "unknown_type": "A kind of record or event that the source does not declare.",
    "too_large": "The record is larger than the source allows, or a field than its column does.",
}
