"""How a transform names what types its plain records without Spark."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import pyarrow as pa

from spark_jobs.sources.declaration import SourceContext

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

Columns = Sequence[Sequence[str | None]]  # values in their normal form
PlainTyper = Callable[[Columns], pa.RecordBatch]
PlainTyperMaker = Callable[[Sequence[str], SourceContext], PlainTyper]
Transform = Callable[["DataFrame", SourceContext], "DataFrame"]


def typed_plainly_by(maker: PlainTyperMaker) -> Callable[[Transform], Transform]:
    """Name, beside a transform, what does the same without Spark for records whose values have the form that
    programs write. Named with the transform, so that a feed with another transform has none.

    Args:
        maker: of a feed's columns and the source's context, a function of values by column: the rows of the
            records that it knows, many at once, with `_position` and `_last_date` (the landing date lies no
            more than a day before it). It refuses none: what it leaves out goes to the transform.
    """

    def mark(transform: Transform) -> Transform:
        transform.plain_typer = maker
        return transform

    return mark
