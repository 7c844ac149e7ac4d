"""Which key does what in the window."""

from functools import partial
from typing import TYPE_CHECKING

from skel.app import texts, texts_keys
from skel.app.shortcuts import Shortcut

if TYPE_CHECKING:
    from skel.app.window import MainWindow


_TURN_PX = 40  # of a drag that turns the view as far: 14 degrees
_TURNS = {"Left": (-_TURN_PX, 0), "Right": (_TURN_PX, 0), "Up": (0, -_TURN_PX), "Down": (0, _TURN_PX)}
_NEARER = 0.9


def shortcuts_of(window: "MainWindow") -> list[Shortcut]:
    """All of them, in the order in which the help lists them."""
    player, select, control = window.player, window.display.select_number, window.control
    review, view = window.review, window.space.view
    return [
        Shortcut(["Space"], texts_keys.PLAY_OR_PAUSE, window.press_or_play),
        Shortcut(["Left"], texts.STEP_BACK, lambda: control(lambda: player.step(-1)), repeats=True),
        Shortcut(["Right"], texts.STEP_FORWARD, lambda: control(lambda: player.step(1)), repeats=True),
        Shortcut(["Shift+Left"], texts_keys.SECOND_BACK, lambda: player.seek_by(-1.0), repeats=True),
        Shortcut(["Shift+Right"], texts_keys.SECOND_FORWARD, lambda: player.seek_by(1.0), repeats=True),
        Shortcut(["+", "="], texts_keys.FASTER, lambda: control(lambda: player.change_speed(1)), repeats=True),
        Shortcut(["-"], texts_keys.SLOWER, lambda: control(lambda: player.change_speed(-1)), repeats=True),
        Shortcut(["L"], texts_keys.LOOP_OR_NOT, lambda: control(player.toggle_loop)),
        Shortcut(["Ctrl+R"], texts_keys.RECORD_OR_STOP, window.recorder.toggle),
        *(Shortcut([str(n)], texts_keys.SELECT_PERSON, partial(select, n), shown="1 – 9") for n in range(1, 10)),
        Shortcut(["."], texts_keys.NEXT_SEGMENT, lambda: review.step(1), repeats=True),
        Shortcut([","], texts_keys.SEGMENT_BEFORE, lambda: review.step(-1), repeats=True),
        Shortcut(["E"], texts_keys.LABEL_SEGMENT, review.label),
        Shortcut(["["], texts_keys.START_HERE, review.start_here),
        Shortcut(["]"], texts_keys.END_HERE, review.end_here),
        Shortcut(["N"], texts_keys.NEW_SEGMENT, review.begin_here),
        Shortcut(["Del"], texts_keys.REMOVE_SEGMENT, review.remove),
        Shortcut(["Ctrl+Z"], texts_keys.UNDO_CORRECTION, review.undo, repeats=True),
        Shortcut(["Ctrl+Shift+Z", "Ctrl+Y"], texts_keys.REDO_CORRECTION, review.redo, repeats=True),
        Shortcut(["Ctrl+S"], texts_keys.SAVE_CORRECTIONS, review.save),
        Shortcut(["K"], texts_keys.KEEP_AS_EXAMPLES, window.teacher.keep_segments),
        Shortcut(["T"], texts_keys.TEACH_OR_NOT, window.teacher.toggle),
        Shortcut(["V"], texts_keys.NEXT_ARRANGEMENT, window.next_arrangement),
        *(
            Shortcut(
                [f"Ctrl+{key}"], texts_keys.TURN_VIEW, partial(view.turn, *by_px), shown=texts_keys.CTRL_ARROWS, repeats=True
            )
            for key, by_px in _TURNS.items()
        ),
        Shortcut(["Ctrl++", "Ctrl+="], texts_keys.NEARER, partial(view.zoom, _NEARER), repeats=True),
        Shortcut(["Ctrl+-"], texts_keys.FARTHER, partial(view.zoom, 1 / _NEARER), repeats=True),
        Shortcut(["R"], texts.RESET_VIEW, view.reset_view),
        Shortcut(["M"], texts_keys.MIRROR_OR_NOT, window.toggle_mirror),
        Shortcut(["D"], texts_keys.THEME_SWITCH, window.toggle_theme),
        Shortcut(["F", "F11"], texts_keys.FULLSCREEN, window.exhibit.toggle),
        Shortcut(["Esc"], texts_keys.LEAVE_FULLSCREEN, window.exhibit.leave),
        Shortcut(["Shift+L"], texts_keys.LATENCY_OR_NOT, window.latency.toggle),
        Shortcut(["I"], texts_keys.ABOUT_THE_MODEL, window.show_card),
        Shortcut(["Ctrl+O"], texts_keys.OPEN_A_RECORDING, window.opening.ask_for_recording),
        Shortcut(["Ctrl+M"], texts_keys.OPEN_A_MODEL, window.opening.ask_for_model),
        Shortcut(["?", "F1"], texts_keys.SHOW_HELP, window.show_help),
        Shortcut(["Ctrl+Q"], texts_keys.QUIT, window.close),
    ]
