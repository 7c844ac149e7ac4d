"""Every English text of the model card, in one place."""

CARD = "About the model"
COPY_ALL = "Copy all"
COPIED = "Copied"
KNOWS = "What it knows"
PAIRS = "of these, two people together"
IDLE = "no action is"
NONE = "none"
MEASURED = "How well, as measured"
PROTOCOL = "measured on"
TRAINED = "What it learned from"
PRETRAINED = "pre-trained on"
FINETUNED = "fine-tuned on"
COMMAND = "command"
SEED = "seed, date, version"
WEIGHTS = "SHA-256 of the weights"
LIVE = "How it is used live"
WINDOW = "looks at the last"
SMOOTHING = "smoothing"
HYSTERESIS = "hysteresis"
REJECTION = "says “not sure”"
NEVER_UNKNOWN = "never: it always names one of its actions"
NETWORK = "The network"
INPUT = "takes"
STREAMS = "streams"
PRECISION = "precision"
RUNS_ON = "runs on"
FILE = "The file"
PATH = "path"
EXPORTED = "exported"
LICENCE = "licence"
OUR_LICENCE = "MIT, as the program that it comes with"
NOT_STATED = "not stated in the file"

_METRICS = {
    "top1": "top-1",
    "top5": "top-5",
    "exported_top1": "top-1 of this file",
    "stream_f1": "segment F1 in streams",
    "stream_delay_s": "delay in streams",
    "stream_false_alarms_per_minute": "false alarms a minute",
}


def actions(count: int) -> str:
    """'32 actions'."""
    return f"{count} action{'' if count == 1 else 's'}"


def clips(frames: int, layout: str, bodies: int) -> str:
    """What the network takes."""
    people = "one person" if bodies == 1 else f"up to {bodies} people"
    return f"clips of {frames} frames, joints of {layout}, {people}"


def rejection(threshold: float) -> str:
    """When it names nothing."""
    return f"where the best action has less than {100 * threshold:.0f} %"


def seconds(time_s: float) -> str:
    """'2 s'."""
    return f"{time_s:g} s"


def metric(name: str) -> str:
    """A figure's name."""
    return _METRICS.get(name, name.replace("_", " "))


def figure(name: str, value: object) -> str:
    """A figure with its unit."""
    if not isinstance(value, float):
        return str(value)
    if "top" in name:
        return share(value)
    return f"{value:.3g} s" if name.endswith("_s") else f"{value:.4g}"


def seed_and_date(seed: object, finished: str, version: str) -> str:
    """What makes a run this very one."""
    known = ["seed –" if seed is None else f"seed {seed}", finished[:10], f"git {version}" if version else ""]
    return ", ".join(part for part in known if part)


def share(value: float) -> str:
    """0.8995 → '89.95 %'."""
    return f"{100 * value:.4g} %"
