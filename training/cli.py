"""`skel-train`: pre-train, fine-tune and measure recognisers."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from skel.skeleton.errors import UserError, run_command

if TYPE_CHECKING:
    from skel.training.methods.config import MomentumConfig


class Command(NamedTuple):
    """What a command does, the class of its options, the function that takes them, and what to say of the run it returns."""

    text: str
    options: str
    function: str
    ending: str = ""


_RECOGNISER = "recogniser in {0}: go on with skel-export --checkpoint {0} --onnx OUT.onnx"
COMMANDS = {
    "pretrain": Command(
        "learn movement from unlabelled clips",
        "PretrainConfig",
        "pretrain:pretrain",
        "encoder in {0}: go on with skel-train finetune --init {0}",
    ),
    "finetune": Command(
        "learn classes from labelled clips, few or many", "FinetuneConfig", "finetune:finetune", _RECOGNISER
    ),
    "linear": Command("linear evaluation of an encoder", "LinearConfig", "probes:linear", _RECOGNISER),
    "knn": Command("measure an encoder by nearest neighbours", "KnnConfig", "probes:knn"),
    "evaluate": Command("measure a fine-tuned run, or an ensemble", "EvaluateConfig", "evaluate:evaluate"),
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
    command = COMMANDS[name]
    options = _options(name, command, rest)
    _need_torch()
    from importlib import import_module

    module, function = command.function.split(":")
    result = getattr(import_module(f"skel.training.{module}"), function)(options)
    if command.ending:
        _say(command, result)


def _say(command: Command, run: Path) -> None:
    from skel.training.report import METRICS_FILE, print_report, report_of

    if (run / METRICS_FILE).is_file():
        print_report(report_of(run))
    print(command.ending.format(run))


def _options(name: str, command: Command, arguments: list[str]) -> Any:
    """Parse the command's options; torch takes seconds to import and is not needed for that."""
    import tyro

    from skel.training import config

    kind, program = getattr(config, command.options), f"skel-train {name}"
    if name == "pretrain":
        # The options --method.… are those of the method that --method names.
        method, arguments = _named_method(arguments)
        return tyro.cli(kind, prog=program, args=arguments, default=kind(tyro.MISSING, tyro.MISSING, method))
    return tyro.cli(kind, prog=program, args=arguments)


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
        raise UserError("training needs PyTorch: pip install 'skel-action[train]'")
