"""Pictures of people stay on the computer: nothing opens a socket while a video is looked at."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("mediapipe")

# Put before the C library, it notes each way into the network, whichever language takes it.
WATCH = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static void note(const char *what) {
    FILE *log = fopen(getenv("NETWORK_LOG"), "a");
    if (log) { fprintf(log, "%s\n", what); fclose(log); }
}
int socket(int domain, int type, int protocol) {
    static int (*real)(int, int, int);
    if (!real) real = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
    if (domain == AF_INET || domain == AF_INET6) note("socket");
    return real(domain, type, protocol);
}
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    note("getaddrinfo");
    return EAI_FAIL;
}
"""

LOOK = """
import math, sys
from pathlib import Path
from skel.sensors.base import EndOfStream
from skel.sensors.video import VideoSensor
count = people = 0
with VideoSensor(sys.argv[1], pose_model=Path(sys.argv[2]), speed=math.inf) as sensor:
    try:
        while True:
            people += len(sensor.read(60).body_ids)
            count += 1
    except EndOfStream:
        print(count, people)
"""
REACH_OUT = "import socket; socket.socket().close(); socket.has_ipv6 and socket.socket(socket.AF_INET6).close()"
RESOLVE = "import socket\ntry: socket.getaddrinfo('localhost', 1)\nexcept OSError: pass"


@pytest.fixture(scope="module")
def watch(tmp_path_factory: pytest.TempPathFactory) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if not sys.platform.startswith("linux") or compiler is None:
        pytest.skip("needs Linux and a C compiler")
    folder = tmp_path_factory.mktemp("watch")
    (folder / "watch.c").write_text(WATCH)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", folder / "watch.so", folder / "watch.c", "-ldl"], check=True)
    return folder / "watch.so"


def watched(watch: Path, log: Path, code: str, *arguments: Path) -> tuple[str, list[str]]:
    """What Python code prints, and what it wanted of the network."""
    environment = {**os.environ, "LD_PRELOAD": str(watch), "NETWORK_LOG": str(log)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return ended.stdout, log.read_text().split() if log.exists() else []


def test_a_video_is_looked_at_without_the_network(watch: Path, shared: Path, tmp_path: Path):
    model = shared / "models" / "pose_landmarker_lite.task"
    printed, wanted = watched(watch, tmp_path / "log", LOOK, shared / "media" / "squat.mp4", model)
    assert printed.split() == ["85", "85"]
    assert wanted == []


@pytest.mark.parametrize(("code", "noted"), [(REACH_OUT, "socket"), (RESOLVE, "getaddrinfo")])
def test_the_watch_would_notice(watch: Path, tmp_path: Path, code: str, noted: str):
    assert noted in watched(watch, tmp_path / "log", code)[1]
