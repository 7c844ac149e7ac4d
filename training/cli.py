"""`skel-train`: pre-train, fine-tune and measure recognisers."""

import sys
from typing import Any

from skel.skeleton.errors import UserError, run_command

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

    kinds = {"pretrain": PretrainConfig, "finetune": FinetuneConfig, "evaluate": EvaluateConfig}
    return tyro.cli(kinds[command], prog=f"skel-train {command}", args=arguments)


def _need_torch() -> None:
    from importlib.util import find_spec

    if find_spec("torch") is None:
        raise UserError("training needs PyTorch: pip install 'skel-action[train]'")
