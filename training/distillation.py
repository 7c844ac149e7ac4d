"""What trained networks say of the clips that have no label, for another one to learn from: knowledge distillation.

The third step of T. Chen, S. Kornblith, K. Swersky, M. Norouzi and G. Hinton, "Big Self-Supervised Models are Strong
Semi-Supervised Learners" (NeurIPS 2020), with temperature 1 and the labels that there are. The teachers look at several
variations of each clip, which makes them right more often (NW-UCLA, 10 % labels, one seed: 73.7 in place of 71.9 %).
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from skel.skeleton.errors import UserError
from skel.training.augment import labelled_view
from skel.training.config import FinetuneConfig
from skel.training.dataset import ClipSet
from skel.training.device import clip_tensor
from skel.training.divergence import check_said
from skel.training.ensemble import Ensemble, load_ensemble
from skel.training.join import load_joined
from skel.training.known_labels import known_to
from skel.training.labelled import LabelledData
from skel.training.progress import bar
from skel.training.splits import subset, unique_names

_LOOKS = 8
_BATCH = 128


def lessons(config: FinetuneConfig, data: LabelledData, device: torch.device) -> tuple[ClipSet, Tensor]:
    """(The training clips that are not held out, (N, K) how likely each is to be of each class), by `config.teachers`.

    A clip of `data.train` is what its label says, smoothed; no other label is read. Where people are held out, none of their
    clips is there. `UserError` where the teachers do not fit, or were given labels that this run is not.
    """
    if not config.teachers:
        raise UserError("--teachers names no run: give one or several, or leave it out")
    everything = load_joined(config.data, "train", config.classes, unlabelled=True)
    names = np.array(unique_names(everything))
    out = np.isin(names, data.held_out.names)
    if config.held_out_by == "people":
        out |= np.isin(everything.subjects, data.held_out.subjects)
    clips = subset(everything, np.flatnonzero(~out))
    labelled = np.isin(names[~out], data.train.names)
    if labelled.all():
        raise UserError("--teachers speak of clips without a label, and every clip has one: give a smaller --labels")
    teachers = load_ensemble(config.teachers)
    if teachers.classes != data.train.classes or teachers.clip != data.train.clip:
        raise UserError(
            f"{config.teachers[0]} was trained on other classes or clips than this data: give teachers of the same"
        )
    for run in config.teachers:
        if not ((known := known_to(run)) and known.learned):
            raise UserError(
                f"{run} does not say which clips it learned from: give the folder of a run, as finetune writes it"
            )
    surely = F.one_hot(torch.from_numpy(clips.labels), len(clips.classes)).float()
    likely = ((1 - config.label_smoothing) * surely + config.label_smoothing / len(clips.classes)).to(device)
    others = np.flatnonzero(~labelled)
    likely[torch.from_numpy(others).to(device)] = judgement(teachers, subset(clips, others), config, device)
    return clips, likely


@torch.no_grad()
def judgement(teachers: Ensemble, clips: ClipSet, config: FinetuneConfig, device: torch.device) -> Tensor:
    """(N, K) how likely the teachers find each class, by the mean of their logits over variations of the clip."""
    generator = torch.Generator(device).manual_seed(config.seed)
    x = clip_tensor(clips, "keep").to(device)  # each network leaves absent bodies out, or not, as it was trained
    logits = torch.zeros(len(x), len(teachers.classes), device=device)
    for network in teachers.networks:
        network.eval().to(device)
    with bar("asking the teachers", "looks") as progress:
        task = progress.add_task("", total=len(x) * _LOOKS)
        for part in torch.arange(len(x), device=device).split(_BATCH):
            for _ in range(_LOOKS):
                look = labelled_view(x[part], config.variation, generator)
                for network, weight in zip(teachers.networks, teachers.weights):
                    logits[part] += weight * network(look).logits
                progress.advance(task, len(part))
    check_said(logits.cpu().numpy(), "what the teachers say of the clips without a label")
    return (logits / (_LOOKS * teachers.temperature)).softmax(dim=1)
