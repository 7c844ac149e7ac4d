"""How well new actions are told from a few examples of other people, and what that does to the trained classes; as JSON.

    skel-train finetune --data sets/utd-mhad-kinect2 sets/utd-mhad --classes all_but_six.json --init runs/movement \
        --epochs 12 --out runs/without
    skel-export --checkpoint runs/without --onnx without.onnx
    python benchmarks/few_shot.py --utd sets/utd-mhad-kinect2 sets/utd-mhad --ucla sets/nw-ucla --synthetic sets/synthetic \
        --without without.onnx

Every draw chooses examples anew; the people who show them are never those who are tested. "Taught" figures are of test clips
of taught actions, with all trained and taught actions to choose from; "trained" ones are of validation clips of the model's
own classes.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import tyro

from skel.models.few_shot import FewShotClassifier
from skel.models.pretrained import DEFAULT_MODEL
from skel.models.recognizer import softmax
from skel.models.runtime import OnnxModel
from skel.models.statistics import EmbeddingStatistics
from skel.training.dataset import PARTS, ClipSet
from skel.training.join import load_joined

Array = npt.NDArray[np.float64]
SHOTS = (1, 3, 5, 10)
NEW_UCLA = ("pick up with one hand", "pick up with two hands", "drop trash", "donning", "doffing", "carry")
"""The other four of its ten are, under another name, among the shipped model's classes."""


@dataclass(frozen=True)
class Config:
    """What to measure."""

    utd: tuple[Path, ...]
    """UTD-MHAD, prepared: of one Kinect or of both."""
    ucla: Path
    """NW-UCLA, prepared."""
    synthetic: Path
    """Clips of the synthetic actor, prepared; the shipped model has them among its classes."""
    without: Path
    """A model (.onnx) that learned UTD-MHAD's classes without some of them, which are taught here."""
    model: Path = DEFAULT_MODEL
    """The model that NW-UCLA's actions are taught to."""
    draws: int = 20
    """Of examples, for each number of shots."""


@dataclass(frozen=True, eq=False)
class Clips:
    """What a model says of clips."""

    probabilities: Array  # (N, K)
    embeddings: Array  # (N, F)
    labels: npt.NDArray[np.int64]  # (N,)
    subjects: npt.NDArray[np.int64]  # (N,)


def seen_by(model: OnnxModel, data: ClipSet, labels: npt.NDArray[np.int64]) -> Clips:
    """All clips with these labels (N,) that are not negative."""
    kept = np.flatnonzero(labels >= 0)
    logits, embeddings = model(data.clips[kept])
    probabilities = softmax(logits / model.bundle.temperature)
    return Clips(probabilities, embeddings.astype(np.float64), labels[kept], data.subjects[kept])


# The candidates: scores (N, L + K) of taught and trained classes from means (F,) and statistics. The product has the first.
Scores = Callable[[list[Array], EmbeddingStatistics, Array], Array]


def own_covariance(examples: list[Array], statistics: EmbeddingStatistics, x: Array) -> Array:
    """Nearest mean, whitened by the trained classes' covariance alone, shrunk by .1."""
    means = np.concatenate([[one.mean(axis=0) for one in examples], statistics.means])
    covariance = statistics.covariance()
    size = np.trace(covariance) / len(covariance)
    inverse = np.linalg.inv(0.9 * covariance + 0.1 * size * np.eye(len(covariance)))
    return np.asarray(x @ inverse @ means.T - 0.5 * ((means @ inverse) * means).sum(axis=1)) / 16


def cosine(examples: list[Array], statistics: EmbeddingStatistics, x: Array) -> Array:
    """The angle to each mean, seen from the mean of the trained classes'."""
    centre = statistics.means.mean(axis=0)
    means = np.concatenate([[one.mean(axis=0) for one in examples], statistics.means]) - centre
    away = x - centre
    length = np.linalg.norm(away, axis=1)[:, None] * np.linalg.norm(means, axis=1)
    return np.asarray(away @ means.T / length / 0.1)


def least_squares(examples: list[Array], statistics: EmbeddingStatistics, x: Array) -> Array:
    """Ridge regression; trained classes stand for their clips by means and covariance, and each class weighs the same."""
    means = np.concatenate([[one.mean(axis=0) for one in examples], statistics.means])
    centre = means.mean(axis=0)
    within = len(statistics.means) * statistics.covariance()
    within += sum((one - one.mean(axis=0)).T @ (one - one.mean(axis=0)) / len(one) for one in examples)
    scatter = within + (means - centre).T @ (means - centre)
    ridge = 0.01 * np.trace(scatter) / len(scatter) * np.eye(len(scatter))
    return np.asarray((x - centre) @ np.linalg.solve(scatter + ridge, (means - centre).T)) / 0.05


def extended(scores: Scores) -> Callable[[dict[str, Array], EmbeddingStatistics, Clips], Array]:
    """Probabilities (N, K + L) made of scores as the product makes them."""

    def extend(examples: dict[str, Array], statistics: EmbeddingStatistics, clips: Clips) -> Array:
        shares = softmax(scores(list(examples.values()), statistics, clips.embeddings))[:, : len(examples)]
        return np.concatenate([clips.probabilities * (1 - shares.sum(axis=1, keepdims=True)), shares], axis=1)

    return extend


def product(examples: dict[str, Array], statistics: EmbeddingStatistics | None, clips: Clips) -> Array:
    """Nearest mean, whitened by a covariance that taught actions enter."""
    return FewShotClassifier.fit(examples, statistics).extend(clips.probabilities, clips.embeddings)


CANDIDATES = {
    "nearest mean, pooled covariance": product,
    "nearest mean, trained covariance": extended(own_covariance),
    "cosine": extended(cosine),
    "least squares": extended(least_squares),
    "nearest mean, no statistics": lambda examples, _, clips: product(examples, None, clips),
}


def figures(model: OnnxModel, new: Clips, trained: Clips, teachers: Callable[[Any], Any], draws: int) -> dict[str, Any]:
    """{candidate: {shots: {figure: [mean, standard deviation over draws]}}}."""
    assert model.statistics is not None
    K, L = trained.probabilities.shape[1], int(new.labels.max()) + 1
    rows: dict[str, dict[str, list[list[float]]]] = {name: {} for name in CANDIDATES}
    for shots in SHOTS:
        for draw in range(draws):
            rng = np.random.default_rng(draw)
            teaching = np.isin(new.subjects, teachers(rng))
            examples = {
                str(k): new.embeddings[rng.choice(np.flatnonzero(teaching & (new.labels == k)), shots, replace=False)]
                for k in range(L)
            }
            test = np.flatnonzero(~teaching)
            tested = Clips(*(part[test] for part in vars(new).values()))
            for name, candidate in CANDIDATES.items():
                of_new = candidate(examples, model.statistics, tested)
                of_old = candidate(examples, model.statistics, trained).argmax(axis=1)
                rows[name].setdefault(str(shots), []).append(
                    [
                        float((of_new.argmax(axis=1) == K + tested.labels).mean()),
                        float((of_new[:, K:].argmax(axis=1) == tested.labels).mean()),
                        float((of_old == trained.labels).mean()),
                        float((of_old >= K).mean()),
                    ]
                )
    names = ("taught_top1", "taught_top1_among_taught", "trained_top1", "trained_called_taught")
    return {
        candidate: {
            shots: {
                name: [round(float(v), 3) for v in (x.mean(), x.std(ddof=1))] for name, x in zip(names, np.array(values).T)
            }
            for shots, values in of_shots.items()
        }
        for candidate, of_shots in rows.items()
    }


def case(model: OnnxModel, new: Clips, trained: Clips, teachers: Callable[[Any], Any], draws: int) -> dict[str, Any]:
    """One model and the actions that it is taught."""
    before = float((trained.probabilities.argmax(axis=1) == trained.labels).mean())
    return {
        "trained_clips": len(trained.labels),
        "trained_top1_before": round(before, 3),
        "taught_clips": len(new.labels),
        "candidates": figures(model, new, trained, teachers, draws),
    }


def joined(parts: list[Clips]) -> Clips:
    """One after the other."""
    return Clips(*(np.concatenate(values) for values in zip(*(vars(part).values() for part in parts))))


def own_classes(model: OnnxModel, folders: tuple[Path, ...], part: Any) -> tuple[ClipSet, npt.NDArray[np.int64], list[str]]:
    """A part of the sets, its labels in the model's classes (−1 = none of them), and the classes that it does not have."""
    every = json.loads(DEFAULT_MODEL.with_name("classes.json").read_text(encoding="utf-8"))
    data = load_joined(folders, part)
    new_name = {old: new for new, olds in every.items() for old in olds}
    named = [new_name[name] for name in data.classes]
    numbers = {name: k for k, name in enumerate(model.bundle.labels)}
    others = sorted(set(named) - set(numbers))
    labels = np.array([numbers.get(name, -1) for name in named])[data.labels]
    return data, labels, others


def held_out(model: OnnxModel, folders: tuple[Path, ...]) -> tuple[Clips, list[str]]:
    """All clips of classes that the model never learned."""
    parts: list[Clips] = []
    for part in PARTS:
        data, _, others = own_classes(model, folders, part)
        every = json.loads(DEFAULT_MODEL.with_name("classes.json").read_text(encoding="utf-8"))
        place = {old: others.index(new) for new, olds in every.items() if new in others for old in olds}
        labels = np.array([place.get(name, -1) for name in data.classes])[data.labels]
        clips = seen_by(model, data, labels)
        # Even and odd subjects are the protocol's two sides: the training side shows, the other is tested.
        parts.append(
            Clips(clips.probabilities, clips.embeddings, clips.labels, np.full(len(clips.labels), PARTS.index(part)))
        )
    return joined(parts), others


def main(config: Config) -> None:
    """Print the JSON."""
    found: dict[str, Any] = {}
    without = OnnxModel(config.without, "cpu")
    new, names = held_out(without, config.utd)
    data, labels, _ = own_classes(without, config.utd, "val")
    found["utd-mhad"] = {
        "model": f"fine-tuned without these classes: top-1 {without.bundle.metrics['top1']['value']:.3f} of its own",
        "taught": names,
        "people": "examples of the protocol's training subjects, test clips of its validation subjects",
        **case(without, new, seen_by(without, data, labels), lambda _: [PARTS.index("train")], config.draws),
    }
    shipped = OnnxModel(config.model, "cpu")
    parts = []
    for part in PARTS:
        ucla = load_joined([config.ucla], part)
        place = np.array([NEW_UCLA.index(name) if name in NEW_UCLA else -1 for name in ucla.classes])
        parts.append(seen_by(shipped, ucla, place[ucla.labels]))
    new = joined(parts)
    data, labels, _ = own_classes(shipped, (*config.utd, config.synthetic), "val")
    found["nw-ucla"] = {
        "model": config.model.name,
        "taught": list(NEW_UCLA),
        "people": "a random half of the people show the examples, the other half is tested, all three cameras",
        **case(
            shipped,
            new,
            seen_by(shipped, data, labels),
            lambda rng: rng.permutation(np.unique(new.subjects))[: len(np.unique(new.subjects)) // 2],
            config.draws,
        ),
    }
    figures_are = "mean and standard deviation over the draws"
    text = json.dumps({"draws": config.draws, "figures": figures_are, **found}, indent=1)
    print(re.sub(r"\[\s+([\d.]+),\s+([\d.]+)\s+\]", r"[\1, \2]", text))


if __name__ == "__main__":
    main(tyro.cli(Config, description=__doc__))
