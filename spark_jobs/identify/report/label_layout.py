"""Where words go on a picture so that they cover neither nodes nor one another; all numbers are points."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

Box = tuple[float, float, float, float]
GAP = 2.0


@dataclass
class LabelPlacer:
    """What stands on a picture already: boxes, and lines between nodes. Each label asked for is put there
    too.
    """

    boxes: list[Box]
    lines: list[tuple[tuple[float, float], tuple[float, float]]]

    def along(
        self, start: Sequence[float], end: Sequence[float], words: str, size: float
    ) -> tuple[float, float]:
        """The centre of a label on a line: the middle, or the nearest place to it that is free."""
        (x0, y0), (x1, y1) = start, end
        spots = [(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in (0.5, 0.42, 0.58, 0.34, 0.66, 0.28, 0.72)]
        return self._best(spots, words, size, crosses=False)

    def beside(self, x: float, y: float, radius: float, words: str, size: float) -> tuple[float, float]:
        """The centre of a label beside a node: below, above, right or left of it, whichever covers least."""
        width, height = measure_text_size(words, size)
        up, side = radius + GAP + height / 2, radius + GAP + width / 2
        return self._best([(x, y - up), (x, y + up), (x + side, y), (x - side, y)], words, size, crosses=True)

    def _best(
        self, spots: list[tuple[float, float]], words: str, size: float, crosses: bool
    ) -> tuple[float, float]:
        width, height = measure_text_size(words, size)
        boxes = [
            (x - width / 2 - 1, y - height / 2 - 1, x + width / 2 + 1, y + height / 2 + 1) for x, y in spots
        ]
        # A crossed line is read through, a covered node or word is not: 40 square points weigh as much as one
        # crossing.
        cost = [
            sum(compute_box_overlap(box, other) for other in self.boxes) / 40
            + (sum(crosses_box(box, *line) for line in self.lines) if crosses else 0)
            for box in boxes
        ]
        best = min(range(len(spots)), key=lambda i: (round(cost[i], 6), i))
        self.boxes.append(boxes[best])
        return spots[best]


@cache
def measure_text_size(words: str, size: float) -> tuple[float, float]:
    """Width and height of a text in points."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextPath

    box = TextPath((0, 0), words, prop=FontProperties(size=size)).get_extents()
    return float(box.width), float(max(box.height, 0.75 * size))


def compute_box_overlap(one: Box, other: Box) -> float:
    """The area that two boxes share."""
    width, height = (
        min(one[2], other[2]) - max(one[0], other[0]),
        min(one[3], other[3]) - max(one[1], other[1]),
    )
    return max(width, 0.0) * max(height, 0.0)


def crosses_box(box: Box, start: tuple[float, float], end: tuple[float, float]) -> bool:
    """Does the straight line from start to end pass through the box? By Liang and Barsky's clipping."""
    enter, leave = 0.0, 1.0
    for axis in (0, 1):
        step, low, high = end[axis] - start[axis], box[axis] - start[axis], box[axis + 2] - start[axis]
        if step == 0:
            if low > 0 or high < 0:
                return False
            continue
        first, last = sorted((low / step, high / step))
        enter, leave = max(enter, first), min(leave, last)
    return enter < leave
