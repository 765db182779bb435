"""`make explain` and `make decide`: who is who in the published snapshot, and what people decide about it.

The answers of `/v1/identity/…` without a running service: from the published snapshot and the home's file of
decisions.
"""

import argparse
import getpass
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from expectations.contracts.identity_decision_file import DECISIONS_FILE
from expectations.contracts.identity_decisions import DECISION_MEANINGS
from operate.settings import load_settings_or_exit
from serving_app.http.problems import ApiError
from serving_app.identity.identifiers import IdentifierResolver
from serving_app.identity.schemas import ExplainQuery, NewDecision
from serving_app.identity.service import IdentityService
from serving_app.identity.store import DecisionFile
from serving_app.storage.published_snapshots import PublishedSnapshots

# The arguments of the Makefile by the fields of the service's answers.
FIELD_NAMES = {
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


def explain_pair(identity: IdentityService, a: str, b: str, as_of: str | None) -> str:
    """Whether and why two identifiers are one customer's: a sentence, then a line for each link."""
    query = ExplainQuery(a=a, b=b, as_of=as_of or None)
    answer = identity.explain(query.a, query.b, query.as_of)
    ends = [
        f"{name}  {asked}  {answer[name]['identifier_id']}  {answer[name]['kind']}  of"
        f" {answer[name]['customer_id'] or 'nobody'}"
        for name, asked in (("a", a), ("b", b))
    ]
    if answer["pending"] is None:
        pending = [
            f"Decisions since last night are unknown: {DECISIONS_FILE} cannot be read; make decide says why."
        ]
    else:
        pending = [f"Pending: {describe_pending(each)}" for each in answer["pending"]]
    return "\n".join(
        [answer["sentence"], *pending, "", *ends, *map(describe_link, [*answer["path"], *answer["held"]])]
    )


def describe_pending(decision: dict) -> str:
    """A decision that the next night will apply."""
    return (
        f"{decision['decision']} of {decision['identifier_a']} and {decision['identifier_b']}, decided "
        f"{decision['decided_at'][:10]} by {decision['decided_by']}; it counts {decision['takes_effect']}."
    )


def describe_link(hop: dict) -> str:
    """A link in a line: its ends, the rule that says so, and whether it is followed."""
    ends = " – ".join(f"{hop[name]['kind']} {hop[name]['identifier_id']}" for name in ("from", "to"))
    is_held = "" if hop["is_followed"] else f"  not followed: {hop['held_by']}"
    return (
        f"   {ends}  {hop['rule']}  {hop['evidence']}  weight {hop['weight']:.4g}  first seen"
        f" {hop['first_seen_at']}{is_held}"
    )


def record_decision(identity: IdentityService, decision: str, a: str, b: str, reason: str, by: str) -> str:
    """Record a decision; a sentence of what was recorded and when it counts."""
    request = NewDecision(decision=decision, a=a, b=b, reason=reason, decided_by=by or getpass.getuser())
    recorded = identity.decide(**request.model_dump())
    kind = recorded["decision"]
    return (
        f"{kind} ({DECISION_MEANINGS[kind]}): {recorded['identifier_a']} and {recorded['identifier_b']}; "
        f"it counts {recorded['takes_effect']}. It is the last line of {DECISIONS_FILE}."
    )


def describe_error(error: Mapping[str, Any]) -> str:
    """A pydantic error in a sentence, with the field's name at the prompt."""
    name = FIELD_NAMES[error["loc"][0]]
    if error["type"] == "string_too_short":
        return f"{name} is missing: it takes {IDENTIFIERS}"
    return f"{name} {re.sub('^(Value error, must|(Input|String) should)', 'must', error['msg'])}"


def main(argv: list[str]) -> int:
    """Print the answer, or print what is wrong on stderr and return 1."""
    parser = argparse.ArgumentParser(prog="make", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    explain, decide = commands.add_parser("explain"), commands.add_parser("decide")
    for command in (explain, decide):
        for name in ("--a", "--b"):
            command.add_argument(name, required=True, help=IDENTIFIERS)
    explain.add_argument("--as-of", default="", help="only links first seen until then")
    decide.add_argument("--decision", required=True, help=", ".join(DECISION_MEANINGS))
    decide.add_argument("--reason", required=True)
    decide.add_argument("--by", default="", help="who answers for it; default: your name on this machine")
    arguments = vars(parser.parse_args(argv))
    settings = load_settings_or_exit()
    identity = IdentityService(
        PublishedSnapshots(settings.home),
        DecisionFile(settings.home),
        IdentifierResolver(settings.sources, settings.identity_key, FIELD_NAMES),
        lambda: datetime.now(UTC),
    )
    command = {"explain": explain_pair, "decide": record_decision}[arguments.pop("command")]
    try:
        print(command(identity, **arguments))
    except ApiError as error:
        print(error.detail, file=sys.stderr)
    except ValidationError as error:
        print("; ".join(map(describe_error, error.errors())), file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
