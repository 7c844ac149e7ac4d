"""An example of an action as the live recogniser would have seen it: the windows that ended while it was shown."""

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.skeleton.clip import make_clip
from skel.skeleton.layouts import convert
from skel.skeleton.recording import Recording

_SHARE = 0.6  # of the movement, or of the window where that is shorter, that a window must hold to stand for it
_EVERY_S = 0.15
_MOST = 8  # of each duration, so that a long example takes no longer


def example_clips(recording: Recording, start_s: float, end_s: float, bundle: Bundle) -> npt.NDArray[np.float32]:
    """Clips (w, 3, T, V, M) of a movement from `start_s` to `end_s` of a recording's first body.

    First the movement alone, then for each of the bundle's window durations the live windows of which it, or which of it,
    fill at least three fifths. Before the recording's first frame the person is taken to have come into view with it.
    """
    config = bundle.clip
    positions_m = convert(recording.positions_m[:, :1], recording.layout, config.skeleton_layout())
    times_s = recording.times_s - recording.times_s[0]
    spans = [(start_s, end_s)]
    for duration_s in bundle.live.window_durations_s:
        needed_s = _SHARE * min(duration_s, end_s - start_s)
        first_s, last_s = start_s + needed_s, min(end_s + duration_s - needed_s, float(times_s[-1]))
        count = min(int((last_s - first_s) / _EVERY_S) + 1, _MOST)
        spans += [(float(now_s) - duration_s, float(now_s)) for now_s in np.linspace(first_s, max(last_s, first_s), count)]
    clips = np.stack([make_clip(positions_m, times_s, config, span) for span in spans])
    return np.asarray(clips[clips.any(axis=(1, 2, 3, 4))])
