import csv

import numpy as np
import pytest

from skel.skeleton.errors import UserError
from skel.training.adaptation_config import SelectConfig
from skel.training.config import FinetuneConfig, PretrainConfig
from skel.training.dataset import load_split
from skel.training.finetune import finetune
from skel.training.labelled import LABELLED_FILE
from skel.training.pretrain import pretrain
from skel.training.selection import select, typical
from skel.training.splits import read_names


def groups(*sizes):
    """As many points (3 coordinates) around each of three corners far apart."""
    random = np.random.default_rng(0)
    points = [8 * np.eye(3)[k] + random.normal(0, 0.5, (size, 3)) for k, size in enumerate(sizes)]
    return np.concatenate(points).astype(np.float32)


def test_one_typical_clip_of_each_group_comes_first_and_large_groups_before_small_ones():
    points = groups(20, 40, 10)
    found = typical(points, 3, seed=0)
    assert found.stands_for.tolist() == [40, 20, 10]
    assert [20 <= found.places[0] < 60, 0 <= found.places[1] < 20, 60 <= found.places[2] < 70] == [True] * 3
    for place, group in zip(found.places, (points[20:60], points[:20], points[60:])):
        distance = np.linalg.norm(group - group.mean(axis=0), axis=1)
        assert np.linalg.norm(points[place] - group.mean(axis=0)) < np.median(distance), "not at the edge"
    assert found.places.tolist() == typical(points, 3, seed=1).places.tolist()


def test_any_budget_is_met_without_a_clip_twice():
    points = groups(7, 1, 4)
    points = np.concatenate([points, points[:3]])  # fewer different points than clips
    for budget in (1, 5, 13, len(points)):
        found = typical(points, budget, seed=0).places
        assert len(set(found.tolist())) == budget
    for budget in (0, len(points) + 1):
        with pytest.raises(UserError, match="--budget must lie between 1 and the 15 clips"):
            typical(points, budget, seed=0)


def test_features_of_any_scale_count_alike():
    points = groups(20, 40, 10)
    scaled = points * [1000, 1, 0.001] + [5, 0, -3]
    assert typical(points, 3, seed=0).places.tolist() == typical(scaled.astype(np.float32), 3, seed=0).places.tolist()


def test_equal_clips_can_be_chosen_from_too():
    assert sorted(typical(np.ones((4, 3), np.float32), 3, seed=0).places.tolist()) == [0, 1, 2]


@pytest.fixture
def encoder(prepared, tmp_path):
    options = PretrainConfig((prepared,), tmp_path / "encoder", channels=2, epochs=1, batch_size=12, device="cpu")
    return pretrain(options)


def test_the_list_is_what_fine_tuning_takes(prepared, tmp_path, encoder, monkeypatch, capsys):
    from skel.training.cli import main

    chosen = tmp_path / "chosen.json"
    monkeypatch.setattr(
        "sys.argv",
        f"skel-train select --data {prepared} --init {encoder} --budget 6 --out {chosen} --device cpu".split(),
    )
    main()
    assert f"finetune --labels {chosen}" in capsys.readouterr().out.replace("\n", "")
    names = read_names(chosen)
    rows = list(csv.reader((tmp_path / "chosen.csv").read_text().splitlines()))
    train = load_split(prepared, "train")
    assert rows[0] == ["rank", "clip", "place in the training part", "stands for clips"]
    assert [(row[0], row[1], train.names[int(row[2])]) for row in rows[1:]] == [
        (str(rank), name, name) for rank, name in enumerate(names, 1)
    ]
    run = finetune(FinetuneConfig((prepared,), tmp_path / "run", labels=chosen, channels=2, epochs=1, device="cpu"))
    assert sorted(read_names(run / LABELLED_FILE)) == sorted(names)


def test_wrong_use_gets_one_line(prepared, tmp_path, encoder):
    with pytest.raises(UserError, match=r"a name that ends in \.json, not list\.csv"):
        select(SelectConfig((prepared,), encoder, 3, tmp_path / "list.csv", device="cpu"))
    with pytest.raises(UserError, match="--budget must lie between 1 and the 24 clips"):
        select(SelectConfig((prepared,), encoder, 30, tmp_path / "list.json", device="cpu"))
    with pytest.raises(UserError, match="--seed must be between 0 and 4294967295, not -1"):
        select(SelectConfig((prepared,), encoder, 3, tmp_path / "list.json", seed=-1, device="cpu"))
    assert not (tmp_path / "list.json").exists()
