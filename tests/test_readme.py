"""Every command of the README runs, in its order, in one folder, as for a reader who goes from top to bottom.

Run: each line of a ```bash block, and each ```python block. The folder has what the text speaks of: `wave.npy`, and
`utd_mhad_kinect2.zip`, a few clips of the real one where there is one. Training is cut to one epoch. A command that opens a
window is started offscreen, and passes when it is still running after a while; so does one that other programs connect to.
The video and the pose model that it names are taken from the shared folder; without it that command is left out.
Not run: `make …`, since `.ci/run` does the same, and blocks of other kinds, which install for other systems or show output.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from skel.sensors.synthetic import perform

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(bash|python)\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
STEPS = [
    (kind, step.strip())
    for kind, text in BLOCKS
    for step in (text.replace("\\\n", " ").splitlines() if kind == "bash" else [text])
]
RUNS_ON_S = 6.0
SHARED = Path(os.environ.get("SKEL_SHARED", ROOT.parent / "shared"))
SHARED_FILES = ("media/squat.mp4", "models/pose_landmarker_lite.task")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a reader has at hand."""
    folder = tmp_path_factory.mktemp("reader")
    np.save(folder / "wave.npy", perform(0, 5.0).positions_m[:, 0])
    shared = SHARED / "data" / "utd_mhad_kinect2.zip"
    for name in SHARED_FILES:
        if (SHARED / name).is_file():
            shutil.copy(SHARED / name, folder)
    with zipfile.ZipFile(folder / "utd_mhad_kinect2.zip", "w") as raw:
        if shared.is_file():
            copy_few(zipfile.ZipFile(shared), raw)
        else:
            write_few(raw)
    return folder


def copy_few(real: zipfile.ZipFile, raw: zipfile.ZipFile) -> None:
    """The first trial of every action of one subject that trains and one that validates."""
    with real:
        for name in real.namelist():
            if re.search(r"_s[12]_t1_", name):
                raw.writestr(name, real.read(name))


def write_few(raw: zipfile.ZipFile) -> None:
    """The same two subjects, played by the synthetic actor."""
    scipy_io = pytest.importorskip("scipy.io")
    for action in range(1, 11):
        for subject in (1, 2):
            world = perform(10 * action + subject, 2.0).positions_m[:, 0].transpose(1, 2, 0)
            file = io.BytesIO()
            scipy_io.savemat(file, {"S_K2": {"world": world}})
            raw.writestr(f"a{action}_s{subject}_t1_skel_K2.mat", file.getvalue())


@pytest.mark.timeout(300)
@pytest.mark.parametrize(("kind", "step"), STEPS, ids=[step.splitlines()[0][:60] for _, step in STEPS])
def test_the_command_runs(kind: str, step: str, folder: Path) -> None:
    command = [sys.executable, "-c", step] if kind == "python" else shlex.split(step, comments=True)
    if command[0] == "make":
        pytest.skip("CI runs what make runs")
    for name in map(Path, SHARED_FILES):
        if name.name in command and not (folder / name.name).is_file():
            pytest.skip(f"there is no {name} in the shared folder {SHARED}")
    if kind == "bash":
        installed = shutil.which(command[0], path=str(Path(sys.executable).parent))
        assert installed, f"{command[0]} is not one of our commands"
        if command[:2] in (["skel-train", "pretrain"], ["skel-train", "finetune"]):
            command += ["--epochs", "1"]
        goes_on = command[0] == "skel-app" and ("--headless" not in command or "--websocket" in command)
        command[0] = installed
        if goes_on:
            assert_keeps_running(command, folder)
            return
    ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stderr


def assert_keeps_running(command: list[str], folder: Path) -> None:
    """A window stays open until somebody closes it, and a server is there until it is stopped."""
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            output, _ = process.communicate(timeout=RUNS_ON_S)
        except subprocess.TimeoutExpired:
            process.terminate()
            output, _ = process.communicate(timeout=30)
            assert "Traceback" not in output, output
        else:
            pytest.fail(f"it has ended with exit code {process.returncode}: {output}")


def test_pictures_and_links_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
            if not target.startswith("http"):
                assert (page.parent / target.partition("#")[0]).exists(), f"{page.name} points to {target}"
