"""Every English text of the window, in one place."""

from collections.abc import Sequence

APP = "skel-app"

# Header
SOURCE = "Source"
MODEL = "Model"
OPEN_RECORDING = "Open recording…"
OPEN_VIDEO = "Open video…"
VIDEOS = "Videos"
WEBCAM = "Webcam"
OTHER_CAMERA = "Other camera…"
KINECT = "Azure Kinect"
CONNECTED_SENSOR = "Connected camera"
CAMERAS = {"auto": CONNECTED_SENSOR, "webcam": WEBCAM, "kinect": KINECT}
DEMO_RECORDING = "Demo recording"
SYNTHETIC_ACTOR = "Synthetic actor"
NO_SOURCE = "none"
BUILT_IN_MODEL = "Built-in"
OPEN_MODEL = "Open model…"
RECORDINGS_FILTER = "Recordings (*.npy)"
MODELS_FILTER = "Models (*.onnx)"
MIRROR = "Mirror the view"
THEME = "Dark or light"
HELP = "Keyboard shortcuts"
RESET_VIEW = "Reset the view"
ARRANGEMENT = "Picture and 3D view"
ARRANGEMENTS = {
    "picture first": "Picture, 3D in the corner",
    "space first": "3D, picture in the corner",
    "picture": "Picture only",
    "space": "3D only",
}
NO_PICTURE = "This source gives no picture"

# Cameras
CAMERA_NUMBER = "Number of the camera (the first is 0):"


def camera(number: int) -> str:
    """What a camera is called that is known by its number."""
    return f"{WEBCAM} {number}" if number else WEBCAM


# Recording
RECORD = "Record"
RECORD_HINT = "Record what the sensor gives (Ctrl+R)"
RECORD_LIVE_ONLY = "Only what a camera gives can be recorded: this is a recording, or nothing is running"
STOP_RECORDING = "Stop recording"
STOP_RECORDING_HINT = "Stop recording (Ctrl+R)"
RECORDING_OPTIONS = "How to record"
RECORD_PICTURE = "Also record the picture"
CHOOSE_FOLDER = "Choose folder…"
RECORDINGS_FOLDER = "Folder for recordings"
PLAY_IT = "Play it"
PLAY_DEMO = "Play the demo"
NOTHING_RECORDED = "Nothing was recorded: no frame came while recording."


def recorded(time_s: float, frames: int) -> str:
    """What the button says while recording: '0:12 · 368 frames'."""
    seconds = int(time_s)
    return f"{seconds // 60}:{seconds % 60:02d} · {frames} frames"


def recording_options(folder: str) -> str:
    """The tooltip of the recording's menu."""
    return f"{RECORDING_OPTIONS}\nrecordings are put into {folder}"


def recording_saved(path: str, frames: int, problem: str = "") -> str:
    """What is said when a recording has ended."""
    return f"Recorded {frames} frames in {path}" + (f" – but {problem}" if problem else "")


def recording_trouble(problem: str) -> str:
    """What is said when something is wrong with a recording."""
    return f"Recording: {problem}"


DEVICES = {"cpu": "CPU", "cuda": "NVIDIA GPU"}


def window_title(source: str) -> str:
    """The title of the window that shows a source."""
    return f"{source}[*] – {APP}"  # Qt puts a star there while anything is unsaved


def source_card(title: str, mode: str) -> str:
    """The source picker's tooltip."""
    return f"{title}\nskeletons: {mode}" if mode else title


def model_card(path: str, labels: Sequence[str], device: str) -> str:
    """The model picker's tooltip."""
    return f"{path}\n{len(labels)} actions: {', '.join(labels)}\nruns on: {device}"


def compared(model: str, rival: str) -> str:
    """The name in the header while two models are compared."""
    return f"{model} / {rival}"


# Views
PICTURE_VIEW = "Picture of the sensor"
PICTURE_MISSING = "No new picture at the moment"
SKELETON_VIEW = "Skeletons in space"
SKELETON_VIEW_HINT = "Drag to turn, wheel to zoom, double click to reset; ? lists the rest"
LEFT_SIDE = "left side"
RIGHT_SIDE = "right side"
NO_SOURCE_TITLE = "Nothing to show yet"
NO_SOURCE_HINT = "Choose a source above, or drop a recording (.npy) or a video here."
NO_SOURCE_HINT_BARE = "Press F to leave the full screen and choose a source, or drop a recording (.npy) or a video here."
OPENING_TITLE = "Opening…"
OPENING_HINT = "The pose model or a camera can take some seconds."
NOBODY_TITLE = "Nobody in view"
NOBODY_HINT = "Step in front of the sensor, about two metres away, so that your whole body is seen."
NOBODY_HINT_RECORDING = "Nobody is tracked at this moment of the recording: play on or seek."
FAILED_TITLE = "The source has stopped"
FAILED_HINT = "Choose a source above to go on."
FAILED_HINT_BARE = "Press F to leave the full screen and choose another source."
NOT_OPENED_TITLE = "The source could not be opened"
NOT_OPENED_HINT = "Above it says why. Choose another source, open a recording or play the demo."
RECONNECTING_TITLE = "Connection lost"
RECONNECTING_HINT = "Trying to connect again. Is the camera plugged in?"
DOWNLOADING = "Downloading… The camera starts as soon as that is done."
WAITING = "No frames are coming at the moment: waiting for the sensor."

# Prediction panel
ACTION_NOW = "RECOGNISED ACTION"
PEOPLE = "PEOPLE"
TOP_FIVE = "TOP FIVE"
WATCHING = "Watching…"
WATCHING_HINT = "collecting the first second"
NOT_SURE = "Not sure"
NO_ACTION = "No action"
NOBODY = "Nobody"
TOP_FIVE_HINT = "The most probable actions appear here."


def best_guess(label: str, probability: float) -> str:
    """What is said below 'not sure'."""
    return f"best guess: {shown(label)}, {percent(probability)}"


def confidence(probability: float) -> str:
    """What is said below an action."""
    return f"{percent(probability)} confident"


def person(number: int) -> str:
    """A person's name."""
    return f"Person {number}"


def together(label: str, number: int | None) -> str:
    """What two people do: 'Handshaking with person 2', 'Hugging person 2'; None = nobody is near enough to be the other one.

    NTU's names of mutual actions, as 'point finger at the other person', have a place for whom it is.
    """
    action = shown(label)
    if number is None:
        return action
    whom = f"person {number}"
    to_whom = action.replace("the other person", whom).replace("other person", whom)
    return to_whom if to_whom != action else f"{action} with {whom}"


def percent(probability: float) -> str:
    """0.873 → '87 %'."""
    return f"{100 * probability:.0f} %"


def shown(label: str) -> str:
    """A class name as it is shown: words instead of underscores, a capital first."""
    words = label.replace("_", " ").strip()
    return words[:1].upper() + words[1:]


# Timeline
TIMELINE = "PROBABILITY OVER TIME"
TIMELINE_NAME = "Timeline of the classes' probability"
RECOGNISED_LANE = "recognised"
TRUTH_LANE = "recording"
NOW = "now"
TIMELINE_SEEK_HINT = "Click to go to that moment"


def timeline_of(number: int | None) -> str:
    """The heading, with the person's number where there are several."""
    return TIMELINE if number is None else f"{TIMELINE} · {person(number).upper()}"


def segment_card(number: int | None, label: str, duration_s: float) -> str:
    """A segment's tooltip: 'Person 2: Walk, 1.6 s'."""
    said = f"{shown(label)}, {duration_s:.1f} s"
    return said if number is None else f"{person(number)}: {said}"


# Review
TRUTH_LANE_HINT = "Drag here to mark what happens"
FIND_OR_NAME = "Find or name an action…"
NOTHING_HAPPENS = "No action here"
UNDO = "Undo"
UNDO_HINT = "Take back the last correction (Ctrl+Z)"
REDO = "Redo"
REDO_HINT = "Make it again (Ctrl+Shift+Z)"
SAVE = "Save"
SAVE_HINT = "Write the corrections into the recording (Ctrl+S)"
SAVE_A_COPY = "Save a copy…"
KEEP_EXAMPLES = "Keep as examples"
KEEP_EXAMPLES_HINT = "Add what you have corrected to your taught actions (K)"
UNSAVED_TITLE = "Corrections are not saved"
RECORDING_NAME = "recording.npy"
NO_FILE_OF_YOURS = "This recording comes with the program and is left as it is: save a copy of it"


def new_action(name: str) -> str:
    """The entry for an action that nobody has named before."""
    return f"New: “{name}”"


def unsaved(title: str) -> str:
    """What is asked before a recording with corrections is left."""
    return f"You have corrected {title}. Save the corrections?"


def segments_saved(path: str, count: int) -> str:
    """What is said when corrections were saved."""
    return f"Saved {count} segment{'' if count == 1 else 's'} in {path}"


# Transport
PLAY = "Play"
PAUSE = "Pause"
STEP_BACK = "One frame back"
STEP_FORWARD = "One frame forward"
SEEK = "Position"
SPEED = "Speed"
LOOP = "Start over at the end"


def clock(time_s: float) -> str:
    """75.25 → '1:15.2'."""
    tenths = int(10 * max(time_s, 0.0) + 1e-6)
    return f"{tenths // 600}:{tenths // 10 % 60:02d}.{tenths % 10}"


def speed(factor: float) -> str:
    """0.25 → '0.25×'."""
    return f"{factor:g}×"


# Status line
SENSOR_RATE = "sensor"
INFERENCE = "inference"
FRAME_TO_SCREEN = "frame → screen"
DROPS = "drops"
DEVICE = "runs on"
LATENCY = "Latency"
LATENCY_TOGGLE_HINT = "Show latency, or not (Shift+L)"
STATUS_HINT = (
    "sensor: frames a second\ninference: window and model, median of the last seconds\n"
    "frame → screen: from a frame's arrival to the end of its painting, median of the last seconds\n"
    "drops: frames lost by the sensor or the queue"
)

# First steps
WELCOME = "New here?"
TRY_DEMO = "Play the demo"
TRY_CAMERA = "Use a camera"
TRY_TEACHING = "Teach an action"
TRY_KEYS = "See the keys (?)"

# Comparison
COMPARE_WITH = "Compare with…"
STOP_COMPARING = "Stop comparing"
ABOUT_MODEL = "About this model…"

# Banner and dialogs
DISMISS = "Dismiss"
OUR_FAULT = "Something went wrong in the program"
NO_FONTS = "no font is installed, so letters will be boxes: install one, on Debian or Ubuntu apt install fonts-dejavu-core"
SHORTCUTS_TITLE = "Keyboard shortcuts"
MOUSE_TITLE = "Mouse"
MOUSE = (
    ("Drag", "Turn the view"),
    ("Right drag, Shift drag", "Move the view"),
    ("Wheel", "Zoom"),
    ("Double click", "Reset the view"),
    ("Click a person", "Select"),
    ("Click the timeline", "Seek (recordings)"),
    ("Click a segment", "Choose what it is"),
    ("Drag a segment's end", "Move it"),
    ("Drag beside segments", "Mark a new one"),
    ("Drop a file", "Open a recording (.npy), video, model (.onnx)\nor taught actions (.zip)"),
)
