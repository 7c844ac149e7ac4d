import json
import pickle
import shutil
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import pytest
import torch

from skel.skeleton.errors import UserError
from skel.skeleton.files import lock
from skel.training.checkpoint import load_model
from skel.training.config import FinetuneConfig, PretrainConfig
from skel.training.finetune import finetune
from skel.training.methods.config import AimCLRConfig
from skel.training.pretrain import pretrain
from skel.training.run import Run


def small_pretrain(data, out, **options):
    return PretrainConfig(
        data=(data,),
        out=out,
        channels=2,
        epochs=3,
        batch_size=8,
        device="cpu",
        method=AimCLRConfig(mining_from_epoch=1),
        **options,
    )


def small_finetune(data, out, **options):
    return FinetuneConfig(data=(data,), out=out, channels=2, epochs=3, batch_size=8, device="cpu", **options)


class KilledError(Exception):
    pass


@pytest.mark.parametrize("killed_in", [0, 1])
@pytest.mark.parametrize(("configure", "train"), [(small_pretrain, pretrain), (small_finetune, finetune)])
def test_an_interrupted_run_goes_on_to_the_same_bits(prepared, tmp_path, monkeypatch, configure, train, killed_in):
    train(configure(prepared, tmp_path / "whole"))

    log, interrupted = Run._log, configure(prepared, tmp_path / "interrupted")

    def log_or_die(self, epoch, figures):
        log(self, epoch, figures)
        if epoch == killed_in:
            raise KilledError  # after the log, before the state: that epoch runs again

    monkeypatch.setattr(Run, "_log", log_or_die)
    with pytest.raises(KilledError):
        train(interrupted)
    monkeypatch.undo()
    train(interrupted)

    whole, resumed = (load_model(tmp_path / name)[0].state_dict() for name in ("whole", "interrupted"))
    assert whole.keys() == resumed.keys()
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)
    logs = [(tmp_path / name / "log.jsonl").read_text() for name in ("whole", "interrupted")]
    assert logs[0] == logs[1]
    assert [json.loads(line)["epoch"] for line in logs[0].splitlines()] == [1, 2, 3]
    starts = [json.loads(line) for line in (tmp_path / "interrupted" / "starts.jsonl").read_text().splitlines()]
    assert [start["after_epoch"] for start in starts] == [0, killed_in]
    assert all(start["versions"]["torch"] == version("torch") and "git" in start for start in starts)


def test_a_seed_decides_the_result(prepared, tmp_path):
    runs = [small_finetune(prepared, tmp_path / name, seed=seed) for name, seed in (("a", 0), ("b", 0), ("c", 1))]
    weights = [load_model(finetune(run))[0].head.weight for run in runs]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_folder_with_another_run_is_refused(prepared, tmp_path):
    finetune(small_finetune(prepared, tmp_path / "run"))
    with pytest.raises(UserError, match="another learning_rate: choose another --out"):
        finetune(small_finetune(prepared, tmp_path / "run", learning_rate=0.2))
    (tmp_path / "killed").mkdir()
    (tmp_path / "killed" / ".config.json.abc.json").write_text("{")  # killed while the very first file was written
    finetune(small_finetune(prepared, tmp_path / "killed"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("mine")
    with pytest.raises(UserError, match="not empty and holds no run"):
        finetune(small_finetune(prepared, tmp_path / "other"))


def test_a_run_begun_before_an_option_existed_goes_on_unless_that_option_is_given(prepared, tmp_path):
    config = small_pretrain(prepared, tmp_path / "run")
    Run(config.out, config, 0)
    path = config.out / "config.json"
    older = json.loads(path.read_text())
    del older["schedule"], older["method"]["views"]["time_flip_probability"]
    path.write_text(json.dumps(older))
    pretrain(config)
    with pytest.raises(UserError, match="holds a run with another schedule: "):
        pretrain(replace(config, schedule="cosine"))
    views = replace(config.method.views, time_flip_probability=0.5, shear=0.1)
    with pytest.raises(UserError, match=r"another method\.views\.shear, method\.views\.time_flip_probability: "):
        pretrain(replace(config, method=replace(config.method, views=views)))
    path.write_text(json.dumps({**older, "gone": 1}))
    with pytest.raises(UserError, match="another gone: "):
        pretrain(config)
    path.write_text(json.dumps({key: value for key, value in older.items() if key != "method"}))
    with pytest.raises(UserError, match="another method: "):  # which was another than the default
        pretrain(config)


@pytest.fixture
def changed(prepared, tmp_path):
    """A copy of the set, and a function that puts another clip's movement into it, of the part named."""
    folder = shutil.copytree(prepared, tmp_path / "set")

    def change(part):
        path = next(folder.rglob(f"{part}_position.npy"))
        clips = np.load(path)
        clips[3] = clips[4]
        np.save(path, clips)

    return folder, change


@pytest.mark.parametrize(
    ("configure", "train", "part"),
    [(small_pretrain, pretrain, "train"), (small_finetune, finetune, "train"), (small_finetune, finetune, "val")],
)
def test_a_run_does_not_go_on_with_other_clips(changed, tmp_path, configure, train, part):
    data, change = changed
    config = configure(data, tmp_path / "run")
    train(config)
    train(config)
    before = {path: path.read_bytes() for path in config.out.iterdir() if path.is_file()}
    change(part)
    with pytest.raises(UserError, match=r"the clips, or .*, are no longer those that .*run learned from: choose"):
        train(config)
    assert {path: path.read_bytes() for path in before} == before
    # A version that did not write which clips they were.
    path = config.out / "config.json"
    path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "clips_digest"}))
    train(config)


def test_pre_training_goes_on_when_clips_get_labels(changed, tmp_path):
    data, _ = changed
    config = small_pretrain(data, tmp_path / "run")
    pretrain(config)
    path = next(data.rglob("train_label.pkl"))
    names, labels = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps((names, [0] * len(labels))))
    pretrain(config)


def test_a_state_of_another_network_gets_one_line(prepared, tmp_path):
    config = small_finetune(prepared, tmp_path / "run")
    other = small_finetune(prepared, tmp_path / "other", classes=tmp_path / "classes.json")
    other.classes.write_text('{"lift": ["arm lift"], "swing": ["arm swing"]}')
    shutil.copy(finetune(other) / "state.pt", finetune(config) / "state.pt")
    with pytest.raises(UserError, match=r"state\.pt is of another network .*choose another --out") as caught:
        finetune(config)
    assert "\n" not in str(caught.value)


def test_two_processes_do_not_train_one_run(prepared, tmp_path):
    config = small_finetune(prepared, tmp_path / "run")
    finetune(config)
    state = (config.out / "state.pt").read_bytes()
    with (config.out / ".lock").open("ab") as file:
        assert lock(file)
        with pytest.raises(UserError, match="run is being trained by another process: wait for it"):
            finetune(config)
    assert (config.out / "state.pt").read_bytes() == state
    finetune(config)


def test_a_finished_run_has_what_a_reader_looks_for(prepared, tmp_path):
    run = pretrain(small_pretrain(prepared, tmp_path / "run"))
    names = {path.name for path in run.iterdir()}
    assert {"config.json", "log.jsonl", "state.pt", "model.safetensors", "tensorboard"} <= names
    assert any((run / "tensorboard").iterdir())
    _, card = load_model(run)
    assert card.classes == ()
    assert card.provenance["config"]["seed"] == 0
    assert card.provenance["versions"]["torch"] == version("torch")
    figures = json.loads((run / "log.jsonl").read_text().splitlines()[0])
    assert set(figures) == {"epoch", "loss", "info", "d3m_extreme", "d3m_drop"}


def test_what_travels_with_a_model_names_no_folders(prepared, tmp_path, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/skel-train", "pretrain", "--data", str(prepared), "--epochs", "3"])
    _, card = load_model(pretrain(small_pretrain(prepared, tmp_path / "run")))
    assert card.provenance["command"] == "skel-train pretrain --data limbs --epochs 3"
    assert card.provenance["config"]["out"] == "run"
    assert str(tmp_path) not in json.dumps(card.provenance)
