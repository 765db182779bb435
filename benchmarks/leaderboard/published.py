"""Rows that others published, and rows measured before with other code on the same files, each with its
source.

A figure that a source does not give is nan; the re-tuned rows are given with three decimals and shown with a
nought behind. `measured` rows were run on 2 cores in 2026-11 from these very files; some of them drop the
same goods with small differences.
"""

from dataclasses import dataclass

NAN = float("nan")
MEASURED = "measured before"


@dataclass(frozen=True)
class PublishedRow:
    """A row of somebody else's: figures in the order of the data set's columns."""

    name: str
    figures: tuple[float, ...]
    source: str


def list_published_rows(source: str, **figures: tuple[float, ...]) -> tuple[PublishedRow, ...]:
    return tuple(
        PublishedRow(name.replace("__", "-").replace("_", " "), values, source)
        for name, values in figures.items()
    )


BARS = "BARS leaderboard"
RETUNED = "re-tuned by IntentAwareRS"
S3REC = "S3-Rec paper, full ranking; same files, split and masking"
# Its log names Beauty.txt with 22,363 users and 12,101 items; its code fits all but the last two items and
# masks what a user had.
BSAREC = "BSARec's published log; same file, split and masking"
# Leave-one-out, all items ranked, at most 50 items of a user; whether what a user had is masked is not said.
GENREC = "genrec's README; the same reviews of users and items with five, prepared by its own code"
GORSE = f"{MEASURED}: Gorse 0.5.9 over HTTP, item codes as written"
PUBLISHED: dict[str, tuple[PublishedRow, ...]] = {
    # Recall@20, NDCG@20
    "gowalla": (
        *list_published_rows(
            BARS,
            ItemCF=(0.1570, 0.1214),
            MF__BPR=(0.1627, 0.1378),
            SLIM=(0.1699, 0.1382),
            EASE=(0.1765, 0.1467),
            MultVAE=(0.1641, 0.1335),
            NGCF=(0.1570, 0.1327),
            LightGCN=(0.1820, 0.1547),
            MF__CCL=(0.1837, 0.1493),
            GF__CF=(0.1849, 0.1518),
            UltraGCN=(0.1862, 0.1580),
            SimpleX=(0.1872, 0.1557),
        ),
        *list_published_rows(
            RETUNED,
            ItemKNN=(0.156, 0.123),
            UserKNN=(0.155, 0.128),
            P3alpha=(0.175, 0.146),
            RP3beta=(0.183, 0.152),
            EASE=(0.163, 0.136),
        ),
        *list_published_rows(
            "its paper, as listed in public results", BSPM__EM=(0.1920, 0.1597), BSPM__LM=(0.1901, 0.1570)
        ),
        *list_published_rows(
            MEASURED,
            popularity=(NAN, 0.0317),
            RP3beta=(0.1829, 0.1498),
            item_graph_filter=(0.1861, 0.1528),
            equal_blend_of_the_two=(0.1855, 0.1521),
        ),
    ),
    # HR@10, NDCG@10
    "beauty": (
        *list_published_rows(
            S3REC,
            PopRec=(0.0152, 0.0068),
            GRU4Rec=(0.0283, 0.0137),
            Caser=(0.0347, 0.0176),
            HGN=(0.0512, 0.0266),
            SASRec=(0.0605, 0.0318),
            SASRec_with_attributes=(0.0458, 0.0232),
            FDSA=(0.0407, 0.0208),
            S3__Rec=(0.0647, 0.0327),
        ),
        *list_published_rows(BSAREC, BSARec=(0.1008, 0.0611)),
        *list_published_rows(
            GENREC, SASRec_with_cross_entropy=(0.0851, 0.0421), **{"OneRec-SFT (1.7B)": (0.0925, 0.0501)}
        ),
        *list_published_rows(
            f"{MEASURED}, ties in another order",
            popularity=(0.0110, 0.0053),
        ),
        *list_published_rows(f"{MEASURED}, ties by the file's own numbers", content=(0.0401, 0.0205)),
        *list_published_rows(
            MEASURED,
            RP3beta=(0.0646, 0.0370),
            EASE=(0.0772, 0.0445),
            item_item_in_a_window_of_50=(0.0777, 0.0460),
            ridge_on_transitions=(0.0793, 0.0507),
            directed_transitions=(0.0843, 0.0529),
            linear_blend_of_these=(0.0964, 0.0598),
        ),
    ),
    # discover NDCG@10, Recall@10, next NDCG@10, Recall@10
    "online_retail": (
        *list_published_rows(
            MEASURED,
            popularity=(0.0327, 0.0194, 0.0780, 0.0321),
            popularity_of_14_days=(0.0884, 0.0513, 0.1441, 0.0581),
            content=(0.0622, 0.0443, 0.1970, 0.1081),
            LightFM_alone=(0.073, NAN, 0.238, NAN),
            item_kNN_decayed=(0.0957, 0.0611, 0.2173, 0.0987),
            EASE_no_decay=(0.0966, 0.0654, 0.2572, 0.1241),
            RP3beta_half_life_45=(0.1087, 0.0703, 0.2745, 0.1394),
            EASE_half_life_180=(0.1079, 0.0747, 0.2941, 0.1396),
            EASE_half_life_45=(0.1171, 0.0757, 0.2880, 0.1331),
            user_kNN_half_life_30=(0.1164, 0.0735, 0.3298, 0.1624),
            own_history_half_life_120=(NAN, NAN, 0.3166, 0.1710),
            user_kNN_and_own_history=(0.0866, 0.0585, 0.3564, 0.1874),
            ridge_from_past_histories=(0.1247, 0.0796, 0.3398, 0.1617),
            LambdaRank_over_these=(0.1532, 0.0990, 0.3933, 0.2018),
        ),
        *list_published_rows(
            GORSE,
            Gorse_BPR=(0.0560, 0.0323, 0.0482, 0.0168),
            Gorse_ALS=(0.0697, 0.0455, NAN, NAN),
            Gorse_item_to_item=(0.0420, 0.0283, 0.1186, 0.0463),
            Gorse_user_to_user=(0.0871, 0.0533, 0.2749, 0.1506),
        ),
    ),
    "retailrocket": (),
}
