"""`skel-train`: pre-train, fine-tune and measure recognisers."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skel.skeleton.errors import UserError, how_to_install, run_command

if TYPE_CHECKING:
    from skel.training.methods.config import MomentumConfig


class Command(NamedTuple):
    """What a command does, where its options and its function are, and what to say of the run that it returns."""

    text: str
    options: str
    function: str
    ending: str = ""


_RECOGNISER = "recogniser in {0}: go on with skel-export --checkpoint {0} --onnx OUT.onnx"
COMMANDS = {
    "pretrain": Command(
        "learn movement from unlabelled clips",
        "config:PretrainConfig",
        "pretrain:pretrain",
        "encoder in {0}: go on with skel-train finetune --init {0}",
    ),
    "finetune": Command(
        "learn classes from labelled clips, few or many", "config:FinetuneConfig", "finetune:finetune_alone", _RECOGNISER
    ),
    "linear": Command("linear evaluation of an encoder", "config:LinearConfig", "probes:linear", _RECOGNISER),
    "knn": Command("measure an encoder by nearest neighbours", "config:KnnConfig", "probes:knn"),
    "evaluate": Command("measure a fine-tuned run, or an ensemble", "config:EvaluateConfig", "evaluate:clips_or_streams"),
    "tune": Command(
        "choose how a recogniser is used on live frames",
        "stream_config:TuneConfig",
        "tuning:tune",
        "settings in {0}: go on with skel-export --live {0}",
    ),
    "compare": Command(
        "how few labels of a target set are enough, pre-trained on others or not",
        "adaptation_config:CompareConfig",
        "compare:compare",
        "table, picture and figures in {0}: comparison.md, comparison.png, comparison.json",
    ),
    "select": Command(
        "which clips to label first",
        "adaptation_config:SelectConfig",
        "selection:select",
        "clips to label in {0}: once they are, go on with skel-train finetune --labels {0}",
    ),
    "reproduce": Command("repeat a published table", "config:ReproduceConfig", "reproduce:reproduce"),
}


def main() -> None:
    """Console entry."""
    run_command(_main)


def _main() -> None:
    name, *rest = sys.argv[1:] or ["--help"]
    if name in ("-h", "--help"):
        print("usage: skel-train COMMAND [--help]\n")
        print("\n".join(f"  {name:<10} {command.text}" for name, command in COMMANDS.items()))
        return
    if name not in COMMANDS:
        raise UserError(f"skel-train has no command {name!r}: give one of {', '.join(COMMANDS)}")
    if name != "pretrain" and int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise UserError(f"only pretrain shares its work between processes: start skel-train {name} without torchrun")
    command = COMMANDS[name]
    options = _options(name, command, rest)
    _need_torch()
    result = _load(command.function)(options)
    if command.ending and os.environ.get("RANK", "0") == "0":  # of several processes that train together one speaks
        _say(command, result)


def _load(place: str) -> Any:
    """`module:name` in this package."""
    from importlib import import_module

    module, name = place.split(":")
    return getattr(import_module(f"skel.training.{module}"), name)


def _say(command: Command, run: Path) -> None:
    from skel.training.report import METRICS_FILE, print_report, protocol_of, report_of

    if (run / METRICS_FILE).is_file():
        print_report(report_of(run))
        print(f"measured: {protocol_of(run)}")
    print(command.ending.format(run))


def _options(name: str, command: Command, arguments: list[str]) -> Any:
    """Parse the command's options; torch takes seconds to import and is not needed for that."""
    import tyro

    kind, program = _load(command.options), f"skel-train {name}"
    if name == "pretrain":
        # The options --method.… are those of the method that --method names.
        method, arguments = _named_method(arguments)
        return tyro.cli(kind, prog=program, args=arguments, default=kind(tyro.MISSING, tyro.MISSING, method))
    if name == "compare":
        from skel.training.adaptation_config import PretrainOptions

        method, arguments = _named_method(_split_at_commas(arguments, ("--labels", "--selection", "--starts", "--protocol")))
        default = kind(tyro.MISSING, tyro.MISSING, tyro.MISSING, pretrain=PretrainOptions(method=method))
        return tyro.cli(kind, prog=program, args=arguments, default=default)
    return tyro.cli(kind, prog=program, args=arguments)


def _split_at_commas(arguments: list[str], options: Sequence[str]) -> list[str]:
    """`--selection random,typical` as `--selection random typical`; nothing that these options take has a comma in it."""
    split: list[str] = []
    inside = False
    for argument in arguments:
        name, _, value = argument.partition("=")
        if argument.startswith("-"):
            inside = name in options
            split += [name, *filter(None, value.split(","))] if inside and value else [argument]
        else:
            split += filter(None, argument.split(",")) if inside else [argument]
    return split


def _named_method(arguments: list[str]) -> tuple["MomentumConfig", list[str]]:
    """The default options of the method that `--method NAME` names, AimCLR without it, and the other arguments."""
    import argparse

    from skel.training.methods.config import METHODS

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--method", default="aimclr")
    found, others = parser.parse_known_args(arguments)
    if found.method not in METHODS:
        raise UserError(f"unknown method {found.method!r}: give --method {', '.join(METHODS)}")
    method: MomentumConfig = METHODS[found.method]()  # type: ignore[call-arg]  # each has its name by default
    return method, others


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UserError(f"training needs PyTorch: {how_to_install('train')}")
