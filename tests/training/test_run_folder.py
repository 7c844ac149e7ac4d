"""A run's folder that was damaged, moved away from, or begun inside somebody else's repository."""

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from skel.skeleton.errors import UserError
from skel.training import run as module
from skel.training.config import FinetuneConfig, LinearConfig, PretrainConfig
from skel.training.finetune import finetune
from skel.training.pretrain import pretrain
from skel.training.probes import linear

SMALL = {"channels": 2, "epochs": 1, "batch_size": 8, "device": "cpu"}


@pytest.fixture
def encoder(prepared, tmp_path):
    return pretrain(PretrainConfig((prepared,), tmp_path / "encoder", **SMALL))


@pytest.mark.parametrize("left", [0, 1000, b"no state at all", b"hello\n", b"\x80\x02}K"])
def test_a_damaged_state_gets_one_line_and_without_it_the_run_begins_anew(prepared, tmp_path, encoder, left):
    config = PretrainConfig((prepared,), encoder, **SMALL)
    weights = load_file(encoder / "model.safetensors")
    state = encoder / "state.pt"
    state.write_bytes(left if isinstance(left, bytes) else state.read_bytes()[:left])
    with pytest.raises(UserError, match=r"state\.pt is damaged: delete this file, and the run begins anew$") as caught:
        pretrain(config)
    assert "\n" not in str(caught.value)
    state.unlink()
    (encoder / "model.safetensors").unlink()
    pretrain(config)
    assert [json.loads(line)["epoch"] for line in (encoder / "log.jsonl").read_text().splitlines()] == [1]
    again = load_file(encoder / "model.safetensors")
    assert all(torch.equal(again[name], weights[name]) for name in weights), "the same run once more"


@pytest.mark.parametrize("content", ['{"kind": "Pre', "", "[1]"])
def test_a_damaged_configuration_gets_one_line(prepared, encoder, content):
    (encoder / "config.json").write_text(content)
    with pytest.raises(
        UserError, match=r"config\.json is damaged \(.+\): choose another --out, or delete .*encoder$"
    ) as caught:
        pretrain(PretrainConfig((prepared,), encoder, **SMALL))
    assert "\n" not in str(caught.value)


def test_the_commit_is_never_that_of_a_repository_that_the_program_is_only_installed_in(tmp_path, monkeypatch):
    here = tmp_path / "venv" / "skel" / "run.py"
    here.parent.mkdir(parents=True)
    here.write_text("")
    (tmp_path / "theirs.py").write_text("")
    who = {f"GIT_{role}_{what}": "x" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*command):
        subprocess.run(["git", *command], cwd=tmp_path, env=os.environ | who, check=True, capture_output=True)

    git("init")
    git("add", "theirs.py")
    git("commit", "-m", "theirs")
    monkeypatch.setattr(module, "__file__", str(here))
    assert module._git_state() == ""
    git("add", "venv")
    git("commit", "-m", "ours")
    assert len(module._git_state()) >= 7
    here.write_text("changed")
    assert module._git_state().endswith("+")


def test_a_run_goes_on_from_another_folder(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    runs = [
        (pretrain, PretrainConfig((Path("limbs"),), tmp_path / "encoder", **SMALL)),
        (finetune, FinetuneConfig((Path("limbs"),), tmp_path / "teacher", Path("encoder"), labels=0.5, **SMALL)),
        (linear, LinearConfig((Path("limbs"),), tmp_path / "linear", Path("encoder"), **SMALL)),
    ]
    taught = replace(runs[1][1], out=tmp_path / "taught", teachers=(Path("teacher"),))
    runs.append((finetune, taught))
    for train, config in runs:
        train(config)
    monkeypatch.chdir(prepared)
    for train, config in runs:
        with pytest.raises(UserError):
            train(config)  # from here the same words say something else
        whole = {"data": (prepared,)}
        if train is not pretrain:
            whole["init"] = tmp_path / "encoder"
        if config is taught:
            whole["teachers"] = (Path("../teacher"),)
        train(replace(config, **whole))
        written = json.loads((config.out / "config.json").read_text())
        paths = (*written["data"], *([written["init"]] if written.get("init") else ()), *(written.get("teachers") or ()))
        assert len(paths) == 1 + (train is not pretrain) + (config is taught)
        assert all(Path(path).is_absolute() for path in paths)


def test_a_run_that_an_older_version_began_with_relative_paths_goes_on_from_where_they_hold(prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = PretrainConfig((Path("limbs"),), Path("encoder"), **SMALL)
    path = pretrain(config) / "config.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "data": ["limbs"]}))
    pretrain(config)
    pretrain(replace(config, data=(prepared,)))
    monkeypatch.chdir(prepared)
    with pytest.raises(UserError, match="holds a run with another data: "):
        pretrain(replace(config, data=(prepared,), out=tmp_path / "encoder"))
