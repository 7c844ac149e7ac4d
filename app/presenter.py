"""From predictions to what is said about each person: headline, detail, label above the head. No Qt."""

from collections.abc import Mapping
from dataclasses import dataclass

from skel.app import texts
from skel.models.recognizer import UNKNOWN, Prediction


@dataclass(frozen=True)
class PersonState:
    """One person as the window shows it.

    `headline` is what the person does and with whom, or that nothing is known (then `muted`); `detail` the line below; `top`
    the most probable classes with their probability, best first.
    """

    body: int
    number: int
    headline: str
    detail: str
    muted: bool
    confidence: float = 0.0
    top: tuple[tuple[str, float], ...] = ()


def describe(bodies: Mapping[int, int], predictions: tuple[Prediction, ...], idle_label: str | None) -> list[PersonState]:
    """Everybody in view ({body id: number}) in the order of their numbers."""
    prediction_of = {prediction.person: prediction for prediction in predictions}
    ordered = sorted(bodies.items(), key=lambda item: item[1])
    return [_describe(body, bodies, prediction_of.get(body), idle_label) for body, _ in ordered]


def _describe(body: int, bodies: Mapping[int, int], prediction: Prediction | None, idle_label: str | None) -> PersonState:
    number = bodies[body]
    if prediction is None:
        return PersonState(body, number, texts.WATCHING, texts.WATCHING_HINT, muted=True)
    confidence, top = prediction.confidence, prediction.top
    if prediction.action == UNKNOWN:
        return PersonState(body, number, texts.NOT_SURE, texts.best_guess(*top[0]), True, confidence, top)
    if prediction.action == idle_label:
        return PersonState(body, number, texts.NO_ACTION, texts.confidence(confidence), True, confidence, top)
    partner = None if prediction.partner is None else bodies.get(prediction.partner)
    headline = texts.together(prediction.action, partner)
    return PersonState(body, number, headline, texts.confidence(confidence), False, confidence, top)
