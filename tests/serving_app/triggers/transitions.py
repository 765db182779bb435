"""Transitions, and a log of them in memory, for tests of what is made of them."""

from expectations.contracts.transitions import Transition, encode_transition
from serving_app.storage.event_log import START, LogLine

MINUTE = 60_000_000
SECRET = "whsec_" + "c2VjcmV0" * 4  # 24 bytes in base64


def make_transition(number, customer="c_1", segment="vip", is_entered=True):
    since = 1_770_000_000_000_000 + number * MINUTE
    return Transition(customer, segment, is_entered, since, since + 1000, "event", "abc")


class MemoryLog:
    """An `EventLog` of one partition in memory."""

    def __init__(self, transitions=()):
        self.lines, self.positions = [], {}
        self.tell(*transitions)

    def tell(self, *transitions):
        self.append_lines([encode_transition(each) for each in transitions])

    def append_lines(self, lines, day=None, keys=None):
        self.lines += lines

    def read_lines(self, position, most):
        first = position.get("p", 0)
        return [LogLine(line, "p", first + n + 1) for n, line in enumerate(self.lines[first : first + most])]

    def find_end(self):
        return {"p": len(self.lines)}

    def commit_position(self, consumer, position):
        self.positions[consumer] = dict(position)

    def get_position(self, consumer):
        return self.positions.get(consumer, START)
