"""Pages wait their turn where a program is told to come again."""

import time
from collections.abc import Callable
from typing import TypeVar

from serving_app.http.problems import SegmentsBusy

Answer = TypeVar("Answer")
TRIES, PAUSE_SECONDS = 20, 0.1  # another question about segments takes a tenth of a second or two


def ask_patiently(question: Callable[[], Answer]) -> Answer:
    """What a question about segments is answered, once those before it are."""
    for _ in range(TRIES):
        try:
            return question()
        except SegmentsBusy:
            time.sleep(PAUSE_SECONDS)
    return question()
