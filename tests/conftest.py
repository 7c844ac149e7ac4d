"""What several tests need: the recordings of the developers' shared folder, and Qt without a display."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
# Threads that spin while they wait for one another make small networks many times slower on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What a developer has taught the program must not be recognised here.
os.environ["XDG_DATA_HOME"] = str(Path(tempfile.gettempdir()) / "skel-tests-without-user-data")

sys.path.insert(0, str(Path(__file__).parent))  # for what tests of several folders share


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real recordings and golden arrays beside the checkout; skips where it is absent."""
    folder = Path(os.environ.get("SKEL_SHARED", Path(__file__).parents[2] / "shared"))
    if not (folder / "golden").is_dir():
        pytest.skip(f"no real recordings and golden arrays at {folder}")
    return folder


@pytest.fixture
def golden_weights(shared):
    """Reads a golden weight file: (encoder's state under our names, projector's state)."""
    torch = pytest.importorskip("torch")

    def read(name):
        given = {key: torch.from_numpy(value) for key, value in np.load(shared / "golden" / name).items()}
        norm = ("weight", "bias", "running_mean", "running_var")
        state = {f"input_norm.{part}": given[f"data_bn.{part}"] for part in norm}
        for block in range(10):
            theirs, ours = f"st_gcn_networks.{block}", f"blocks.{block}"
            mix = given[f"{theirs}.gcn.conv.weight"]  # (3·C', C, 1, 1), output channel k·C' + c
            channels = len(mix) // 3
            mix = mix.view(3, channels, -1).permute(1, 0, 2).reshape(channels, -1, 1, 1)
            state[f"{ours}.graph.mix.weight"] = mix
            state[f"{ours}.graph.bias"] = given[f"{theirs}.gcn.conv.bias"].view(3, channels)
            state[f"{ours}.graph.importance"] = given[f"edge_importance.{block}"]
            pairs = [("tcn.0", "graph_norm", norm), ("tcn.2", "temporal", norm[:2]), ("tcn.3", "temporal_norm", norm)]
            if f"{theirs}.residual.0.weight" in given:
                pairs += [("residual.0", "residual.0", norm[:2]), ("residual.1", "residual.1", norm)]
            for their_name, our_name, parts in pairs:
                for part in parts:
                    state[f"{ours}.{our_name}.{part}"] = given[f"{theirs}.{their_name}.{part}"]
        return state, {key.removeprefix("fc."): value for key, value in given.items() if key.startswith("fc.")}

    return read


@pytest.fixture
def prepared(tmp_path):
    """A small prepared set that can be learned: an arm lifts, swings or pushes; 24 + 12 clips."""
    from skel.skeleton.clip import ClipConfig
    from skel.training.dataset import ClipSet, save_split

    random = np.random.default_rng(0)
    config = ClipConfig()
    layout = config.skeleton_layout()
    rest = random.normal(0, 0.4, (3, 1, len(layout)))

    def part(name, count):
        labels = np.arange(count) % 3
        clips = np.zeros((count, 3, config.frames, len(layout), config.max_bodies), np.float32)
        clips[..., 0] = rest + random.normal(0, 0.02, (count, 3, config.frames, len(layout)))
        wave = np.sin(np.linspace(0, 6 * np.pi, config.frames))
        for clip, label in zip(clips, labels):
            axis, limb = [(1, slice(4, 8)), (0, slice(4, 8)), (2, slice(4, 8))][label]
            clip[axis, :, limb, 0] += random.uniform(0.3, 0.6) * wave[:, None]
        names = tuple(f"{name}{i}" for i in range(count))
        classes, subjects, durations_s = (
            ("arm lift", "arm swing", "arm push"),
            np.zeros(count, np.int64),
            np.full(count, 2.0),
        )
        return ClipSet(clips, labels, names, classes, config, "limbs", "xsub", subjects, durations_s)

    save_split(tmp_path / "limbs", {"train": part("t", 24), "val": part("v", 12)}, [], {})
    return tmp_path / "limbs"
