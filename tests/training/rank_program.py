"""What `test_ranks.py` runs in one process and in each of two: FOLDER DATA, results go to FOLDER/rank{0,1}.pt."""

import sys
from pathlib import Path

import torch

from skel.models.stgcn import STGCN
from skel.training import ranks
from skel.training.config import PretrainConfig
from skel.training.divergence import Figures
from skel.training.methods.config import METHODS, AimCLRConfig
from skel.training.methods.registry import create_method
from skel.training.pretrain import _pretrain, take_step


def steps(name: str, device: torch.device) -> dict[str, torch.Tensor]:
    """Three steps of a method without dropout, some clips without a second body."""
    torch.manual_seed(0)
    config = METHODS[name](queue_size=16, momentum=0.9, initial_values="torch")
    method = create_method(config, STGCN(channels=2, dropout=0.0), 16, 8).train()
    optimiser = torch.optim.SGD(method.query.parameters(), 0.05, momentum=0.9)
    generator, figures = torch.Generator().manual_seed(1), Figures(0, device)
    clips = 0.4 * torch.randn(8, 3, 16, 25, 2)
    clips[2:5, ..., 1] = 0
    losses = []
    for _ in range(3):
        figures.add(take_step(method, optimiser, method.losses(clips, 200, generator)))
        losses.append(figures._seen[-1])
    state = {key: value for key, value in method.state_dict().items() if value.is_floating_point()}
    return {"losses": torch.cat(losses), **state}


class KilledError(Exception):
    pass


def interrupted_run(data: Path, out: Path, device: torch.device) -> None:
    """A run that dies in its second epoch and goes on, beside one that does not."""

    def config(name: str) -> PretrainConfig:
        method = AimCLRConfig(mining_from_epoch=1)
        return PretrainConfig((data,), out / name, method, channels=2, epochs=3, batch_size=8, device="cpu")

    _pretrain(config("whole"), device)
    means = Figures.means

    def die(self: Figures) -> dict[str, float]:
        if self.epoch == 1:
            raise KilledError
        return means(self)

    Figures.means = die
    try:
        _pretrain(config("interrupted"), device)
    except KilledError:
        Figures.means = means
    _pretrain(config("interrupted"), device)


def main(folder: Path, data: Path | None) -> None:
    torch.set_num_threads(1)
    with ranks.processes("cpu") as device:
        torch.save({name: steps(name, device) for name in METHODS}, folder / f"rank{ranks.rank()}.pt")
        if data is not None:
            interrupted_run(data, folder, device)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
