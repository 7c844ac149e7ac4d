"""Numbers among the options of training that cannot be meant: refused before a run has a folder."""

from collections.abc import Callable
from typing import Any

from skel.skeleton.errors import UserError
from skel.training.config import FinetuneConfig, LabelledConfig, PretrainConfig

_Rule = tuple[str, str, Callable[[Any], bool]]

_EVERY_RUN: tuple[_Rule, ...] = (
    ("epochs", "1 or more", lambda value: value >= 1),
    ("batch_size", "1 or more", lambda value: value >= 1),
    ("channels", "1 or more", lambda value: value is None or value >= 1),
    ("learning_rate", "0 or more", lambda value: value >= 0),
    ("weight_decay", "0 or more", lambda value: value >= 0),
)
_PRETRAINING: tuple[_Rule, ...] = (
    ("method.queue_size", "1 or more", lambda value: value is None or value >= 1),
    ("method.momentum", "between 0 and 1", lambda value: 0 <= value <= 1),
    ("method.views.crop_share", "between 0 and 1", lambda value: 0 <= value <= 1),
)
_ON_LABELS: tuple[_Rule, ...] = (
    ("label_smoothing", "between 0 and 1", lambda value: 0 <= value <= 1),
    ("clip_gradients", "more than 0", lambda value: value is None or value > 0),
)
_FINETUNING: tuple[_Rule, ...] = (
    ("dropout", "0 or more, and less than 1", lambda value: 0 <= value < 1),
    ("variation.shortest_span", "more than 0, and 1 at most", lambda value: 0 < value <= 1),
    ("variation.overhang", "0 or more", lambda value: value >= 0),
)


def check_seed(seed: int, option: str = "--seed") -> None:
    """`UserError` where NumPy, torch or scikit-learn could not begin from this seed."""
    if not 0 <= seed < 1 << 32:
        raise UserError(f"{option} must be between 0 and {(1 << 32) - 1}, not {seed}")


def check_options(config: PretrainConfig | LabelledConfig, prefix: str = "--") -> None:
    """`UserError` names the first option that is out of its range; `prefix` is what stands before its name."""
    rules = _EVERY_RUN + (_PRETRAINING if isinstance(config, PretrainConfig) else _ON_LABELS)
    if isinstance(config, FinetuneConfig):
        rules += _FINETUNING
    for name, range_, holds in rules:
        value: Any = config
        for part in name.split("."):
            value = getattr(value, part)
        if not holds(value):
            raise UserError(f"{prefix}{name.replace('_', '-')} must be {range_}, not {value:g}")
    check_seed(config.seed, f"{prefix}seed")
