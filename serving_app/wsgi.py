"""What a worker of the web server loads."""

import atexit
import gc
import logging
import multiprocessing
import sys
from datetime import timedelta

from flask import Flask

from expectations.contracts.home import HomePaths
from serving_app.app import create_app, get_utc_now
from serving_app.background_tasks import end_with_parent, repeat_tasks
from serving_app.http.access_log import AccessLog, JsonFormatter
from serving_app.http.observation import describe_request
from serving_app.intake.logged_events import refill_live_states
from serving_app.settings import Settings
from serving_app.storage.log_files import delete_files_before
from serving_app.stores import LOOK_EVERY_SECONDS, open_stores
from serving_app.triggers.runner import make_trigger_runner

TASKS_EVERY_SECONDS = 1
TRANSITIONS_KEPT = timedelta(days=30)  # a consumer that was away for longer begins anew
LIVE_EVERY_SECONDS = 0.2  # how late a served list may count for the next one


def start_logging() -> None:
    """Let every log line be JSON, with the id of the request that it belongs to."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter(describe_request))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def app() -> Flask:
    """The worker's app. Its snapshot is open before the first request; its log is finished when the worker
    ends.
    """
    settings = Settings.from_environment()
    start_logging()
    access_log = AccessLog(sys.stderr.fileno()) if settings.has_access_log else None
    stores = open_stores(settings, get_utc_now, LOOK_EVERY_SECONDS)
    wsgi_app = create_app(settings, stores, clock=get_utc_now, access_log=access_log)
    log, snapshots = stores.impressions.log, stores.snapshots
    stores.memberships.shown.prepare(snapshots.get_current())
    # Of what a worker has loaded by now nothing will be garbage. To look through its 130,000 objects now and
    # then, as the collector does, would keep all answers of the worker waiting for 75 ms.
    gc.collect()
    gc.freeze()
    tasks = {
        "rotating the decision log": log.rotate,
        "rotating the event log": stores.events.rotate,
        "rotating the log of transitions": stores.transitions.rotate,
        "verifying the snapshot": lambda: snapshots.verify(get_utc_now()),
        "mending the overrides": stores.overrides.refresh,
        "verifying the restrictions": lambda: stores.restrictions.refresh(get_utc_now()),
        "deleting old live states": stores.live.sweep,
    }
    tasks["deleting old transitions"] = lambda: delete_files_before(
        HomePaths(settings.home).transitions, get_utc_now() - TRANSITIONS_KEPT
    )
    if days := settings.decision_log_days:
        tasks["deleting old decision logs"] = lambda: delete_files_before(
            HomePaths(settings.home).decision_log, get_utc_now() - timedelta(days=days)
        )
    runner = make_trigger_runner(settings)
    if not settings.triggers_run_apart:
        tasks["notifying endpoints"] = runner.run_if_elected
    stop = repeat_tasks(tasks, TASKS_EVERY_SECONDS)
    # on a thread of its own: what a slow disk keeps the others waiting for would make lists repeat themselves
    topic = None if settings.events == "log" else stores.events
    live_tasks = {
        "writing live states": stores.live.flush,
        "filling live states": lambda: refill_live_states(
            stores.live, snapshots, settings.home, get_utc_now, topic=topic
        ),
    }
    stop_live = repeat_tasks(live_tasks, LIVE_EVERY_SECONDS)
    # on another, since the pass over all customers of a new night takes longer than lists may wait
    stop_keeping = repeat_tasks({"keeping memberships": stores.memberships.keeper.keep}, LIVE_EVERY_SECONDS)
    if parent := multiprocessing.parent_process():
        end_with_parent(parent.pid)
    if access_log:
        atexit.register(access_log.close)
    atexit.register(
        lambda: (
            stop.set(),
            runner.stop(),
            stop_live.set(),
            stop_keeping.set(),
            stores.live.flush(),
            log.rotate(is_forced=True),
            stores.events.rotate(is_forced=True),
            stores.transitions.rotate(is_forced=True),
        )
    )
    return wsgi_app
