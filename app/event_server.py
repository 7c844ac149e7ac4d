"""A WebSocket server for events, on one thread of its own; whoever is slow there slows nobody here."""

import asyncio
import ipaddress
import json
import logging
import os
import re
import socket
import threading
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import Self

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from skel.app.events import Message, after
from skel.skeleton.errors import UserError

LOOPBACK = "127.0.0.1"
EVERYTHING = "/predictions"  # whoever connects there also gets each prediction
MOST_WAITING = 256  # messages for one client
_BUFFER_BYTES = 4096  # that the operating system is not asked to take yet
_STOP_S = 0.5
_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")


class _Client:
    """What one client has still to be sent."""

    def __init__(self, wants_predictions: bool) -> None:
        self.wants_predictions = wants_predictions
        self.waiting: deque[Message] = deque()
        self.arrived = asyncio.Event()
        self.dropped = 0

    def put(self, message: Message, state: Message) -> int:
        """Add a message; how many had to go for that, all that waited, in whose place comes the state."""
        gone = 0
        if len(self.waiting) >= MOST_WAITING:
            gone = len(self.waiting) + 1
            self.dropped += gone
            self.waiting.clear()
            message = {**state, "dropped": self.dropped}
        self.waiting.append(message)
        self.arrived.set()
        return gone


class EventServer:
    """Sends messages to everybody who is connected, from `with` on. Who comes earlier waits.

    What is published before that is the state that the first client gets. A client first gets the state of the moment. One
    that is `MOST_WAITING` messages behind loses those and gets the state anew, in which `dropped` says how many it has lost
    so far. Web pages are let in only where they come from this machine or the host that is listened on, so that no other
    page in a browser can listen in.

    Attributes:
        port: the port's number.
        dropped: messages that slow clients have lost, all together.
    """

    def __init__(self, host: str, port: int) -> None:
        """Take that host and port (0 = any that is free); `UserError` where that is impossible."""
        self._socket = _listen(host, port)
        self.port: int = self._socket.getsockname()[1]
        self.dropped = 0
        self._host = f"[{host}]" if ":" in host else host
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._clients: set[_Client] = set()  # this and the state belong to the thread
        self._state: Message = {"event": "state", "source": "", "model": "", "labels": [], "people": []}
        self._thread = threading.Thread(target=self._run, name="skel-events", daemon=True)

    @property
    def address(self) -> str:
        """Where to connect, as in ws://127.0.0.1:8765."""
        return f"ws://{self._host}:{self.port}"

    @property
    def is_public(self) -> bool:
        """Whether other machines can listen."""
        try:
            return not ipaddress.ip_address(self._host.strip("[]")).is_loopback
        except ValueError:
            return self._host != "localhost"

    def publish(self, message: Message) -> None:
        """Send a message to all; returns at once. Predictions go to those who want them."""
        with suppress(RuntimeError):  # it was closed
            self._loop.call_soon_threadsafe(self._hand_out, message)

    def close(self) -> None:
        """Say goodbye and stop listening, in a second at most; without effect the second time."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(2 * _STOP_S)

    def __enter__(self) -> Self:
        """Answer whoever connects, from now on."""
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close it."""
        self.close()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        quiet = logging.getLogger("skel.websocket")  # a client that goes away is no news
        quiet.setLevel(logging.CRITICAL)
        local = [re.compile(rf"https?://{re.escape(name)}(:\d+)?") for name in {*_LOCAL_NAMES, self._host}]
        async with serve(
            self._talk,
            sock=self._socket,
            origins=[None, *local],
            compression=None,  # messages are short, and their delay counts
            write_limit=_BUFFER_BYTES,
            close_timeout=_STOP_S,
            logger=quiet,
        ):
            await self._stop.wait()

    async def _talk(self, connection: ServerConnection) -> None:
        request = connection.request
        client = _Client(request is not None and request.path == EVERYTHING)
        client.put(self._state, self._state)
        self._clients.add(client)
        sending = asyncio.create_task(_send(client, connection))
        try:
            async for _ in connection:
                pass  # nothing that is said to us matters, but that the client goes does
        finally:
            self._clients.discard(client)
            sending.cancel()

    def _hand_out(self, message: Message) -> None:
        self._state = after(self._state, message)
        for client in self._clients:
            if client.wants_predictions or message["event"] != "prediction":
                self.dropped += client.put(message, self._state)


async def _send(client: _Client, connection: ServerConnection) -> None:
    try:
        while True:
            await client.arrived.wait()
            client.arrived.clear()
            while client.waiting:
                await connection.send(json.dumps(client.waiting.popleft()))
    except ConnectionClosed:
        pass


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except OSError as error:
        # Only the short reason of the system: Python's own text repeats the address.
        why = error.strerror if isinstance(error, socket.gaierror) else os.strerror(error.errno or 0)
        raise UserError(f"--websocket {host}:{port}: {why}; choose another port") from error


def parse_address(text: str) -> tuple[str, int]:
    """'8765' or 'HOST:8765' as host and port; without a host only this machine can connect. `UserError` for other text."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise UserError(f"--websocket {text}: give a port, for example 8765, or HOST:PORT")
    return host.strip("[]") or LOOPBACK, int(port)
