"""What the console's menu leads to."""

from typing import NamedTuple

from flask import current_app, url_for


class Entry(NamedTuple):
    """A line of the menu.

    Attributes:
        endpoint: of the page it leads to; pages of its module are under it.
    """

    label: str
    endpoint: str
    subject: str


class ShownEntry(NamedTuple):
    """A line of the menu as a page shows it."""

    label: str
    address: str
    is_here: bool


MENU = (
    Entry("Nights", "console.get_nights", "night"),
    Entry("Models", "console.get_models", "model"),
    Entry("Segments", "console.get_segments", "segment"),
    Entry("Customers", "console.get_customers", "customer"),
    Entry("Overrides", "console.get_overrides", "override"),
    Entry("Reviews", "console.get_reviews", "review"),
    Entry("Events", "console.get_events", "event"),
    Entry("Quarantine", "console.get_quarantine", "quarantine"),
    Entry("Figures", "console.get_figures", "figure"),
)


def list_entries(endpoint: str | None) -> list[ShownEntry]:
    """The menu as it stands on the page of an endpoint. An endpoint that names a subject (`get_night_report`)
    belongs to that subject's line.
    """
    return [
        ShownEntry(entry.label, url_for(entry.endpoint), entry.subject in (endpoint or ""))
        for entry in MENU
        if entry.endpoint in current_app.view_functions
    ]
