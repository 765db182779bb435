"""Every metric, declared once: `from serving_app.metrics import declarations as metrics`.

Labels take words of this code only: routes as they are declared, outcomes, stores. A value of a request is
never one, as it may be personal and would make a series of its own. A test compares the names with those that
the dashboard in `operate/grafana/` asks for.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

REGISTRY = CollectorRegistry()
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)

REQUESTS = Counter(
    "concierge_http_requests",
    "Requests answered, by declared route and status.",
    ("method", "route", "status"),
    registry=REGISTRY,
)
REQUEST_SECONDS = Histogram(
    "concierge_http_request_seconds",
    "From the first look at a request to its answer, by declared route.",
    ("route",),
    buckets=SECONDS,
    registry=REGISTRY,
)
REFUSED = Counter(
    "concierge_http_refused",
    "Requests refused unseen: not-allowed, scope-missing, too-many-requests, too-many-events, …",
    ("reason",),
    registry=REGISTRY,
)
LISTS = Counter(
    "concierge_lists",
    "Lists served, by the source of the list, such as personal, popular, session, override, static.",
    ("source",),
    registry=REGISTRY,
)
UNLOGGED_LISTS = Counter(
    "concierge_unlogged_lists", "Lists served whose record could not be written.", registry=REGISTRY
)
EVENTS = Counter(
    "concierge_events",
    "Events received, by outcome: accepted, duplicate, quarantined.",
    ("outcome",),
    registry=REGISTRY,
)
EVENT_LOG_SECONDS = Histogram(
    "concierge_event_log_seconds",
    "From the append of a request's events to their being durable.",
    buckets=SECONDS,
    registry=REGISTRY,
)
REMOTE_LOG_SECONDS = Histogram(
    "concierge_remote_log_seconds",
    "From the sending of a request's events to a log elsewhere, as Kafka, to all their acknowledgements.",
    buckets=SECONDS,
    registry=REGISTRY,
)
SPOOLED = Counter(
    "concierge_spooled_events",
    "Events acknowledged from the spool on disk, as the log elsewhere was away.",
    registry=REGISTRY,
)
SPOOL_DRAINED = Counter(
    "concierge_spool_drained_events",
    "Events that waited in the spool and were sent.",
    registry=REGISTRY,
)
LIVE_STORE_SECONDS = Histogram(
    "concierge_live_store_seconds",
    "Calls of the live store, by operation: read, record, find_known.",
    ("operation",),
    buckets=SECONDS,
    registry=REGISTRY,
)
LIVE_EVENT_SECONDS = Histogram(
    "concierge_live_event_seconds",
    "From the receipt of an event to its being in the live state, and in the next answer.",
    buckets=(*SECONDS, 30.0, 300.0),
    registry=REGISTRY,
)
LIVE_STORE_FAILURES = Counter(
    "concierge_live_store_failures",
    "Calls of the live store that failed, by operation.",
    ("operation",),
    registry=REGISTRY,
)
DROPPED = Counter(
    "concierge_waiting_dropped",
    "What a worker kept for a store that was away and dropped for want of room: events, lists, consents.",
    ("kind",),
    registry=REGISTRY,
)
LIVE_STORE_BREAKER_OPEN = Gauge(
    "concierge_live_store_breaker_open",
    "1 while a worker leaves the live store alone after failures.",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
NOTIFICATION_ATTEMPTS = Counter(
    "concierge_notification_attempts",
    "Attempts to notify an endpoint of a transition, by outcome: accepted, refused, failed.",
    ("outcome",),
    registry=REGISTRY,
)
NOTIFICATION_SECONDS = Histogram(
    "concierge_notification_seconds",
    "From the log of transitions to an endpoint that has accepted.",
    buckets=(*SECONDS, 30.0, 300.0, 3_600.0),
    registry=REGISTRY,
)
DEAD_LETTERS = Counter(
    "concierge_dead_letters_made", "Notifications given up after a day.", registry=REGISTRY
)
STREAMS = Gauge(
    "concierge_streams",
    "Streams of transitions that are open.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
OVERRIDE_SEEN_SECONDS = Histogram(
    "concierge_override_seen_seconds",
    "From the write of an override to a worker's first request that knows it.",
    buckets=SECONDS,
    registry=REGISTRY,
)
TRANSITIONS = Counter(
    "concierge_transitions",
    "Entries into segments and exits from them, as they are written into their log.",
    registry=REGISTRY,
)
TRANSITION_TOLD_SECONDS = Histogram(
    "concierge_transition_told_seconds",
    "From the receipt of an event, or the look at a timer, to the transition in its log.",
    buckets=(*SECONDS, 30.0, 300.0),
    registry=REGISTRY,
)
TRANSITION_DELIVERED_SECONDS = Histogram(
    "concierge_transition_delivered_seconds",
    "From the same to an endpoint that has accepted; of what is sent again too.",
    buckets=(*SECONDS, 30.0, 300.0, 3_600.0),
    registry=REGISTRY,
)
SEGMENT_WATERMARK = Gauge(
    "concierge_segment_watermark_timestamp_seconds",
    "The moment up to which all live segments are decided, as seconds since 1970.",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
TIMER_LATE_SECONDS = Histogram(
    "concierge_segment_timer_late_seconds",
    "How long after the moment at which a membership could change by itself it was looked at.",
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600, 3600),
    registry=REGISTRY,
)
LIVE_COMPARED = Counter(
    "concierge_live_compared",
    "Live memberships that were compared with what a night says of the same moment.",
    registry=REGISTRY,
)
LIVE_DIFFERENCES = Counter(
    "concierge_live_differences",
    "Live memberships that a night decided otherwise, by cause: late, merge, clock, lost timer, …",
    ("cause",),
    registry=REGISTRY,
)
