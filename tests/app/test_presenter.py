"""What is said about each person."""

import numpy as np

from skel.app import texts
from skel.app.presenter import describe
from skel.models.recognizer import UNKNOWN, Prediction


def prediction(person: int, action: str, partner: int | None = None) -> Prediction:
    top = (("draw_circle", 0.62), ("wave", 0.2))
    return Prediction(person, 1.0, action, 0.62, np.ones(2, np.float32), top, 5.0, partner)


def test_everybody_in_view_in_the_order_of_their_numbers():
    states = describe({9: 2, 4: 1, 5: 3}, (prediction(9, "draw_circle"), prediction(4, UNKNOWN)), idle_label="idle")
    assert [(s.body, s.headline, s.muted) for s in states] == [
        (4, texts.NOT_SURE, True),
        (9, "Draw circle", False),
        (5, texts.WATCHING, True),
    ]
    assert states[0].detail == "best guess: Draw circle, 62 %"
    assert states[1].detail == "62 % confident"


def test_what_two_people_do_names_the_other_one_by_the_number_on_the_screen():
    states = describe({9: 2, 4: 1}, (prediction(9, "shake_hands", 4), prediction(4, "shake_hands", 7)), idle_label=None)
    assert [s.headline for s in states] == ["Shake hands", "Shake hands with person 1"]  # 7 is not in view


def test_idle_is_no_action():
    (state,) = describe({1: 1}, (prediction(1, "still"),), idle_label="still")
    assert (state.headline, state.muted) == (texts.NO_ACTION, True)


def test_texts():
    assert texts.clock(0) == "0:00.0"
    assert texts.clock(75.25) == "1:15.2"
    assert texts.clock(0.3) == "0:00.3"
    assert texts.clock(3599.99) == "59:59.9"
    assert texts.clock(-1) == "0:00.0"
    assert texts.percent(0.126) == "13 %"
    assert texts.shown("tennis_serve") == "Tennis serve"
    assert texts.shown("") == ""
    assert texts.together("point_finger_at_the_other_person", 2) == "Point finger at person 2"
    assert texts.together("touch other person's pocket", 1) == "Touch person 1's pocket"
    assert texts.together("hugging other person", None) == "Hugging other person"
    assert texts.speed(0.25) == "0.25×"
