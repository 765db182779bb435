"""Whether a program sent an event, by the browser that it says it is."""

from collections.abc import Mapping

from crawlerdetect import CrawlerDetect

MAX_CHARACTERS = 512  # of a user agent that is looked at: it is matched against a thousand patterns
# Headers that a page's own request has. Without one the request is a server's, whose user agent says how it
# was sent and nothing of who did what it reports.
OF_A_PAGE = ("Origin", "Referer", "Sec-Fetch-Site")
_detector = CrawlerDetect()


def is_bot_agent(agent: object) -> bool:
    """Whether a user agent is a known crawler's."""
    return isinstance(agent, str) and bool(agent) and _detector.is_crawler(agent[:MAX_CHARACTERS])


def is_bot_request(headers: Mapping[str, str]) -> bool:
    """Whether a page that a crawler renders sent a request."""
    agent = headers.get("User-Agent", "")
    is_a_page = agent.startswith("Mozilla/") or any(name in headers for name in OF_A_PAGE)
    return is_a_page and is_bot_agent(agent)
