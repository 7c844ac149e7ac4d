"""What the model's card says."""

from dataclasses import replace

from skel.app import texts_card
from skel.app.card import card_of
from skel.models.runtime import OnnxModel


class Measured:
    """A model with figures of its own."""

    def __init__(self, model: OnnxModel, metrics: dict) -> None:
        self.bundle, self.path, self.device = replace(model.bundle, metrics=metrics), model.path, model.device


def test_each_protocol_is_told_once(model: OnnxModel):
    for section in card_of(model):
        said = [text for name, text in section.rows if name == texts_card.PROTOCOL]
        assert len(said) == len(set(said))
    protocol = "people that it never saw"
    metrics = {
        "top1": {"value": 0.8995, "protocol": protocol},
        "note": 3,
        "stream_delay_s": {"value": 1.267, "protocol": "joined clips"},
        "top5": {"value": 0.98, "protocol": protocol},
    }
    (rows,) = (section.rows for section in card_of(Measured(model, metrics)) if section.title == texts_card.MEASURED)
    assert rows == (
        ("top-1", "89.95 %"),
        ("top-5", "98 %"),
        (texts_card.PROTOCOL, protocol),
        ("note", "3"),
        ("delay in streams", "1.27 s"),
        (texts_card.PROTOCOL, "joined clips"),
    )


def test_without_figures_it_says_so(model: OnnxModel):
    (rows,) = (section.rows for section in card_of(Measured(model, {})) if section.title == texts_card.MEASURED)
    assert rows == ((texts_card.NOT_STATED, ""),)
