"""Tells the user in the banner when the source fails, loses its device or keeps waiting, and what can be done."""

from skel.app import texts
from skel.app.opening import Opening
from skel.app.pipeline import Pipeline, State
from skel.app.widgets.banner import Banner, Offer

_CONNECTION = "connection"  # the banner's topic


class Trouble:
    """`tell` is to be called a few times a second. What the user dismisses is not told again while it lasts."""

    def __init__(self, banner: Banner, opening: Opening) -> None:
        self._banner, self._opening = banner, opening
        self._told: tuple[Pipeline | None, State] = (None, State.STOPPED)

    def tell(self, pipeline: Pipeline) -> None:
        """Say what is the matter, or take it back."""
        stats = pipeline.stats()
        is_new = self._told != (pipeline, stats.state)
        self._told = (pipeline, stats.state)
        if stats.state == State.FAILED:
            if is_new:
                self._banner.say(stats.message, *elsewhere(self._opening))
        elif stats.state in (State.RECONNECTING, State.WAITING):
            if is_new or self._banner.is_about(_CONNECTION):  # the next attempt comes nearer
                self._banner.say(stats.message or texts.WAITING, topic=_CONNECTION)
        elif stats.state != State.OPENING:
            self._banner.withdraw(_CONNECTION)

    def tell_download(self) -> None:
        """Say that the source is getting what it needs; taken back when frames come."""
        self._banner.say(texts.DOWNLOADING, good=True, topic=_CONNECTION)


def elsewhere(opening: Opening) -> tuple[Offer, Offer]:
    """What can be shown on any machine, whatever is connected to it."""
    return (
        Offer(texts.OPEN_RECORDING, opening.ask_for_recording),
        Offer(texts.PLAY_DEMO, lambda: opening.source("demo")),
    )
