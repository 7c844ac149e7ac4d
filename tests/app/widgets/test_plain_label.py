"""Names are no markup."""

from skel.app.widgets.plain_label import PlainLabel


def test_what_looks_like_markup_is_shown_as_it_is(qtbot):
    plain, marked = PlainLabel("wave"), PlainLabel("<h1>wave</h1>")
    for label in (plain, marked):
        qtbot.addWidget(label)
    assert marked.sizeHint().height() == plain.sizeHint().height()
    assert marked.sizeHint().width() > plain.sizeHint().width()
