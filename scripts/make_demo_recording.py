"""Write the recording that `skel-app --demo` plays: the synthetic actor, one person, about a minute.

python scripts/make_demo_recording.py
"""

from skel.models.pretrained import DEMO_RECORDING
from skel.sensors.synthetic import perform
from skel.skeleton.recording import Recording, save_recording

SCRIPT = (
    "wave",
    "clap",
    "boxing",
    "arm curl",
    "squat",
    "throw",
    "jog",
    "push",
    "arms cross",
    "swipe right",
    "lunge",
    "draw circle clockwise",
    "walk",
    "swipe left",
    "stand to sit",
    "sit to stand",
)


def demo_recording() -> Recording:
    """(1800, 1, 25, 3) at 30 frames a second, each action of the script once, with the noise of a good depth camera."""
    return perform(seed=6, duration_s=60.0, script=SCRIPT, jitter_m=0.004)


if __name__ == "__main__":
    recording = demo_recording()
    save_recording(DEMO_RECORDING, recording)
    print(f"{DEMO_RECORDING}: {recording.duration_s:g} s, {', '.join(segment.label for segment in recording.segments)}")
