"""Asks the published warehouse what visitors did with the lists of each placement."""

import threading
from datetime import timedelta
from decimal import Decimal

from serving_app.console.figure_records import Figures, PlacementFigures, list_days
from serving_app.http.problems import NotReady
from serving_app.segments.warehouse import Night, SegmentWarehouse
from serving_app.storage.protocols import SnapshotStore

PATIENCE_SECONDS = 3.0
SPANS = (7, 28, 90)  # days that one can choose
# An order names the list that its visitor came from; of its lines those count whose item stood in that list.
SOLD = """
    select
        orders.request_id,
        orders.source || '/' || orders.order_id as order_key,
        lines.item_id,
        sum(lines.amount) as amount
    from fct_orders as orders
    inner join fct_order_lines as lines
        on orders.source = lines.source and orders.order_id = lines.order_id
    where
        orders.request_id is not null
        and not orders.is_return
        and lines.is_sold
        and lines.is_goods
        and lines.currency = $currency
    group by all
"""
SHOWN = f"""
    with sold as ({SOLD}),

    revenues as (
        select request_id, item_id, sum(amount) as amount from sold group by all
    )

    select
        coalesce(shown.placement, 'unnamed') as placement,
        shown.served_date,
        shown.request_id,
        shown.item_id,
        shown.n_clicks,
        shown.n_carts,
        coalesce(revenues.amount, 0) as amount
    from fct_impressions as shown
    left join revenues using (request_id, item_id)
    where shown.served_date between $first and $last
"""
BY_PLACEMENT = f"""
    with shown as ({SHOWN}),

    sold as ({SOLD}),

    orders as (
        select shown.placement, count(distinct sold.order_key) as n_orders
        from shown
        inner join sold using (request_id, item_id)
        group by shown.placement
    )

    select
        shown.placement,
        count(distinct shown.request_id),
        count(*),
        count_if(shown.n_clicks > 0),
        sum(shown.n_carts),
        coalesce(any_value(orders.n_orders), 0),
        sum(shown.amount)
    from shown
    left join orders using (placement)
    group by shown.placement
    order by count(*) desc, shown.placement
"""
BY_DAY = f"""
    with shown as ({SHOWN})

    select served_date, placement, count(*), count_if(n_clicks > 0), sum(amount)
    from shown
    group by all
    order by all
"""
BY_RUNG = """
    select served_date, coalesce(list_source, 'unknown') as rung, count(distinct request_id)
    from fct_impressions
    where served_date between $first and $last
    group by all
    order by all
"""
CURRENCY = """
    select currency from fct_orders
    where currency is not null group by currency order by count(*) desc, currency limit 1
"""
OTHER_CURRENCIES = """
    select count(*) from fct_orders
    where
        request_id in (select request_id from fct_impressions where served_date between $first and $last)
        and not is_return
        and currency != $currency
"""


class FigureService:
    """Key figures by placement, of the published night."""

    def __init__(self, warehouse: SegmentWarehouse, snapshots: SnapshotStore) -> None:
        self._warehouse, self._snapshots, self._turn = warehouse, snapshots, threading.Lock()

    def read_figures(self, n_days: int) -> Figures | None:
        """The figures of the last days of the published night; None where no warehouse is published here.

        Raises:
            SegmentsBusy: another page is being worked out.
            TooLargeToAnswer: it took longer than it may.
        """
        snapshot = self._snapshots.get_current()
        zone = snapshot.meta.time_zone if snapshot else "UTC"
        is_ours = self._turn.acquire(timeout=PATIENCE_SECONDS)  # two readers come one after the other
        try:
            with self._warehouse.open_night(zone) as night:
                return ask_figures(night, n_days)
        except NotReady:
            return None
        finally:
            if is_ours:
                self._turn.release()


def ask_figures(night: Night, n_days: int) -> Figures:
    """The figures of the last days of a night."""
    first, last = night.as_of - timedelta(days=n_days - 1), night.as_of
    currency = next((row[0] for row in night.ask(CURRENCY)), "")
    days = {"first": first, "last": last}
    both = {**days, "currency": currency}
    placements = [
        PlacementFigures(name, *(int(number) for number in numbers), Decimal(revenue))
        for name, *numbers, revenue in night.ask(BY_PLACEMENT, both)
    ]
    return Figures(
        first=first,
        last=last,
        currency=currency,
        placements=placements,
        by_day=[
            (day, name, n, clicked, Decimal(revenue))
            for day, name, n, clicked, revenue in night.ask(BY_DAY, both)
        ],
        by_rung=night.ask(BY_RUNG, days),
        n_other_currency=night.ask(OTHER_CURRENCIES, both)[0][0],
        days=list_days(first, last),
    )
