"""Small, lasting numbers for the people in view, so that colour, label and key stay with the person."""

from collections.abc import Sequence


class People:
    """Numbers people from 1 in the order of their first appearance.

    A number stays with its body id for `keep_s` after the person was last seen, so that somebody who is hidden for a moment
    does not swap colours with a newcomer; afterwards the lowest free number is given again.
    """

    def __init__(self, keep_s: float = 3.0) -> None:
        self._keep_s = keep_s
        self._number: dict[int, int] = {}
        self._seen_s: dict[int, float] = {}

    def clear(self) -> None:
        """Forget everybody."""
        self._number.clear()
        self._seen_s.clear()

    def update(self, body_ids: Sequence[int], time_s: float) -> list[int]:
        """The numbers of the bodies in view, in their order."""
        for body in [b for b, seen in self._seen_s.items() if abs(time_s - seen) > self._keep_s and b not in body_ids]:
            del self._number[body], self._seen_s[body]
        for body in body_ids:
            if body not in self._number:
                taken = set(self._number.values())
                self._number[body] = next(n for n in range(1, len(taken) + 2) if n not in taken)
            self._seen_s[body] = time_s
        return [self._number[body] for body in body_ids]

    def number(self, body: int) -> int | None:
        """The number of a body seen lately, or None."""
        return self._number.get(body)

    def body(self, number: int) -> int | None:
        """The body id that has this number, or None."""
        return next((body for body, n in self._number.items() if n == number), None)
