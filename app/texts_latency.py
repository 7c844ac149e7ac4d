"""Every English text of the latency panel, in one place."""

LATENCY = "Latency"
RATE = "frame rate"
STAGES = {
    "sensor": "sensor",
    "pose": "pose",
    "waiting": "waiting",
    "window": "window",
    "model": "model",
    "screen": "screen",
}
PICTURE_AGE = "picture's age"
LOST_OR_SKIPPED = "lost | skipped"
LATENCY_HINT = (
    "Milliseconds over the last seconds: median | 95 of 100 stay below\n"
    "sensor: from the exposure to the picture's arrival, where the camera says it\n"
    "pose: finding the skeletons, where the source does not bring them\n"
    "waiting: for a busy thread; window: making clips; model: the network\n"
    "screen: from the prediction to the end of its painting\n"
    "picture's age: from arrival to screen, all of it; the bar is 50 ms wide, or as wide as needed\n"
    "lost: frames lost by the sensor or the queue; skipped: shown without a prediction of their own"
)


def milliseconds(spread: tuple[float, float] | None) -> str:
    """'4.3 | 20 ms', or a dash where it is not known."""
    return "–" if spread is None else f"{_short(spread[0])} | {_short(spread[1])} ms"


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:.0f}"


def rate(fps: float) -> str:
    """'29.9 fps', or a dash."""
    return f"{fps:.1f} fps" if fps else "–"
