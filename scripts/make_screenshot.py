"""Draw the README's pictures of the window from the demo recording: `python scripts/make_screenshot.py`.

Plays the recording that comes with the program through its model up to a well recognised moment, without a display, and
writes docs/images/window-dark.png and window-light.png. Needs a font (see scripts/system_libraries.py).
"""

import os
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"  # before Qt starts

from skel.app.picture import render_demo_picture
from skel.models.pretrained import DEMO_RECORDING

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"


def main() -> None:
    """Write both pictures."""
    for theme in ("dark", "light"):
        path = IMAGES / f"window-{theme}.png"
        render_demo_picture(path, DEMO_RECORDING, theme=theme)
        print(path)


if __name__ == "__main__":
    main()
