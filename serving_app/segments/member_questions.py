"""Who is in a segment, and why somebody is or is not: now where its definition lives, else by the night."""

from typing import Any

from serving_app.http.problems import UnknownCustomer
from serving_app.segments.counting import CountingDefinitions
from serving_app.segments.definitions import Definitions
from serving_app.segments.explaining import (
    explain_learned,
    explain_membership,
    explain_now,
    format_moment,
)
from serving_app.segments.live_answers import LIVE, NIGHT, LiveAnswers, read_present_members
from serving_app.segments.moments import find_asked
from serving_app.segments.naming import NamingRules
from serving_app.segments.schemas import ExplainQuery, MembersQuery
from serving_app.segments.sizes import decode_cursor, encode_cursor, read_members
from serving_app.segments.warehouse import Night
from serving_app.storage.snapshots import Snapshot
from serving_app.visitors.keys import VisitorKeys
from serving_app.visitors.service import VisitorResolver

NOBODY = "No customer has this id, or none who may be named."


class MemberQuestions:
    """Answers while the warehouse of a night is open; of customers who may be named alone."""

    def __init__(
        self,
        counting: CountingDefinitions,
        definitions: Definitions,
        naming: NamingRules,
        visitors: VisitorResolver,
        live: LiveAnswers | None,
    ) -> None:
        """
        Args:
            live: None: of the night alone.
        """
        self._counting, self._definitions, self._naming = counting, definitions, naming
        self._visitors, self._live = visitors, live

    def list_members(
        self, night: Night, snapshot: Snapshot, segment_id: str, query: MembersQuery
    ) -> dict[str, Any]:
        """A page of members as `MembersAnswer` has it, without the night.

        Raises:
            UnknownSegment: none has this id.
            BadRequest: the cursor is none.
        """
        after = decode_cursor(query.cursor) if query.cursor else ""
        self._counting.read_segment(night, snapshot, segment_id)
        present = self._live.find_present(snapshot, segment_id) if self._live else None
        if present:
            page = read_present_members(night, present, segment_id, after, query.limit + 1)
        else:
            page = read_members(night, segment_id, after, query.limit + 1)
        shown = dict(page[: query.limit])
        named = self._naming.select(night, shown)
        return {
            "segment_id": segment_id,
            "basis": LIVE if present else NIGHT,
            "members": [{"customer_id": name, "member_since": shown[name]} for name in named],
            "next_cursor": encode_cursor(page[query.limit - 1][0]) if len(page) > query.limit else None,
        }

    def explain(
        self, night: Night, snapshot: Snapshot, segment_id: str, query: ExplainQuery
    ) -> dict[str, Any]:
        """Why somebody is in a segment or not, as `MembershipAnswer` has it, without the night.

        Raises:
            UnknownSegment: none has this id.
            UnknownCustomer: nobody has the id, or nobody who may be named.
            BadRequest: the published night does not reach the moment.
        """
        segments = {name: each.segment for name, each in self._definitions.read_in_use().items()}
        self._counting.read_segment(night, snapshot, segment_id)  # the night may have left it out
        keys = self._find_visitor(query, snapshot)
        customer_id = keys.customer_id
        live = self._live.find_part(snapshot, segment_id, keys, query.at) if self._live else None
        if live or segment_id not in segments:  # of a day of the night its own definitions tell
            segments |= {name: each.segment for name, each in self._counting.find_all(snapshot).items()}
        is_visitor = customer_id is None and live is not None and bool(live.events)
        if not is_visitor and not (customer_id and self._naming.select(night, [customer_id])):
            raise UnknownCustomer(NOBODY)
        asked = live.asked if live else find_asked(night, query.at)
        if segment_id not in segments:
            answer = explain_learned(night, segment_id, customer_id, asked)
        else:
            segment = segments[segment_id]
            rules = {name: each.members for name, each in segments.items()}
            if live:
                answer = explain_now(night, segment, rules, customer_id, live)
            else:
                answer = explain_membership(night, segment, rules, customer_id, asked)
        about = {"segment_id": segment_id, "customer_id": customer_id, "at": format_moment(asked.now)}
        return about | {"basis": LIVE if live else NIGHT} | answer

    def _find_visitor(self, query: ExplainQuery, snapshot: Snapshot) -> VisitorKeys:
        if query.customer_id:
            return VisitorKeys((), self._visitors.resolve_customer_id(query.customer_id, snapshot))
        kind = "user_id" if query.user_id else "anonymous_id"
        return self._visitors.find_by_identifier(kind, query.user_id or query.anonymous_id, snapshot)
