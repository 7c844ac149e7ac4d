"""When an action begins and ends, as other programs are told."""

import re
from pathlib import Path

import numpy as np
from pipeline_fakes import FakeModel, bundle

from skel.app.events import ActionEvents, after
from skel.models.recognizer import UNKNOWN, Prediction, Recognizer

DOCS = Path(__file__).parents[2] / "docs" / "events.md"
IDLE = bundle({"idle_label": "g"})


def prediction(
    time_s: float, action: str, person: int = 0, confidence: float = 0.5, partner: int | None = None
) -> Prediction:
    top = ((action, confidence),)
    fields = dict.fromkeys(Prediction.__dataclass_fields__)
    known = {
        "person": person,
        "time_s": time_s,
        "action": action,
        "confidence": confidence,
        "probabilities": np.ones(1, np.float32),
        "top": top,
        "latency_ms": 1.0,
        "partner": partner,
        "since_s": 0.0,
    }
    return Prediction(**{**fields, **known})


def started(card=IDLE) -> tuple[ActionEvents, list[dict]]:
    messages: list[dict] = []
    events = ActionEvents(messages.append)
    events.begin("take.npy", "fake.onnx", Recognizer(FakeModel(card)))
    return events, messages


def actions(messages: list[dict]) -> list[tuple]:
    return [(m["event"], m["person"], m["action"], m["time_s"]) for m in messages if m["event"] in ("started", "ended")]


def test_a_change_of_action_ends_one_and_starts_the_other():
    events, messages = started()
    for time_s, action in ((0.1, "a"), (0.2, "a"), (0.3, "b"), (0.4, UNKNOWN), (0.5, "g"), (0.6, "a")):
        events.update(time_s, [prediction(time_s, action)])
    assert actions(messages) == [
        ("started", 0, "a", 0.1),
        ("ended", 0, "a", 0.3),
        ("started", 0, "b", 0.3),
        ("ended", 0, "b", 0.4),
        ("started", 0, "a", 0.6),
    ]


def test_the_end_says_when_it_began_and_how_sure_it_was():
    events, messages = started()
    events.update(1.0, [prediction(1.0, "a", confidence=0.4)])
    events.update(1.5, [prediction(1.5, "a", confidence=0.8)])
    events.end_all()
    assert messages[-1] == {
        "event": "ended",
        "time_s": 1.5,
        "person": 0,
        "action": "a",
        "partner": None,
        "confidence": 0.6,
        "started_s": 1.0,
        "ended_s": 1.5,
    }


def test_actions_are_said_to_take_place_before_they_are_named():
    events, messages = started(bundle({"start_lag_s": 0.7, "end_lag_s": 0.3}))
    for time_s, action in ((0.5, "a"), (1.0, "a"), (2.0, "b"), (3.0, UNKNOWN), (3.2, "c")):
        events.update(time_s, [prediction(time_s, action)])
    events.end_all()
    said = [
        (m["action"], m["time_s"], m["started_s"], m.get("ended_s")) for m in messages if m["event"] in ("started", "ended")
    ]
    assert said == [
        ("a", 0.5, 0.0, None),
        ("a", 2.0, 0.0, 1.7),
        ("b", 2.0, 1.7, None),
        ("b", 3.0, 1.7, 2.7),
        ("c", 3.2, 2.7, None),
        ("c", 3.2, 2.7, 2.9),
    ]


def test_what_two_people_do_names_the_other_one():
    events, messages = started()
    events.update(0.0, [prediction(0.0, "a", partner=1), prediction(0.0, "a", person=1, partner=0)])
    events.update(0.1, [prediction(0.1, "a", partner=2), prediction(0.1, "b", person=1)])
    events.update(0.2, [prediction(0.2, "a"), prediction(0.2, "b", person=1)])  # the other one is gone, but it was with them
    events.end_all()
    said = [(m["event"], m["person"], m["action"], m["partner"]) for m in messages if m["event"] in ("started", "ended")]
    assert said == [
        ("started", 0, "a", 1),
        ("started", 1, "a", 0),
        ("ended", 1, "a", 0),
        ("started", 1, "b", None),
        ("ended", 0, "a", 2),
        ("ended", 1, "b", None),
    ]
    assert [m["partner"] for m in messages if m["event"] == "prediction"] == [1, 0, 2, None, None, None]
    assert [p["partner"] for p in after(messages[0], messages[1])["people"]] == [1]


def test_the_documentation_names_every_field():
    events, messages = started()
    events.update(0.0, [prediction(0.0, "a")])
    events.end_all()
    rows = [line.split("|") for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    documented = {name.strip(" `"): set(re.findall(r"`(\w+)`", fields)) for _, name, _, fields, _ in rows}
    documented["ended"] |= documented["started"]  # "the same, …"
    for message in messages:
        assert set(message) - {"event"} <= documented[message["event"]]
    assert documented["started"] == set(messages[1]) - {"event"}


def test_who_is_away_has_ended_but_not_at_once():
    events, messages = started()
    events.update(0.0, [prediction(0.0, "a"), prediction(0.0, "b", person=1)])
    for time_s in (0.2, 0.4, 0.6):
        events.update(time_s, [prediction(time_s, "b", person=1)])
    assert actions(messages)[2:] == [("ended", 0, "a", 0.0)]
    events.update(1.2, [])
    assert actions(messages)[3:] == [("ended", 1, "b", 0.6)]


def test_seeking_back_ends_everything():
    events, messages = started()
    events.update(5.0, [prediction(5.0, "a")])
    events.update(1.0, [prediction(1.0, "a")])
    assert actions(messages) == [("started", 0, "a", 5.0), ("ended", 0, "a", 5.0), ("started", 0, "a", 1.0)]


def test_what_comes_late_from_a_run_that_has_ended_is_not_told():
    """Another thread may have recognised a frame of the source before, and tell it only now."""
    events, messages = started()
    first = events.begin("first.npy", "fake.onnx", Recognizer(FakeModel()))
    second = events.begin("second.npy", "fake.onnx", Recognizer(FakeModel()))
    messages.clear()
    events.update(9.0, [prediction(9.0, "a")], first)
    assert messages == []
    events.update(0.1, [prediction(0.1, "b")], second)
    events.stop()
    events.update(0.2, [prediction(0.2, "b")], second)
    assert actions(messages) == [("started", 0, "b", 0.1), ("ended", 0, "b", 0.1)]


def test_every_prediction_is_a_message_too():
    events, messages = started()
    events.update(0.0, [prediction(0.0, "g")])
    (message,) = (m for m in messages if m["event"] == "prediction")
    assert message["action"] == "g"
    assert message["top"] == [["g", 0.5]]


def test_the_state_follows_the_messages():
    events, messages = started()
    events.update(0.0, [prediction(0.0, "a"), prediction(0.0, "b", person=1)])
    events.update(0.1, [prediction(0.1, "c"), prediction(0.1, "b", person=1)])
    state: dict = {}
    for message in messages:
        state = after(state, message)
    assert (state["source"], state["model"], state["labels"]) == ("take.npy", "fake.onnx", list("abcdefg"))
    assert [(p["person"], p["action"], p["time_s"]) for p in state["people"]] == [(1, "b", 0.0), (0, "c", 0.1)]
    events.begin("other.npy", "fake.onnx", Recognizer(FakeModel()))
    assert actions(messages)[-2:] == [("ended", 1, "b", 0.1), ("ended", 0, "c", 0.1)]
    assert after(state, messages[-1])["people"] == []
