"""`make key` and `make keys`: make an API key, give it a successor, end it, list all.

A key is printed once, as the last word. Only its hash is stored; a running service knows it at its next
request.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from operate.settings import load_settings_or_exit
from serving_app.keys.api_key import ApiKey
from serving_app.keys.changes import KeyFlaw, NewKey, add_key, find_flaw, revoke_key, rotate_key
from serving_app.keys.store import FileKeys

MAX_OVERLAP_HOURS = 24 * 90


def make_key(store: FileKeys, new: NewKey, sources: Sequence[str], now: datetime) -> str:
    """Make a key; a sentence that ends with it."""
    if flaw := find_flaw(new, sources, now):
        raise KeyFlaw(flaw)
    texts = []

    def edit(keys: Sequence[ApiKey]) -> list[ApiKey]:
        keys, text = add_key(keys, new, now)
        texts.append(text)
        return keys

    store.change(edit)
    return f"Key of {new.name} for {', '.join(new.scopes)}; it is shown only now: {texts[0]}"


def replace_key(store: FileKeys, key_id: str, overlap: timedelta, now: datetime) -> str:
    """Give a key a successor; a sentence that ends with it."""
    texts = []

    def edit(keys: Sequence[ApiKey]) -> list[ApiKey]:
        keys, text = rotate_key(keys, key_id, now + overlap, now)
        texts.append(text)
        return keys

    store.change(edit)
    return f"{key_id} ends at {now + overlap:%Y-%m-%d %H:%M} UTC at the latest; its successor: {texts[0]}"


def end_key(store: FileKeys, key_id: str, now: datetime) -> str:
    """Revoke a key; a sentence."""
    store.change(lambda keys: revoke_key(keys, key_id, now))
    return f"{key_id} is revoked: no request with it is answered from now on."


def list_keys(store: FileKeys, now: datetime) -> str:
    """A line for each key, and one for what is wrong with their files."""
    keys, problem = store.read_all(), store.describe_problem()
    if not keys:
        return problem or (
            "There are no keys; until there is one, only this machine itself may ask. make key makes one."
        )
    rows = [("id", "name", "kind", "scopes", "source", "rate", "created", "ends")]
    rows += [describe_key(key, now) for key in keys]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]
    return "\n".join([*lines, *([problem] if problem else [])])


def describe_key(key: ApiKey, now: datetime) -> tuple[str, ...]:
    """A key's row in the list."""
    if key.revoked_at:
        end = f"revoked {key.revoked_at:%Y-%m-%d}"
    elif key.expires_at:
        end = f"{'ended' if key.expires_at <= now else ''} {key.expires_at:%Y-%m-%d %H:%M}".strip()
    else:
        end = "-"
    return (
        key.key_id,
        key.name,
        key.kind,
        ",".join(key.scopes),
        key.source or "-",
        key.rate or "-",
        f"{key.created_at:%Y-%m-%d}",
        end,
    )


def split_words(text: str) -> tuple[str, ...]:
    """The words between commas, each once, in their order."""
    return tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def parse_end(text: str) -> datetime:
    """A day (its beginning) or a moment, in UTC where it names no other zone.

    Raises:
        KeyFlaw: it is neither.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise KeyFlaw("EXPIRES= takes a day or a moment: 2027-01-31, 2027-01-31T18:00+01:00") from None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def parse_overlap(text: str) -> timedelta:
    """Hours for which a rotated key stays valid.

    Raises:
        KeyFlaw: it is no such number.
    """
    if not text.isdecimal() or int(text) > MAX_OVERLAP_HOURS:
        raise KeyFlaw(f"OVERLAP= takes whole hours, 0 to {MAX_OVERLAP_HOURS}")
    return timedelta(hours=int(text))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments as the Makefile hands them on: empty where nothing was given."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("name", "scopes", "kind", "source", "rate", "origins", "expires", "overlap"):
        parser.add_argument(f"--{name}", default="")
    for name in ("revoke", "rotate"):
        parser.add_argument(f"--{name}", default="")
    parser.add_argument("--list", action="store_true")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Do one thing to the keys and print what came of it."""
    args, now = parse_arguments(argv), datetime.now(UTC)
    settings = load_settings_or_exit()
    store = FileKeys(settings.home)
    try:
        if args.list:
            print(list_keys(store, now))
        elif args.revoke:
            print(end_key(store, args.revoke, now))
        elif args.rotate:
            print(replace_key(store, args.rotate, parse_overlap(args.overlap or "24"), now))
        else:
            new = NewKey(
                name=args.name,
                scopes=split_words(args.scopes),
                kind=args.kind or "server",
                source=args.source or None,
                rate=args.rate or None,
                origins=split_words(args.origins.lower()),
                expires_at=parse_end(args.expires) if args.expires else None,
            )
            print(make_key(store, new, settings.sources, now))
    except (ValueError, OSError) as error:  # KeyFlaw is a ValueError, as is a damaged file
        print(getattr(error, "strerror", None) or error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
