"""The model that scoring sends to every worker: the accepted artifact with what may be shown now."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pyarrow as pa
from scipy import sparse

from models.artifact import ModelArtifact
from models.listing import retrieval
from models.listing.factor_lists import VectorListBuilder
from models.listing.retrieval import ItemIndex
from models.training_data import Behaviour, Customers
from spark_jobs.score.interaction_span import InteractionSpan
from spark_jobs.score.stale_customers import fingerprint_scoring_model

INDEX_TEST_CUSTOMERS = 256  # by whom an index's recall is measured


@dataclass(frozen=True)
class ScoringModel:
    """What every worker is sent.

    Attributes:
        artifact: the accepted model.
        allowed: bool [items of the model]: recommendable and in stock now.
        consumable: bool [items of the model].
        until: the day after the newest behaviour.
        has_purchases: whether the shop knows of purchases at all.
        model_version: written beside every list.
        inputs: the fingerprint of all this, as far as lists depend on it.
        index: finds nearly the best items where the catalogue is too large to compare with all of it.
        since: the first day that training reads, so scoring reads taste from there on too; None for all days.
    """

    artifact: ModelArtifact
    allowed: np.ndarray
    consumable: np.ndarray
    until: int
    has_purchases: bool
    model_version: str
    inputs: str = ""
    index: ItemIndex | None = None
    since: int | None = None

    @cached_property
    def item_order(self) -> np.ndarray:
        """int [items]: sorts the model's items by id. They are numbered otherwise. Computed once a worker."""
        return np.argsort(self.artifact.item_ids, kind="stable")

    @cached_property
    def factors(self) -> VectorListBuilder | None:
        """The model's only part, where it has one that scores by products of factors; otherwise None.

        Computed once in each worker.
        """
        parts = self.artifact.blend.parts
        if len(parts) != 1 or not parts[0].scores_by_vectors:
            return None
        return VectorListBuilder.from_recommender(parts[0], self.allowed, self.index)

    @property
    def order_is_time_invariant(self) -> bool:
        """Whether a customer's list is the same on whichever day they are scored."""
        return self.artifact.blend.order_is_time_invariant


def build_scoring_model(
    artifact: ModelArtifact,
    items: pa.Table,
    span: InteractionSpan,
    model_version: str,
    provenance: Sequence[str] = (),
) -> ScoringModel:
    """The model with what may be shown tonight. An item that it was not fitted on is in no list before the
    next refit.

    Args:
        items: `feat_items`.
        provenance: what else lists depend on: the model's run and digests, the code's hash.
    """
    current = {
        row["item_id"].encode(): row
        for row in items.select(["item_id", "is_recommendable", "is_in_stock", "is_consumable"]).to_pylist()
    }
    rows = [current.get(item) for item in artifact.item_ids.tolist()]
    shown = [row is not None and row["is_recommendable"] and row["is_in_stock"] for row in rows]
    allowed = np.array(shown, bool)
    consumable = np.array([row is not None and row["is_consumable"] for row in rows], bool)
    model = ScoringModel(
        artifact, allowed, consumable, span.until, span.has_purchases, model_version, since=span.since
    )
    as_of = None if model.order_is_time_invariant else span.until
    inputs = fingerprint_scoring_model(
        [model_version, *provenance], allowed, consumable, span.has_purchases, as_of
    )
    return replace(model, inputs=inputs, index=build_item_index(model))


def build_item_index(model: ScoringModel) -> ItemIndex | None:
    """An index for a model of factors alone over more items than are compared one by one; otherwise None."""
    if not model.factors or len(model.factors.shown) < retrieval.FROM_ITEMS:
        return None
    n, artifact = INDEX_TEST_CUSTOMERS, model.artifact
    rows = np.linspace(0, len(artifact.customer_ids) - 1, n).astype(np.int32)
    nothing = Behaviour(n, len(artifact.item_ids), *(np.zeros(0, np.int32),) * 4, until=model.until)
    no_tokens = sparse.csr_matrix((n, len(artifact.customer_vocabulary)), dtype=np.float32)
    vectors = artifact.blend.parts[0].vectors(Customers(rows, nothing, no_tokens))
    return retrieval.build_item_index(model.factors.item_vectors, vectors)
