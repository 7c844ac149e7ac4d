"""An example of an action as the live recogniser would have seen it: its windows at the moments at which it shows."""

import numpy as np
import numpy.typing as npt

from skel.models.bundle import Bundle
from skel.skeleton.clip import make_clip
from skel.skeleton.layouts import convert
from skel.skeleton.recording import Recording

_SHARE = 2 / 3
"""With windows that hold less of the movement taught actions begin earlier, but are also named instead of others."""
_EVERY_S = 0.1
_MOST = 24  # moments: a long example takes no longer


def example_clips(recording: Recording, start_s: float, end_s: float, bundle: Bundle) -> npt.NDArray[np.float32]:
    """Clips (w, D, 3, T, V, M): at w moments those of the bundle's D window durations, of a recording's first body.

    The moments are those at which, on average over the durations, the windows hold two thirds of the movement from `start_s`
    to `end_s` or more, or are filled by it to that share. At least one: the movement's end, or the recording's last frame.
    """
    config, durations_s = bundle.clip, np.array(bundle.live.window_durations_s)
    positions_m = convert(recording.positions_m[:, :1], recording.layout, config.skeleton_layout())
    times_s = recording.times_s - recording.times_s[0]
    moments_s = np.arange(start_s + _EVERY_S, min(end_s + durations_s.max(), times_s[-1]), _EVERY_S)[:, None]  # (n, 1)
    held_s = np.minimum(moments_s, end_s) - np.maximum(moments_s - durations_s, start_s)  # (n, D)
    shares = np.maximum(held_s, 0) / np.minimum(durations_s, end_s - start_s)
    chosen_s = moments_s[shares.mean(axis=1) >= _SHARE, 0]
    if len(chosen_s) > _MOST:
        chosen_s = chosen_s[np.linspace(0, len(chosen_s) - 1, _MOST).round().astype(int)]
    if not len(chosen_s):
        chosen_s = np.array([min(end_s, float(times_s[-1]))])
    spans = [[(float(now_s - d), float(now_s)) for d in durations_s] for now_s in chosen_s]
    return np.stack([[make_clip(positions_m, times_s, config, span) for span in row] for row in spans])
