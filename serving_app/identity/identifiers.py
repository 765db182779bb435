"""Identifiers as people write them: `<kind>:<value>` or an `identifier_id`, resolved to the known one."""

import re
from collections.abc import Callable, Mapping, Sequence

from expectations.contracts.identifiers import KINDS, LOCAL_KINDS, hash_identifier
from expectations.contracts.identity_decisions import IDENTIFIER
from expectations.contracts.phones import normalise_international
from serving_app.http.problems import AmbiguousIdentifier, BadRequest, UnknownIdentifier

# A decision's fields by the names that the API has for them.
API_FIELD_NAMES = {"identifier_a": "a", "identifier_b": "b"}


class IdentifierResolver:
    """Resolves written identifiers, and names fields in errors as the client knows them."""

    def __init__(
        self, sources: Sequence[str], identity_key: str, field_names: Mapping[str, str] = API_FIELD_NAMES
    ) -> None:
        """
        Args:
            sources: that may have issued an identifier.
            identity_key: the key of the hash that makes an `identifier_id`.
            field_names: the client's name of a field, where it has another one than here.
        """
        self._sources, self._key, self._field_names = sources, identity_key, field_names

    def resolve(self, field: str, text: str, is_known: Callable[[str], object]) -> str:
        """The `identifier_id` of a written identifier: the known one of those it may have.

        Args:
            field: where it was written, for errors.

        Raises:
            BadRequest: it is not written as an identifier.
            UnknownIdentifier: none is known.
            AmbiguousIdentifier: several sources issued one.
        """
        name = self._field_names.get(field, field)
        kind, separator, value = text.partition(":")
        if IDENTIFIER.fullmatch(text):
            source_by_id = {text: ""}
        elif separator and kind in KINDS and value.strip():
            source_by_id = self._hash_value(kind, value)
        else:
            raise BadRequest(
                f"{name} must be an identifier_id, or one of {', '.join(f'{kind}:<value>' for kind in KINDS)}"
            )
        known = [identifier for identifier in source_by_id if is_known(identifier)]
        if not known:
            hint = " A phone number is known as +E.164: +4915123456789." if kind == "phone" else ""
            raise UnknownIdentifier(f"No identifier is known by what {name} says.{hint}")
        if len(known) > 1 and kind in LOCAL_KINDS:
            those = ", ".join(f"{identifier} of {source_by_id[identifier]}" for identifier in known)
            raise AmbiguousIdentifier(
                f"What {name} says was issued by several sources: {those}. Ask by identifier_id.",
                identifier_ids=known,
            )
        return known[0]

    def rename_fields(self, sentence: str) -> str:
        """A sentence about a decision's fields, in the client's names for them."""
        return re.sub(
            r"\b(identifier_[ab]|decided_by|reason)\b",
            lambda name: self._field_names.get(name[0], name[0]),
            sentence,
        )

    def _hash_value(self, kind: str, value: str) -> dict[str, str]:
        """Every id that a value may have, with the source that would have issued it."""
        if kind == "phone":  # also as it was received, where ingest could not parse it
            return {
                hash_identifier(self._key, kind, "", form): ""
                for form in (normalise_international(value), value)
            }
        return {hash_identifier(self._key, kind, source, value): source for source in self._sources}
