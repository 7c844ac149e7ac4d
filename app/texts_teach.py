"""The English texts of teaching."""

from collections.abc import Sequence

from skel.app.texts import percent, shown

TEACH = "Teach"
TEACH_HINT = "Teach an action of your own (T)"
TAUGHT_ACTIONS = "TAUGHT ACTIONS"
NEW_ACTION = "NEW ACTION"
TEACH_NEW = "Teach an action"
NOTHING_TAUGHT = "Nothing taught yet"
NOTHING_TAUGHT_HINT = (
    "Name an action and show it a few times in front of the camera. It is recognised at once, beside the others."
)
CLOSE = "Close (T)"
MORE = "More"
IMPORT = "Import…"
EXPORT = "Export…"
EXPORT_ALL = "Export all…"
RENAME = "Rename…"
REMOVE = "Remove…"
MORE_EXAMPLES = "More examples"
SHOW_EXAMPLES = "Look at the examples…"
JUDGED_HINT = "Below each stands what the other examples say that it is. Discard those that went wrong."
ARCHIVES = "Taught actions (*.zip)"
ARCHIVE_NAME = "taught.zip"

NAME = "Name of the action"
EXAMPLES = "Examples"
START = "Start"
GO_ON = "Record the rest"
STOP = "Stop"
DONE = "Done"
CANCEL = "Cancel"
KNOWN_ALREADY = "the model knows it: for fine-tuning"
NOT_LEARNED = "this model cannot learn it"
LEARNING = "Learning…"
DISCARD = "Discard this example"
HOW_TO = "Stand still, show the action when the countdown is over, and stand still again."
LIVE_ONLY_TITLE = "This is a recording"
LIVE_ONLY = "Choose a segment in the timeline, name it, and add it here as an example. Or open a camera and show the action."
NO_SOURCE = "Open a camera above, and show the action in front of it."
ADD_SEGMENT = "Add the chosen segment"
SEGMENT_WANTED = "choose a segment in the timeline first, and name it"
SOURCE_GONE = "The camera went away: start again when it is back."
SOURCE_CHANGED = "There is another source now: start again."
KEEP = "Keep"
UNKEPT_TITLE = "Examples are not kept yet"
REMOVE_TITLE = "Remove a taught action"
RENAME_TITLE = "Rename a taught action"
NEW_NAME = "New name:"
SHOW_IT = "Now!"
THEN_STILL = "Show it, then stand still"
GET_READY = "Get ready"


def times(count: int) -> str:
    """How often an action is to be shown."""
    return f"{count} times"


def example(number: int, wanted: int) -> str:
    """Which one is shown."""
    return f"Example {number} of {wanted}"


def take_name(number: int) -> str:
    """What a preview is called."""
    return f"Example {number}"


def examples(count: int) -> str:
    """How many there are."""
    return f"{count} example{'' if count == 1 else 's'}"


def examples_of(label: str) -> str:
    """What stands above them."""
    return f"Examples of {shown(label)}"


def judged(named: str, label: str) -> str:
    """What stands below an example."""
    if not named:
        return ""
    return "recognised" if named == label else f"taken for {shown(named)}"


def told_apart(right: int, count: int) -> str:
    """How many examples are named right by the others."""
    return f"{right} of {count} recognised"


def confused(label: str, probability: float) -> str:
    """What an action is taken for most."""
    return f"most like {shown(label)} ({percent(probability)})"


def learned(label: str) -> str:
    """What is said when an action has been taught."""
    return f"{shown(label)} is recognised from now on: try it"


def learned_known(label: str) -> str:
    """The same of an action that the model itself names."""
    return f"The model knows {shown(label)} already: the examples are kept for fine-tuning"


def left_out(problems: Sequence[str]) -> str:
    """What is said about damaged files among the taught actions: the first, and how many there are."""
    more = len(problems) - 1
    return f"{problems[0]}{f' (and {more} more)' if more else ''}"


def rival_untaught(model: str, why: str) -> str:
    """What is said where the model that is compared cannot be taught."""
    return f"compared without your taught actions, which {model} cannot learn: {why}"


def untaught(model: str) -> str:
    """The name of such a model in the comparison."""
    return f"{model} (untaught)"


def added(count: int, label: str) -> str:
    """What is said when examples were added without the camera."""
    if not count:
        return "That is among your actions already"
    return (
        f"Added {examples(count)} of {shown(label)} to your actions" if label else f"Added {examples(count)} to your actions"
    )


def but(said: str, problems: Sequence[str]) -> str:
    """The same where some could not be added: how many, and why the first one was not; `said` is empty where none was."""
    if not problems or not said:
        return said or left_out(problems)
    others = "another was" if len(problems) == 1 else f"{len(problems)} others were"
    return f"{said}; {others} not added: {left_out(problems)}"


def imported(labels: str) -> str:
    """What is said after an import."""
    return f"Imported: {labels}"


def exported(path: str) -> str:
    """What is said after an export."""
    return f"Exported to {path}"


def really_leave(count: int, label: str) -> str:
    """What is asked before examples would be lost."""
    of = f" of {shown(label)}" if label.strip() else ""
    return f"{examples(count)}{of} {'is' if count == 1 else 'are'} not kept yet. Keep {'it' if count == 1 else 'them'}?"


def really_remove(label: str, count: int) -> str:
    """What is asked before an action is deleted."""
    return f"Delete {shown(label)} with its {examples(count)}?"
