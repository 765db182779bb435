"""The values that a shop's systems, its visitors and their programs put into any field: what is odd of each
kind, by name.

A catalogue and not a generator: each value has a name that a figure can be given of, and all of them come
every time.
"""

from typing import Any


def nest_json(depth: int, key: str | None) -> Any:
    """Lists in lists, or objects in objects under that key."""
    value: Any = 1
    for _ in range(depth):
        value = [value] if key is None else {key: value}
    return value


WHITE = {
    "empty": "",
    "space": " ",
    "tab": "\t",
    "no-break space": "\u00a0",
    "em space and separator": " \u2003\x1c",
    "newline": "\n",
    "40,000 spaces inside": "a" + 40_000 * " " + "b",
}
CONTROLS = {
    "nul": "a\0b",
    "controls": "a\x01\x1b\x1f\x7fb",
    "c1 control": "a\x85b",
    "line end inside": "a\nb",
    "crlf inside": "a\r\nb",
    "line separator": "a\u2028b",
    "unit separator": "a\x1fb",
    "quotes": "a\"b'c`d",
    "one quote": '"',
    "backslash": "a\\b\\",
    "comma and semicolon": "a,b;c",
    "percent": "100%s%n",
    "html": "<script>alert(1)</script>",
    "sql": "'; drop table x; --",
    "path": "../../etc/passwd",
    "slash": "a/b",
    "hash": "a#1",
    "number sign first": "#",
    "formula": "=1+1",
    "colon": "event:a",
}
UNICODE = {
    "non-bmp": "\U0001f469\u200d\U0001f680",
    "last plane": "\U0010fffd",
    "noncharacter": "a\uffffb",
    "last noncharacter": "\U0010ffff",
    "private use": "\ue000",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "many marks": "e" + 300 * "\u0301",
    "right to left": "\u05e9\u05dc\u05d5\u05dd",
    "override": "a\u202eb",
    "byte order mark": "\ufeffa",
    "zero width": "a\u200bb",
    "invisible alone": "\u200b",
    "full-width digits": "\uff11\uff12",
    "arabic digits": "\u0661\u0662",
    "dotless i": "\u0130\u0131",
    "sharp s": "stra\u00dfe",
    "ligature": "\ufb03",
    "lone surrogate": "a\ud800b",
    "surrogates turned round": "\udc00\ud800",
}
WORDS = {
    name: name
    for name in (
        "null",
        "None",
        "NaN",
        "Infinity",
        "-Infinity",
        "undefined",
        "true",
        "FALSE",
        "yes",
        "denied",
        "{{customer.id}}",
        "N/A",
    )
}
LENGTHS = {
    f"{n:,} characters": n * "x" for n in (255, 256, 500, 501, 1_000, 1_001, 8_192, 8_193, 1_000_000)
} | {
    "1,000 astral characters": 1_000 * "\U0001f469",
    "500 astral characters": 500 * "\U0001f469",
}
NUMBERS = {
    "0": 0,
    "minus 0": -0.0,
    "-1": -1,
    "1": 1,
    "a million": 10**6,
    "a million and one": 10**6 + 1,
    "int max": 2**31 - 1,
    "2^31": 2**31,
    "int min": -(2**31),
    "below int min": -(2**31) - 1,
    "2^53 + 1": 2**53 + 1,
    "long max": 2**63 - 1,
    "2^63": 2**63,
    "10^40": 10**40,
    "1,000 digits": 10**999,
    "1,001 digits": 10**1000,
    "1e308": 1e308,
    "-1e308": -1e308,
    "5e-324": 5e-324,
    "half": 0.5,
    "0.0001": 0.0001,
    "0.00001": 0.00001,
    "most of money": 99999999.9999,
    "more than money": 1e8,
    "not a number": float("nan"),
    "infinity": float("inf"),
    "1.5": 1.5,
    "-0.01": -0.01,
}
WRITTEN_NUMBERS = {
    f"written {text}": text
    for text in (
        "-0",
        "+5",
        "5.",
        ".5",
        "1e3",
        "1E400",
        "0x10",
        "1,000",
        "1_000",
        "5 ",
        "00012",
        "12.50.1",
        "1/2",
        "--1",
        "2147483647",
        "99999999.99",
        "1e-400",
        "9" * 40,
    )
}
TIMES = {
    f"time {text}": text
    for text in (
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00Z",
        "1582-10-10T00:00:00Z",
        "1899-12-31T00:00:00Z",
        "1900-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00Z",
        "1999-12-31T23:59:59Z",
        "2000-01-01T00:00:00Z",
        "2000-01-01T12:00:00Z",
        "2016-12-31T23:59:60Z",
        "2262-04-12T00:00:00Z",
        "9999-12-31T23:59:59Z",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2024-02-29T12:00:00Z",
        "2025-03-09T02:30:00",
        "2025-11-02T01:30:00",
        "2026-01-05T24:00:00Z",
        "2026-01-05T12:00:00+18:00",
        "2026-01-05T12:00:00+19:00",
        "2026-01-05T12:00:00.123456789Z",
        "2026-01-05T12:00:00 Mars/Phobos",
        "2026-01-05",
        "0001-01-01",
        "1900-01-01",
        "9999-12-31",
        "0000-00-00",
        "12:30",
        "1767614400",
        "2026-W01-1",
        "05/01/2026",
    )
}
KINDS = {
    "null": None,
    "true": True,
    "false": False,
    "no items": [],
    "no fields": {},
    "a null": [None],
    "a null between": ["a", None, "b"],
    "a blank": ["a", " "],
    "a number in a list": ["a", 5],
    "a list in a list": [["a"]],
    "a field of null": {"a": None},
    "a field of a list": {"a": [1, None]},
    "50 lists deep": nest_json(50, None),
    "500 objects deep": nest_json(500, "a"),
    "101 items": 101 * ["a"],
    "1,000 items": 1_000 * ["a"],
    "101 fields": {f"f{n}": n for n in range(101)},
    "a key of nothing": {"": "a"},
    "a product": {"product_id": "x"},
    "ten million": ["a" * 1_000] * 30,
}
# What a CSV file can hold: text.
TEXTS: dict[str, str] = WHITE | CONTROLS | UNICODE | WORDS | LENGTHS | WRITTEN_NUMBERS | TIMES
# What JSON can hold.
VALUES: dict[str, Any] = TEXTS | NUMBERS | {f"kind: {name}": value for name, value in KINDS.items()}
