"""Every error that is answered; `error_handlers.py` makes answers of them.

A message names the field that is wrong and what is allowed, never the value sent: it may be an e-mail.
"""

# ruff: noqa: N818 - errors are named for what they say, not for being errors
from pydantic import ValidationError

MEDIA_TYPE = "application/problem+json"


class ApiError(Exception):
    """An error with an answer of its own. `kind` is a stable word that a program may compare; `extensions`
    are members of the answer beside the standard ones.
    """

    status, kind, title = 500, "internal", "Something went wrong here"

    def __init__(self, detail: str, **extensions) -> None:
        super().__init__(detail)
        self.detail, self.extensions = detail, extensions


class BadRequest(ApiError):
    """A query or body that is not understood."""

    status, kind, title = 400, "bad-request", "The request is not understood"


class KeyRequired(ApiError):
    """The request carries no valid key."""

    status, kind, title = 401, "not-allowed", "A key is needed"


class LocalOnly(ApiError):
    """There are no keys yet and the request does not come from this machine."""

    status, kind, title = 403, "only-from-this-machine", "A key is needed from elsewhere"


class ScopeMissing(ApiError):
    """The key is valid and may not ask this."""

    status, kind, title = 403, "scope-missing", "The key may not do this"


class TooManyRequests(ApiError):
    """A caller asks more often than their rate."""

    status, kind, title = 429, "too-many-requests", "Too many requests"

    def __init__(self, detail: str, retry_after_seconds: int) -> None:
        super().__init__(detail)
        self.retry_after_seconds = retry_after_seconds


class OriginRefused(ApiError):
    """A page of another origin than the key is for."""

    status, kind, title = 403, "origin-refused", "The key is not for this page"


class UserUnproven(ApiError):
    """A browser's key asks about somebody whom no token proves."""

    status, kind, title = 403, "user-unproven", "A browser's key asks for its own visitor only"


class UnknownCustomer(ApiError):
    """No customer has the id in the path."""

    status, kind, title = 404, "unknown-customer", "There is no such customer"


class UnknownWebhook(ApiError):
    """No webhook has the name in the path."""

    status, kind, title = 404, "unknown-webhook", "There is no such webhook"


class WebhookUnsigned(ApiError):
    """A delivery without the signature that proves who sent it."""

    status, kind, title = 401, "bad-signature", "The delivery is not signed"


class UnknownOverride(ApiError):
    """No override has the id in the path."""

    status, kind, title = 404, "unknown-override", "There is no such override"


class OverrideChanged(ApiError):
    """The override was written since the version that `If-Match` names."""

    status, kind, title = 412, "override-changed", "Somebody else has changed it"


class UnknownAuditEntry(ApiError):
    """The audit log has no entry of the number in the path."""

    status, kind, title = 404, "unknown-audit-entry", "There is no such entry"


class UndoBlocked(ApiError):
    """A change of an override with something newer in the way of its undoing, or that has ended."""

    status, kind, title = 409, "cannot-undo", "It cannot be taken back"


class IfMatchRequired(ApiError):
    """A change does not say which version it is a change of."""

    status, kind, title = 428, "if-match-required", "It must be said which version is meant"


class UnknownDecision(ApiError):
    """No identity decision has the id in the path."""

    status, kind, title = 404, "unknown-decision", "There is no such decision"


class UnknownIdentifier(ApiError):
    """No identifier is known by what was sent."""

    status, kind, title = 404, "unknown-identifier", "There is no such identifier"


class AmbiguousIdentifier(ApiError):
    """Several sources issued an identifier of this value."""

    status, kind, title = 422, "several-identifiers", "There are several such identifiers"


class BodyTooLarge(ApiError):
    """A body with more bytes than its route takes."""

    status, kind, title = 413, "too-large", "The body is too large"


class EventsUnwritable(ApiError):
    """The event log cannot be written, so no event of the request is acknowledged."""

    status, kind, title = 503, "events-out-of-reach", "The events cannot be stored"


class NotJson(ApiError):
    """A body whose media type is not JSON."""

    status, kind, title = 415, "not-json", "The body is of another media type"


class CannotApply(ApiError):
    """An override or decision that would have no effect."""

    status, kind, title = 422, "cannot-apply", "It would do nothing"


class TooLargeToExplain(ApiError):
    """A customer with more links than one answer may read."""

    status, kind, title = 422, "too-large-to-explain", "The customer is too large to explain here"


class DecisionsUnreadable(ApiError):
    """The file of identity decisions has a line that is wrong."""

    status, kind, title = 409, "decisions-unreadable", "The file of decisions must be put right first"


class DecisionsOutOfReach(ApiError):
    """The file of identity decisions cannot be read or written."""

    status, kind, title = 503, "decisions-out-of-reach", "The file of decisions cannot be read or written"


class OverridesUnwritable(ApiError):
    """The overrides cannot be written."""

    status, kind, title = 503, "overrides-out-of-reach", "The overrides cannot be written"


class ItemChangesUnwritable(ApiError):
    """The changes of items cannot be written."""

    status, kind, title = 503, "item-changes-out-of-reach", "The changes of items cannot be written"


class UnknownSegment(ApiError):
    """No segment has the id in the path, or no version of it the number."""

    status, kind, title = 404, "unknown-segment", "There is no such segment"


class BadDefinition(ApiError):
    """A segment's definition that is not understood."""

    status, kind, title = 400, "bad-definition", "The definition is not understood"


class UnknownDraft(ApiError):
    """No draft of a definition has the id in the path."""

    status, kind, title = 404, "unknown-draft", "There is no such draft"


class DraftOutdated(ApiError):
    """A draft was made on another text than the newest of its segment; the answer shows how they differ."""

    status, kind, title = 409, "draft-outdated", "Somebody else has changed the definition"


class ApprovalNeeded(ApiError):
    """A definition by which many customers would come or go, and that nobody else has approved."""

    status, kind, title = 409, "approval-needed", "Somebody else must approve it"


class DefinitionsUnwritable(ApiError):
    """Drafts and definitions of segments cannot be written."""

    status, kind, title = 503, "definitions-out-of-reach", "The definitions cannot be written"


class TooLargeToAnswer(ApiError):
    """A question about segments that would take more rows, time or memory than one answer may."""

    status, kind, title = 422, "too-large-to-answer", "The question is too large to answer here"


class SegmentsBusy(ApiError):
    """A question about segments while another one is being answered."""

    status, kind, title = 503, "segments-busy", "Another question is being answered"


class TooManyStreams(ApiError):
    """A stream beside as many as a worker has threads for."""

    status, kind, title = 503, "too-many-streams", "Too many streams are open"


class TransitionsUnreadable(ApiError):
    """The log of transitions cannot be read."""

    status, kind, title = 503, "transitions-out-of-reach", "The transitions cannot be read"


class NotReady(ApiError):
    """Nothing can be served yet."""

    status, kind, title = 503, "not-ready", "The service is not ready"


def list_flaws(error: ValidationError) -> list[dict[str, str]]:
    """What is wrong with each field, without the values sent."""
    return [
        {
            "field": ".".join(str(part) for part in flaw["loc"]) or "request",
            "message": flaw["msg"].removeprefix("Value error, "),
        }
        for flaw in error.errors()
    ]
