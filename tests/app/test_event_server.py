"""Events through a real WebSocket: late joiners, slow clients, web pages, ports in use, the documented client."""

import json
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline_fakes import FakeModel, FakePlayer, bundle, frames_of, movement
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from skel.app import cli
from skel.app.event_server import EVERYTHING, MOST_WAITING, EventServer, parse_address
from skel.app.options import Options
from skel.skeleton.errors import UserError

DOCS = Path(__file__).parents[2] / "docs" / "events.md"
STATE = {"event": "state", "source": "take.npy", "model": "m.onnx", "labels": ["wave"], "people": []}
WAVE = {"event": "started", "time_s": 1.0, "person": 7, "action": "wave", "partner": None, "confidence": 0.9}
PREDICTION = {**WAVE, "event": "prediction"}


@pytest.fixture
def server() -> Iterator[EventServer]:
    with EventServer("127.0.0.1", 0) as server:
        server.publish(STATE)
        yield server


def received(client) -> dict:
    return json.loads(client.recv(timeout=30))


def test_who_comes_late_gets_the_state_first(server: EventServer):
    server.publish(WAVE)
    with connect(server.address) as client:
        assert received(client) == {**STATE, "people": [{name: WAVE[name] for name in WAVE if name != "event"}]}
        server.publish({**WAVE, "event": "ended", "started_s": 1.0})
        assert received(client)["event"] == "ended"
    with connect(server.address) as client:
        assert received(client) == STATE


def test_what_is_published_first_is_what_the_first_client_gets():
    server = EventServer("127.0.0.1", 0)
    server.publish(STATE)
    with server, connect(server.address) as client:
        assert received(client) == STATE


def test_predictions_are_for_those_who_ask(server: EventServer):
    with connect(server.address) as some, connect(server.address + EVERYTHING) as all_of_it:
        assert received(some) == received(all_of_it) == STATE
        server.publish(PREDICTION)
        server.publish(WAVE)
        assert received(some) == WAVE
        assert [received(all_of_it)["event"] for _ in range(2)] == ["prediction", "started"]


def test_a_slow_client_loses_messages_and_nobody_waits(server: EventServer):
    with connect(server.address + EVERYTHING, max_queue=1) as slow:
        long = {**PREDICTION, "top": [["x" * 1000, 0.1]] * 30}
        for _ in range(200):
            for _ in range(MOST_WAITING):
                server.publish(long)
            with connect(server.address) as quick:  # is served meanwhile, and lets the server come round
                assert received(quick) == STATE
            if server.dropped:
                break
        assert server.dropped >= MOST_WAITING
        server.publish(WAVE)
        while (message := received(slow)).get("dropped", 0) == 0:
            pass
        assert message["event"] == "state"


def test_web_pages_from_elsewhere_are_not_let_in(server: EventServer):
    with pytest.raises(InvalidStatus):
        connect(server.address, origin="https://example.org")
    with pytest.raises(InvalidStatus):
        connect(server.address, origin="http://localhost.example.org")
    for origin in ("http://localhost:8000", "http://127.0.0.1"):
        with connect(server.address, origin=origin) as page:
            assert received(page) == STATE


def test_a_client_that_goes_away_is_forgotten(server: EventServer):
    for _ in range(3):
        with connect(server.address) as client:
            client.socket.shutdown(socket.SHUT_RDWR)
    server.publish(WAVE)
    with connect(server.address) as client:
        assert received(client)["people"]
    server.close()
    server.close()
    server.publish(WAVE)  # without effect


def test_a_port_in_use_is_one_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UserError, match=rf"--websocket 127.0.0.1:{port}: Address already in use; choose another port"):
            EventServer("127.0.0.1", port)


def test_addresses():
    assert parse_address("8765") == ("127.0.0.1", 8765)
    assert parse_address("0.0.0.0:80") == ("0.0.0.0", 80)
    assert parse_address("[::1]:80") == ("::1", 80)
    for wrong in ("", "x", "80:x", "0", "65536", "localhost:"):
        with pytest.raises(UserError, match="give a port"):
            parse_address(wrong)


def test_other_machines_only_where_they_were_let_in(capsys):
    with Options(websocket=f"0.0.0.0:{free_port()}").make_event_server() as server:
        assert server.is_public
    assert "warning: anybody who can reach this machine" in capsys.readouterr().err
    with Options(websocket=str(free_port())).make_event_server() as server:
        assert not server.is_public
        assert capsys.readouterr().err == f"events: {server.address}\n"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def test_headless_tells_who_listens(monkeypatch, tmp_path):
    card = bundle(labels=("wave",))
    monkeypatch.setattr(Options, "make_model", lambda self: FakeModel(card))
    begun = threading.Event()

    class Waiting(FakePlayer):
        def read(self, timeout_s=1.0):
            assert begun.wait(30)
            return super().read(timeout_s)

    sensor = Waiting(frames_of(movement(60)), speed=float("inf"))
    monkeypatch.setattr(Options, "make_sensor", lambda self, confirm=None: sensor)
    monkeypatch.setattr(Options, "model_path", Path("fake.onnx"))
    port = free_port()
    options = Options(sensor="synthetic", headless=True, websocket=str(port), json=str(tmp_path / "out.jsonl"))
    run = threading.Thread(target=cli.run, args=(options,))
    run.start()
    try:
        until_somebody_listens(port)
        with connect(f"ws://127.0.0.1:{port}") as client:
            assert received(client)["source"] == "synthetic"
            begun.set()
            assert [(m["event"], m["action"]) for m in (received(client), received(client))] == [
                ("started", "wave"),
                ("ended", "wave"),
            ]
    finally:
        begun.set()
        run.join(30)
    assert not run.is_alive()


def until_somebody_listens(port: int) -> None:
    pause = threading.Event()
    for _ in range(3000):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            pause.wait(0.01)
        else:
            return
    raise AssertionError("nobody listens")


def test_the_client_of_the_documentation_runs(server: EventServer):
    (code,) = re.findall(r"^```python\n(.*?)^```$", DOCS.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert len(code.splitlines()) <= 10
    program = subprocess.Popen(
        [sys.executable, "-u", "-c", code.replace("8765", str(server.port))], stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        assert program.stdout.readline() == "state take.npy\n"
        server.publish(WAVE)
        assert program.stdout.readline() == "1.0 person 7 started wave\n"
    finally:
        program.kill()
        program.communicate()
