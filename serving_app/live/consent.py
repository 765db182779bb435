"""A visitor's own words on personalization, as far as the live state remembers them."""

from typing import NamedTuple


class ConsentWords(NamedTuple):
    """The newest no, and the yeses that came after it; microseconds since 1970, 0 for none.

    Attributes:
        yes_from: the earliest known yes after the no.
        yes_at: the newest.
    """

    no_at: int = 0
    yes_from: int = 0
    yes_at: int = 0

    def add(self, is_granted: bool | None, at: int) -> "ConsentWords":
        """These and one more word; None is no word."""
        if is_granted is None:
            return self
        return self.merge(ConsentWords(0, at, at) if is_granted else ConsentWords(at))

    def merge(self, other: "ConsentWords") -> "ConsentWords":
        """The words of two that are one visitor's."""
        no_at = max(self.no_at, other.no_at)
        yeses = [at for words in (self, other) for at in words[1:] if at > no_at]
        return ConsentWords(no_at, min(yeses, default=0), max(yeses, default=0))

    @property
    def is_no(self) -> bool:
        """Whether the newest word is a no; of equally new ones a no."""
        return 0 < self.no_at >= self.yes_at

    @property
    def is_granted(self) -> bool | None:
        """The newest word; None: there is none."""
        return None if not any(self) else not self.is_no

    def get_since(self) -> int:
        """From when on behaviour may be stored: the yes that ended the newest no."""
        return self.yes_from if self.no_at else 0


NO_WORDS = ConsentWords()
