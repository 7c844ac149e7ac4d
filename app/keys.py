"""Which key does what in the window."""

from functools import partial
from typing import TYPE_CHECKING

from skel.app import texts
from skel.app.shortcuts import Shortcut

if TYPE_CHECKING:
    from skel.app.window import MainWindow


def shortcuts_of(window: "MainWindow") -> list[Shortcut]:
    """All of them, in the order in which the help lists them."""
    player, select, control = window.player, window.display.select_number, window.control
    review = window.review
    return [
        Shortcut(["Space"], texts.PLAY_OR_PAUSE, window.press_or_play),
        Shortcut(["Left"], texts.STEP_BACK, lambda: control(lambda: player.step(-1))),
        Shortcut(["Right"], texts.STEP_FORWARD, lambda: control(lambda: player.step(1))),
        Shortcut(["Shift+Left"], texts.SECOND_BACK, lambda: player.seek_by(-1.0)),
        Shortcut(["Shift+Right"], texts.SECOND_FORWARD, lambda: player.seek_by(1.0)),
        Shortcut(["+", "="], texts.FASTER, lambda: control(lambda: player.change_speed(1))),
        Shortcut(["-"], texts.SLOWER, lambda: control(lambda: player.change_speed(-1))),
        Shortcut(["L"], texts.LOOP_OR_NOT, lambda: control(player.toggle_loop)),
        Shortcut(["Ctrl+R"], texts.RECORD_OR_STOP, window.recorder.toggle),
        *(Shortcut([str(n)], texts.SELECT_PERSON, partial(select, n), shown="1 – 9") for n in range(1, 10)),
        Shortcut(["."], texts.NEXT_SEGMENT, lambda: review.step(1)),
        Shortcut([","], texts.SEGMENT_BEFORE, lambda: review.step(-1)),
        Shortcut(["E"], texts.LABEL_SEGMENT, review.label),
        Shortcut(["["], texts.START_HERE, review.start_here),
        Shortcut(["]"], texts.END_HERE, review.end_here),
        Shortcut(["N"], texts.NEW_SEGMENT, review.begin_here),
        Shortcut(["Del"], texts.REMOVE_SEGMENT, review.remove),
        Shortcut(["Ctrl+Z"], texts.UNDO_CORRECTION, review.undo),
        Shortcut(["Ctrl+Shift+Z", "Ctrl+Y"], texts.REDO_CORRECTION, review.redo),
        Shortcut(["Ctrl+S"], texts.SAVE_CORRECTIONS, review.save),
        Shortcut(["K"], texts.KEEP_AS_EXAMPLES, window.teacher.keep_segments),
        Shortcut(["T"], texts.TEACH_OR_NOT, window.teacher.toggle),
        Shortcut(["V"], texts.NEXT_ARRANGEMENT, window.next_arrangement),
        Shortcut(["R"], texts.RESET_VIEW, window.space.view.reset_view),
        Shortcut(["M"], texts.MIRROR_OR_NOT, window.toggle_mirror),
        Shortcut(["D"], texts.THEME_SWITCH, window.toggle_theme),
        Shortcut(["F", "F11"], texts.FULLSCREEN, window.exhibit.toggle),
        Shortcut(["Esc"], texts.LEAVE_FULLSCREEN, window.exhibit.leave),
        Shortcut(["Shift+L"], texts.LATENCY_OR_NOT, window.latency.toggle),
        Shortcut(["I"], texts.ABOUT_THE_MODEL, window.show_card),
        Shortcut(["Ctrl+O"], texts.OPEN_A_RECORDING, window.opening.ask_for_recording),
        Shortcut(["Ctrl+M"], texts.OPEN_A_MODEL, window.opening.ask_for_model),
        Shortcut(["?", "F1"], texts.SHOW_HELP, window.show_help),
        Shortcut(["Ctrl+Q"], texts.QUIT, window.close),
    ]
