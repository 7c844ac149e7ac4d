"""Where the pose model is looked for, and downloads from a server on this computer."""

import gc
import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from skel.sensors import pose_model
from skel.sensors.base import SensorError
from skel.sensors.pose_model import PoseModelSource, cached_pose_model, find_pose_model, pose_mode

pytest.importorskip("pooch")
CONTENT = bytes(range(256)) * 1000
GOOD = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache of the user's, an environment without the variable, and no way to the vendor's server."""
    monkeypatch.delenv(pose_model.VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(pose_model, "user_cache_path", lambda name: tmp_path / "cache" / name)
    nowhere = PoseModelSource("http://127.0.0.1:9/unused", 1, ("0" * 64,))
    monkeypatch.setattr(pose_model, "SOURCES", {"lite": nowhere, "full": nowhere})
    return tmp_path / "cache"


class Answer(BaseHTTPRequestHandler):
    content = CONTENT
    said = len(CONTENT)
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Length", str(self.said))
        self.end_headers()
        self.wfile.write(self.content)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator:
    """Starts a server that gives out one content, and names it as the source of "lite"."""
    servers = []

    def start(sha256: tuple[str, ...] = (GOOD,), **answer: object) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("OneAnswer", (Answer,), answer))
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        source = PoseModelSource(f"http://127.0.0.1:{server.server_port}/lite.task", len(CONTENT), sha256)
        monkeypatch.setitem(pose_model.SOURCES, "lite", source)

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def file_at(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"model")
    return path


def test_a_named_file_goes_before_the_variable_and_the_variable_before_the_cache(tmp_path, monkeypatch):
    kept = file_at(cached_pose_model("lite"))
    assert find_pose_model(None, "lite") == kept
    by_variable = file_at(tmp_path / "variable.task")
    monkeypatch.setenv("SKEL_POSE_MODEL", str(by_variable))
    assert find_pose_model(None, "lite") == by_variable
    named = file_at(tmp_path / "named.task")
    assert find_pose_model(named, "lite") == named


def test_each_variant_has_its_place_in_the_cache():
    file_at(cached_pose_model("full"))
    assert cached_pose_model("full").name == "pose_landmarker_full.task"
    with pytest.raises(SensorError, match="no pose model"):
        find_pose_model(None, "lite")


def test_what_is_named_must_exist(tmp_path, monkeypatch):
    file_at(cached_pose_model("lite"))
    with pytest.raises(SensorError, match=r"--pose-model names .*absent.task: there is no such file"):
        find_pose_model(tmp_path / "absent.task", "lite")
    monkeypatch.setenv("SKEL_POSE_MODEL", str(tmp_path / "gone.task"))
    with pytest.raises(SensorError, match=r"SKEL_POSE_MODEL names .*gone.task: there is no such file"):
        find_pose_model(None, "lite")


@pytest.mark.parametrize("confirm", [None, lambda question: False])
def test_without_a_yes_nothing_is_downloaded_and_the_place_is_told(confirm, serve, cache):
    serve()
    with pytest.raises(SensorError) as told:
        find_pose_model(None, "lite", confirm)
    for part in (pose_model.SOURCES["lite"].url, str(cached_pose_model("lite")), "--pose-model", "SKEL_POSE_MODEL"):
        assert part in str(told.value)
    assert not cache.exists()


def test_a_download_that_was_agreed_to_is_kept(serve):
    serve(sha256=("0" * 64, GOOD))
    questions = []
    path = find_pose_model(None, "lite", lambda question: not questions.append(question))
    assert path == cached_pose_model("lite")
    assert path.read_bytes() == CONTENT
    (question,) = questions
    for part in ("lite, 0.3 MB", "127.0.0.1", str(path.parent)):
        assert part in question
    assert find_pose_model(None, "lite", None) == path


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ({"content": CONTENT[:-1] + b"x"}, "not the expected file .* thrown away"),
        ({"content": CONTENT[:1000]}, "cannot download"),  # the connection breaks off
        ({"status": 404}, "cannot download .*HTTPError"),
    ],
)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_bad_download_leaves_nothing(answer, told, serve):
    serve(**answer)
    with pytest.raises(SensorError, match=told) as error:
        find_pose_model(None, "lite", lambda question: True)
    assert str(cached_pose_model("lite")) in str(error.value)
    assert list(cached_pose_model("lite").parent.iterdir()) == []
    del error
    gc.collect()  # pooch leaves a connection that broke off to the garbage collector, which would complain in a later test


def test_a_server_that_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(pose_model, "_ANSWER_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        source = PoseModelSource(f"http://127.0.0.1:{silent.getsockname()[1]}/lite.task", 1, (GOOD,))
        monkeypatch.setitem(pose_model.SOURCES, "lite", source)
        with pytest.raises(SensorError, match=r"cannot download .*Timeout.* by hand, or try again later"):
            find_pose_model(None, "lite", lambda question: True)
    with pytest.raises(SensorError, match=r"cannot download .*ConnectionError"):  # nobody listens there any more
        find_pose_model(None, "lite", lambda question: True)
    assert list(cached_pose_model("lite").parent.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("pose_landmarker_lite.task", "MediaPipe lite"),
        ("Full-v2.task", "MediaPipe full"),
        ("pose_landmarker_heavy.task", "MediaPipe heavy"),
        ("mine.task", "MediaPipe Pose"),
    ],
)
def test_the_mode_is_read_from_the_files_name(name: str, mode: str):
    assert pose_mode(Path(name)) == mode
