"""`make explain` and `make decide`: who is who in last night's snapshot, and what people decide about it.

The same answers as `/v1/identity/…` gives, without a service: from the published snapshot and the home's file
of decisions.
"""

import argparse
import getpass
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from expectations.contracts.identity_decisions import FILE, WORDS
from operate.settings import load_settings_or_exit
from serving_app.http.problems import ApiError
from serving_app.identity.schemas import ExplainQuery, NewDecision
from serving_app.identity.service import Identity
from serving_app.storage.published_snapshots import PublishedSnapshots

# What the Makefile calls the fields that the service's answers name.
CALLED = {
    "a": "A=",
    "b": "B=",
    "identifier_a": "A=",
    "identifier_b": "B=",
    "as_of": "AS_OF=",
    "decision": "DECISION=",
    "reason": "REASON=",
    "decided_by": "BY=",
}
IDENTIFIERS = "user_id:…, anonymous_id:…, crm_id:…, email:…, phone:+… or an identifier_id"


def explained(identity: Identity, a: str, b: str, as_of: str | None) -> str:
    """The answer in words, then a line for each link."""
    query = ExplainQuery(a=a, b=b, as_of=as_of or None)
    told = identity.explain(query.a, query.b, query.as_of)
    ends = [
        f"{name}  {told[name]['identifier_id']}  {told[name]['kind']}  of"
        f" {told[name]['customer_id'] or 'nobody'}"
        for name in ("a", "b")
    ]
    if told["pending"] is None:
        pending = [f"Decisions since last night are unknown: {FILE} cannot be read; make decide says why."]
    else:
        pending = [f"Pending: {describe_pending(each)}" for each in told["pending"]]
    return "\n".join([told["sentence"], *pending, "", *ends, *map(line, [*told["path"], *told["held"]])])


def describe_pending(decision: dict) -> str:
    """A decision that the next night will apply."""
    return (
        f"{decision['decision']} of {decision['identifier_a']} and {decision['identifier_b']}, decided "
        f"{decision['decided_at'][:10]} by {decision['decided_by']}; it counts {decision['takes_effect']}."
    )


def line(hop: dict) -> str:
    """A link: its ends, what says so, and whether it is followed."""
    ends = " – ".join(f"{hop[name]['kind']} {hop[name]['identifier_id']}" for name in ("from", "to"))
    is_held = "" if hop["is_followed"] else f"  not followed: {hop['held_by']}"
    return (
        f"   {ends}  {hop['rule']}  {hop['evidence']}  weight {hop['weight']:.4g}  first seen"
        f" {hop['first_seen_at']}{is_held}"
    )


def decided(identity: Identity, decision: str, a: str, b: str, reason: str, by: str) -> str:
    """What was taken down, and when it counts."""
    asked = NewDecision(decision=decision, a=a, b=b, reason=reason, decided_by=by or getpass.getuser())
    told = identity.decide(**asked.model_dump())
    return (
        f"{told['decision']} ({WORDS[told['decision']]}): {told['identifier_a']} and {told['identifier_b']}; "
        f"it counts {told['takes_effect']}. It is the last line of {FILE}."
    )


def wrong(error: Mapping[str, Any]) -> str:
    """What pydantic has against a field, by the name it has at the prompt."""
    name = CALLED[error["loc"][0]]
    if error["type"] == "string_too_short":
        return f"{name} is missing: it takes {IDENTIFIERS}"
    return f"{name} {re.sub('^(Value error, must|(Input|String) should)', 'must', error['msg'])}"


def main(argv: list[str]) -> int:
    """Answer, or say on stderr what is wrong and end with 1."""
    parser = argparse.ArgumentParser(prog="make", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    explain, decide = commands.add_parser("explain"), commands.add_parser("decide")
    for command in (explain, decide):
        for name in ("--a", "--b"):
            command.add_argument(name, required=True, help=IDENTIFIERS)
    explain.add_argument("--as-of", default="", help="only links first seen until then")
    decide.add_argument("--decision", required=True, help=", ".join(WORDS))
    decide.add_argument("--reason", required=True)
    decide.add_argument("--by", default="", help="who answers for it; default: your name on this machine")
    given = vars(parser.parse_args(argv))
    settings = load_settings_or_exit()
    snapshots = PublishedSnapshots(settings.home)
    identity = Identity(
        snapshots,
        settings.home,
        settings.sources,
        settings.identity_key,
        lambda: datetime.now(UTC),
        called=CALLED,
    )
    answer = {"explain": explained, "decide": decided}[given.pop("command")]
    try:
        print(answer(identity, **given))
    except ApiError as error:
        print(error.detail, file=sys.stderr)
    except ValidationError as error:
        print("; ".join(map(wrong, error.errors())), file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
