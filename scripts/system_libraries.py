"""Check for what Qt and `venv` need from the system, and install it: `python3 scripts/system_libraries.py`.

PySide6's wheels bring Qt, but neither the graphics and font libraries that it loads nor a font. What is missing is
installed with apt when run as root; otherwise the one command that does it is printed and the exit code is 1. Standard
library only, since it runs before anything is installed. On Windows and macOS nothing is needed.
"""

import ctypes
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Shared library → Debian package. Those up to D-Bus are loaded by every Qt program, the others by a real window.
PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libfontconfig.so.1": "libfontconfig1",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libwayland-cursor.so.0": "libwayland-cursor0",
}


def loads(library: str) -> bool:
    """Whether the dynamic linker finds the library."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def has_font() -> bool:
    """Whether any scalable font is in one of the folders that fontconfig reads."""
    data = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    folders = [Path.home() / ".fonts", Path.home() / ".local/share/fonts", *(Path(d) / "fonts" for d in data.split(":"))]
    return any(next(folder.rglob(f"*.{kind}"), None) for folder in folders for kind in ("ttf", "otf", "ttc", "pfb"))


def missing() -> dict[str, str]:
    """What is missing → the Debian package that has it."""
    found = {library: package for library, package in PACKAGES.items() if not loads(library)}
    if not has_font():
        found["a font"] = "fonts-dejavu-core"
    if importlib.util.find_spec("ensurepip") is None:  # Debian keeps it apart from Python itself
        found["Python's venv"] = f"python3.{sys.version_info.minor}-venv"
    return found


def apt_install(packages: list[str]) -> None:
    """Install with the package lists as they are, and where that fails (none yet, or stale ones) with fresh ones."""
    print(f"installing {' '.join(packages)}", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages]
    if subprocess.run(install, env=environment, capture_output=True, stdin=subprocess.DEVNULL).returncode:
        subprocess.run(["apt-get", "update", "-qq"], env=environment, stdin=subprocess.DEVNULL, check=False)
        subprocess.run(install, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def main() -> int:
    """Exit code: 0 when nothing is missing (any more)."""
    if sys.platform != "linux":
        return 0
    found = missing()
    apt = shutil.which("apt-get")
    if found and apt and os.geteuid() == 0:
        apt_install(list(found.values()))
        importlib.invalidate_caches()
        found = missing()
    if not found:
        return 0
    if apt:
        print(f"missing: {', '.join(found)}. Run this, then try again:", file=sys.stderr)
        print(f"  sudo apt-get update && sudo apt-get install -y {' '.join(found.values())}", file=sys.stderr)
    else:
        print(f"missing: {', '.join(found)}. Install the packages of your system that have them.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
