"""A progress bar with rate and time left around any long work."""

from collections.abc import Collection, Iterator
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.text import Text

T = TypeVar("T")


class _RateColumn(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Items a second, once that is known."""
        return Text(f"{task.speed:.3g} {self._unit}/s" if task.speed else "")


def bar(what: str, unit: str, *more: ProgressColumn) -> Progress:
    """A bar on stderr; silent where stderr is not a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), _RateColumn(unit), TimeRemainingColumn(), *more)
    return Progress(*columns, console=console, disable=not console.is_terminal)


def with_bar(items: Collection[T], what: str, unit: str) -> Iterator[T]:
    """Go through the items under a bar."""
    with bar(what, unit) as progress:
        yield from progress.track(items)
