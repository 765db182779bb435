"""Crawlers are told as the kept list tells them, at a cost that no user agent can drive up."""

import re
import time

from crawlerdetect import CrawlerDetect
from crawlerdetect.providers import crawlers
from hypothesis import given
from hypothesis import strategies as st

from serving_app.intake.bots import ESCAPED, MAX_CHARACTERS, is_bot_agent

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0"
    " Safari/537.36"
)
WORDS = [ESCAPED.sub(r"\1", pattern) for pattern in crawlers.data]
ORACLE = CrawlerDetect()


def test_every_crawler_of_the_list_and_what_nearly_is_one():
    n_crawlers = 0
    for word in WORDS:
        for agent in (
            word,
            word[1:],
            word[:-1],
            f"Mozilla/5.0 (compatible; {word.upper()}/1.0; +http://x.example)",
            CHROME.replace("x64", word.swapcase()),
        ):
            assert is_bot_agent(agent) == ORACLE.is_crawler(agent), agent
            n_crawlers += is_bot_agent(agent)
    assert len(WORDS) < n_crawlers < 5 * len(WORDS)
    assert not is_bot_agent(CHROME) and not is_bot_agent("  ") and not is_bot_agent(7)


@given(
    st.lists(
        st.sampled_from([*WORDS[::40], "Go 1.", "Java", "x outbrain", "^", " ", "-", "Mozilla/5.0", "7"])
    )
)
def test_whatever_is_put_together(parts):
    agent = "".join(parts)[:MAX_CHARACTERS]
    assert is_bot_agent(agent) == ORACLE.is_crawler(agent)


def test_no_agent_is_slow():
    """As a share of what one expression of all patterns takes, on the same machine in the same minute."""
    everything = re.compile("|".join(crawlers.data), re.IGNORECASE)
    for unit in ("x", "a-", "Goo", "1", "y!j-", "Java"):
        agents = [f"{n}{unit * MAX_CHARACTERS}"[:MAX_CHARACTERS] for n in range(20)]
        ours, theirs = time_calls(is_bot_agent, agents), time_calls(everything.search, agents[:4]) * 5
        assert ours < theirs / 3, unit


def time_calls(call, agents) -> float:
    started = time.thread_time()
    for agent in agents:
        call(agent)
    return time.thread_time() - started
