"""`make next`: what to try on this home, with ids of its own, as at the end of `make run`. Each line can be
pasted as it is; what names a folder or a key of the reader's own stands in angle brackets.
"""

import json
import shlex
from datetime import date, timedelta
from typing import NamedTuple

from rich.console import Console

from expectations.contracts.lake import CORE_IDENTIFIERS, CORE_IDENTITIES, CORE_ITEMS
from expectations.contracts.published import Published
from expectations.contracts.shop_clock import read_calendar_lags
from operate import page
from operate.settings import load_settings_or_exit
from serving_app.settings import Settings as ServiceSettings
from spark_jobs.lake.tables import Lake
from spark_jobs.settings import Settings

# Not `email` and `phone`: a page on a screen holds no personal values.
SHOWN_KINDS = ("anonymous_id", "crm_id", "user_id")
COLUMN = 42  # where what a command is for begins
NIGHT, SERVICE, SHOP = "last night", "the service (docs/reference/http-api.md has the calls)", "the shop"


class Examples(NamedTuple):
    """What commands name.

    Attributes:
        user_id: the visitor of the most orders; None in a home where nobody has a login.
        other: another identifier, where there is one of the same customer: `crm_id:c-1`.
        landing_date: of the published night.
        today: the day that what the service receives now is of, where the shop's calendar is its own.
    """

    url: str
    user_id: str | None
    other: str | None
    item_id: str | None
    landing_date: date
    today: date | None


def collect_examples(settings: Settings, published: Published) -> Examples:
    """The examples of a home."""
    lake, landing_date = Lake(settings.lake), date.fromisoformat(published.landing_date)
    user_id = page.select_visitors(settings)[0].query.get("user_id")
    items = lake.read_arrow(CORE_ITEMS, ["item_id"])["item_id"].to_pylist()
    return Examples(
        url=f"http://127.0.0.1:{ServiceSettings.from_environment().port}",
        user_id=user_id,
        other=user_id and find_other_identifier(lake, user_id),
        item_id=min(items, default=None),
        landing_date=landing_date,
        today=landing_date + timedelta(days=1) if read_calendar_lags(settings.home) else None,
    )


def find_other_identifier(lake: Lake, user_id: str) -> str | None:
    """An identifier beside a user id, of the same customer if they have several; no personal one."""
    identifiers = lake.read_arrow(CORE_IDENTIFIERS, ["identifier_id", "kind", "value"]).to_pandas()
    identities = lake.read_arrow(CORE_IDENTITIES, ["identifier_id", "customer_id"]).to_pandas()
    people = identifiers.merge(identities, on="identifier_id")
    is_own = (people["kind"] == "user_id") & (people["value"] == user_id)
    others = people[~is_own & people["kind"].isin(SHOWN_KINDS)]
    rows = others.assign(
        is_stranger=~others["customer_id"].isin(people[is_own]["customer_id"]),
        place=others["kind"].map(SHOWN_KINDS.index),
    ).sort_values(["is_stranger", "place", "value"])
    return next((f"{row.kind}:{row.value}" for row in rows.itertuples()), None)


def list_next_steps(examples: Examples) -> dict[str, list[tuple[str, str]]]:
    """By subject the commands, and what each is for."""
    url, day = examples.url, examples.landing_date
    who = f"user_id={examples.user_id}" if examples.user_id else "anonymous_id=b-77"
    event = json.dumps(
        {"event": "Product Viewed", "anonymousId": "b-77", "properties": {"product_id": examples.item_id}}
    )
    today = f"; it is of the shop's {examples.today}, whose night make airflow runs" if examples.today else ""
    steps = {
        NIGHT: [
            ("make sql", 'SQL on its warehouse; Q="select * from dim_segments" asks once'),
            (f"make quarantine DAY={day} SAMPLES=1", "what was refused and why, personal values masked"),
            ("make insights", "twenty questions about its customers, as one page"),
            ("make segments ARGS=sizes", "how large each segment was on the newest days"),
            ("make mlflow", "models, metrics and the gate's reasons"),
            (
                f"make history AT={day}",
                "what was in production when that day ended; without AT= every deployment",
            ),
            ("make rollback", "the night before again, lists and model; TO=<run> goes forth again"),
        ],
        SERVICE: [
            ("make serve", f"the HTTP service; its console for people is {url}/console/"),
            (f"curl {shlex.quote(f'{url}/v1/recommendations?{who}&n=5')}", "a list"),
            (f"curl {url}/v1/track -d {shlex.quote(event)}", f"an event: the next answer knows it{today}"),
            (
                f"curl {shlex.quote(f'{url}/v1/recommendations?anonymous_id=b-77&n=5')}",
                "the list of who sent it",
            ),
            (
                "make key SCOPES=read,events NAME=shop",
                "a key: once there is one, curl needs -H 'Authorization: Bearer <key>'",
            ),
        ],
        SHOP: [
            ("make night", "its next night at once, as after a changed definition; DAY= names a day"),
            ("make airflow", "the real scheduler and its pages; the shop trades a day, its night runs"),
            (
                "CONCIERGE_HOME=<new folder> make backfill SOURCE=online_retail DATA=<folder> FROM=2010-12-01"
                " TO=2011-12-09",
                "real data, in a home of its own: one home is one shop",
            ),
        ],
    }
    if examples.other:
        names = shlex.quote(f"A=user_id:{examples.user_id}"), shlex.quote(f"B={examples.other}")
        steps[NIGHT].append(
            (f"make explain {' '.join(names)}", "whether two identifiers are one customer's, and why")
        )
    if examples.user_id:
        asked = shlex.quote(f"explain lapsed user_id:{examples.user_id}")
        steps[NIGHT].append((f"make segments ARGS={asked}", "why somebody is in a segment or not"))
    if examples.item_id is None:
        steps[SERVICE] = [step for step in steps[SERVICE] if "/v1/track" not in step[0]]
    return steps


def print_next_steps(console: Console, settings: Settings) -> None:
    """Print the steps.

    Raises:
        SystemExit: nothing has been published yet.
    """
    published = Published.read(settings.home)
    if published is None:
        raise SystemExit(
            f"No night has been published in {settings.home} yet: `make run` or `make backfill` is the first"
            " step."
        )
    for subject, steps in list_next_steps(collect_examples(settings, published)).items():
        console.print(f"\n[bold]Next: {subject}[/bold]")
        for command, purpose in steps:
            between = " " * (COLUMN - len(command)) if len(command) < COLUMN else "\n" + " " * (COLUMN + 2)
            console.print(f"  {command}{between}{purpose}", markup=False, highlight=False, soft_wrap=True)


def main() -> None:
    print_next_steps(Console(highlight=False), load_settings_or_exit())


if __name__ == "__main__":
    main()
