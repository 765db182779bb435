"""What an entry of a timeline says in a sentence, for people."""

from collections.abc import Mapping

from serving_app.timelines.entries import Entry

EVENTS = {
    "view": "Viewed {item}",
    "click": "Clicked {item}",
    "cart": "Put {item} into the cart",
    "uncart": "Took {item} out of the cart",
    "purchase": "Bought {item}",
    "return": "Returned {item}",
    "search": "Searched",
    "page": "Opened a page",
    "identify": "Logged in, or gave an identifier",
}
REASONS = {
    "event": "by what they did",
    "time": "as time passed",
    "rank": "as others passed them",
    "model": "by a model's word",
    "night": "as the night worked out",
    "merge": "as two visitors turned out to be one",
}
IDENTITIES = {
    "created": "Became known as a customer",
    "merged": "Merged with {other}: they are one customer",
    "split": "Split from {other}, as a link between them is no longer followed",
    "renamed": "Has another id than before, {other}",
}
OVERRIDES = {"created": "was made", "changed": "was changed", "deleted": "was ended"}


def write_sentence(entry: Entry, segment_names: Mapping[str, str]) -> str:
    """The sentence of an entry.

    Args:
        segment_names: by id; one without a name is called by its id.
    """
    item = entry.title or entry.item_id or "something"
    segment = entry.segment_id and segment_names.get(entry.segment_id, entry.segment_id)
    match entry.kind:
        case "event":
            sentence = EVENTS.get(entry.what, f"Sent “{entry.what}”").format(item=item)
            pieces = f", {entry.quantity} pieces" if (entry.quantity or 1) > 1 else ""
            return f"{sentence}{pieces}{' from a list' if entry.request_id else ''}"
        case "order":
            return f"{entry.what.capitalize()} {describe_order(entry)}"
        case "list":
            return f"Was shown {describe_list(entry)}"
        case "segment":
            reason = REASONS.get(entry.reason or "", "")
            return f"{entry.what.capitalize()} {segment}{reason and ', '}{reason}"
        case "identity":
            other = entry.other_customer_id or "another customer"
            return IDENTITIES.get(entry.what, entry.what.capitalize()).format(other=other)
        case "override":
            whom = f"the segment {segment}" if segment else "this customer"
            of = f" of {item}" if entry.item_id else ""
            return f"A {entry.override_kind}{of} for {whom} {OVERRIDES.get(entry.what, entry.what)}"
        case _:
            return f"Said {'yes' if entry.what == 'granted' else 'no'} to {entry.purpose}"


def describe_order(entry: Entry) -> str:
    """How much of what an order is, and for how much."""
    pieces = entry.quantity or 0
    amount = f" for {float(entry.amount):,.2f} {entry.currency or ''}".rstrip() if entry.amount else ""
    return f"{pieces:,} {'piece' if pieces == 1 else 'pieces'}{amount}"


def describe_list(entry: Entry) -> str:
    """How long a list was, where it stood and what of it was clicked."""
    n = len(entry.items or ())
    where = f" at {entry.placement}" if entry.placement else ""
    if entry.clicked is None:
        clicked = "clicks are known after the night"
    else:
        clicked = f"clicked {len(entry.clicked)}" if entry.clicked else "clicked none"
    return f"{n} {'item' if n == 1 else 'items'}{where}; {clicked}"
