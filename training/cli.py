"""`skel-train`: pre-train, fine-tune and measure recognisers."""

import sys
from typing import TYPE_CHECKING, Any

from skel.skeleton.errors import UserError, run_command

if TYPE_CHECKING:
    from skel.training.methods.config import MomentumConfig

COMMANDS = {
    "pretrain": "learn movement from unlabelled clips",
    "finetune": "learn classes from labelled clips, few or many",
    "evaluate": "measure a fine-tuned run",
}


def main() -> None:
    """Console entry."""
    run_command(_main)


def _main() -> None:
    command, *rest = sys.argv[1:] or ["--help"]
    if command in ("-h", "--help"):
        print("usage: skel-train COMMAND [--help]\n")
        print("\n".join(f"  {name:<10} {text}" for name, text in COMMANDS.items()))
        return
    if command not in COMMANDS:
        raise UserError(f"skel-train has no command {command!r}: give one of {', '.join(COMMANDS)}")
    options = _options(command, rest)
    _need_torch()
    if command == "pretrain":
        from skel.training.pretrain import pretrain

        run = pretrain(options)
        print(f"encoder in {run}: go on with skel-train finetune --init {run}")
    elif command == "finetune":
        from skel.training.evaluate import print_report, report_of
        from skel.training.finetune import finetune

        run = finetune(options)
        print_report(report_of(run))
        print(f"recogniser in {run}: go on with skel-export --checkpoint {run} --onnx OUT.onnx")
    else:
        from skel.training.evaluate import evaluate

        evaluate(options)


def _options(command: str, arguments: list[str]) -> Any:
    """Parse the command's options; torch takes seconds to import and is not needed for that."""
    import tyro

    from skel.training.config import EvaluateConfig, FinetuneConfig, PretrainConfig

    kinds = {"finetune": FinetuneConfig, "evaluate": EvaluateConfig}
    program = f"skel-train {command}"
    if command == "pretrain":
        # The options --method.… are those of the method that --method names.
        method, arguments = _named_method(arguments)
        default = PretrainConfig(tyro.MISSING, tyro.MISSING, method)
        return tyro.cli(PretrainConfig, prog=program, args=arguments, default=default)
    return tyro.cli(kinds[command], prog=program, args=arguments)


def _named_method(arguments: list[str]) -> tuple["MomentumConfig", list[str]]:
    """The default options of the method that `--method NAME` names, AimCLR without it, and the other arguments."""
    import argparse

    from skel.training.methods.config import METHODS

    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--method", default="aimclr")
    found, others = parser.parse_known_args(arguments)
    if found.method not in METHODS:
        raise UserError(f"unknown method {found.method!r}: give --method {', '.join(METHODS)}")
    return METHODS[found.method](), others


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UserError("training needs PyTorch: pip install 'skel-action[train]'")
