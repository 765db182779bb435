"""Whether a program sent an event, by the browser that it says it is: the patterns of `crawlerdetect`.

Most of its 1,462 patterns are plain words, and are looked for as such. In one expression of all of them an
agent of 512 characters takes up to 35 ms, as one pattern backtracks; a batch of 500 agents made for it would
keep a worker busy for 17 s.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

from crawlerdetect.providers import crawlers, exclusions

MAX_CHARACTERS = 512  # of a user agent that is looked at
MAX_CACHED_AGENTS = 4096
# Headers that a page's own request has. Without one the request is a server's, whose user agent says how it
# was sent and nothing of who did what it reports.
OF_A_PAGE = ("Origin", "Referer", "Sec-Fetch-Site")
OPEN_START = r"[a-z0-9\-_]*"  # before what may stand anywhere it says nothing, and backtracks
NO_WORD = re.compile(r"(?<!\\)[][.^$*+?{}()|]|\\[A-Za-z0-9]")
ESCAPED = re.compile(r"\\(.)")


def split_patterns(patterns: Iterable[str]) -> tuple[tuple[str, ...], re.Pattern[str]]:
    """Those that are plain words, in lower case, and one expression of the others."""
    words, others = [], []
    for pattern in (each.removeprefix(OPEN_START) for each in patterns):
        if NO_WORD.search(pattern):
            others.append(pattern)
        else:
            words.append(ESCAPED.sub(r"\1", pattern).lower())
    return tuple(words), re.compile("|".join(others), re.IGNORECASE)


_WORDS, _OTHERS = split_patterns(crawlers.data)
_OF_BROWSERS = re.compile("|".join(exclusions.data), re.IGNORECASE)


def is_bot_agent(agent: object) -> bool:
    """Whether a user agent is a known crawler's."""
    return isinstance(agent, str) and _is_crawler(agent[:MAX_CHARACTERS])


@lru_cache(MAX_CACHED_AGENTS)
def _is_crawler(agent: str) -> bool:
    rest = _OF_BROWSERS.sub("", agent.strip())
    folded = rest.lower()
    return any(word in folded for word in _WORDS) or bool(_OTHERS.search(rest))


def is_bot_request(headers: Mapping[str, str]) -> bool:
    """Whether a page that a crawler renders sent a request."""
    agent = headers.get("User-Agent", "")
    is_a_page = agent.startswith("Mozilla/") or any(name in headers for name in OF_A_PAGE)
    return is_a_page and is_bot_agent(agent)
