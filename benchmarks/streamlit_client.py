"""A client that speaks Streamlit's own protocol over a websocket, without a browser.

Frames are protobuf: the client sends a BackMsg, the server answers with ForwardMsg frames up to
`script_finished`. Written against Streamlit 1.67.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

VALUE_FIELDS = {
    "selectbox": "string_value",
    "segmented_control": "string_array_value",
    "button_group": "string_array_value",
}


@dataclass
class Run:
    """One run of the page's script as the browser saw it."""

    seconds: float = 0.0
    frames: list[bytes] = field(default_factory=list)
    elements: list[Any] = field(default_factory=list)
    exceptions: list[str] = field(default_factory=list)
    session_id: str = ""
    page_script_hash: str = ""

    @property
    def bytes_received(self) -> int:
        return sum(len(frame) for frame in self.frames)


class StreamlitClient:
    """One session. `url` is the page's http address; cookies and headers as a browser would send them."""

    def __init__(
        self,
        url: str,
        cookies: Mapping[str, str] | None = None,
        origin: str | None = None,
        host: str | None = None,
        timeout: float = 60.0,
    ) -> None:
        self.url = url.rstrip("/").replace("http", "ws", 1) + "/_stcore/stream"
        self.cookies = dict(cookies or {})
        self.origin = origin
        self.host = host
        self.timeout = timeout
        self.page_script_hash = ""
        self.socket: Any = None

    async def __aenter__(self) -> StreamlitClient:
        headers = {}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.host:
            headers["Host"] = self.host
        protocols = ["streamlit"]
        if "_streamlit_xsrf" in self.cookies:
            protocols.append(self.cookies["_streamlit_xsrf"].strip('"'))
        self.socket = await websockets.connect(
            self.url,
            subprotocols=[websockets.Subprotocol(name) for name in protocols],
            origin=websockets.Origin(self.origin) if self.origin else None,
            additional_headers=headers,
            max_size=None,
            open_timeout=self.timeout,
            ping_interval=None,
            compression=None,
            proxy=None,
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def send(self, message: BackMsg) -> None:
        await self.socket.send(message.SerializeToString())

    async def run(self, **asked: Any) -> Run:
        """Run the script, asked for as in `ask`, and wait until it has finished.

        Raises TimeoutError, or websockets.ConnectionClosed when the server hangs up.
        """
        started = time.perf_counter()
        await self.ask(**asked)
        result = await self.read()
        result.seconds = time.perf_counter() - started
        return result

    async def ask(
        self,
        page_name: str = "",
        page_script_hash: str | None = None,
        query: str = "",
        widget: tuple[str, str, Any] | None = None,
        fragment_id: str = "",
    ) -> None:
        """Ask for a run without waiting for it. `widget` is (id, value field, value)."""
        message = BackMsg()
        state = message.rerun_script
        state.query_string = query
        state.page_name = page_name
        state.page_script_hash = self.page_script_hash if page_script_hash is None else page_script_hash
        state.fragment_id = fragment_id
        state.context_info.timezone = "America/Chicago"
        state.context_info.locale = "en-US"
        state.widget_states.SetInParent()
        if widget is not None:
            entry = state.widget_states.widgets.add()
            entry.id = widget[0]
            if widget[1].endswith("array_value"):
                getattr(entry, widget[1]).data.extend(widget[2])
            else:
                setattr(entry, widget[1], widget[2])
        await self.send(message)

    async def read(self) -> Run:
        """Frames up to the end of the run."""
        result = Run()
        while True:
            frame = await asyncio.wait_for(self.socket.recv(), self.timeout)
            result.frames.append(frame)
            forward = ForwardMsg()
            forward.ParseFromString(frame)
            kind = forward.WhichOneof("type")
            if kind == "new_session":
                result.session_id = forward.new_session.initialize.session_id or result.session_id
                self.page_script_hash = forward.new_session.page_script_hash or self.page_script_hash
                result.page_script_hash = self.page_script_hash
            elif kind == "navigation":
                # The page that was found by its name: what a browser asks for from then on.
                self.page_script_hash = forward.navigation.page_script_hash
                result.page_script_hash = self.page_script_hash
            elif kind == "delta" and forward.delta.WhichOneof("type") == "new_element":
                element = forward.delta.new_element
                result.elements.append(element)
                if element.WhichOneof("type") == "exception":
                    result.exceptions.append(f"{element.exception.type}: {element.exception.message}"[:200])
            elif kind == "script_finished":
                if forward.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                    continue
                return result


def choices(run: Run) -> list[tuple[str, str, list[str]]]:
    """Widgets of a run that offer a choice: (id, value field, options)."""
    found = []
    for element in run.elements:
        if element.WhichOneof("type") == "selectbox" and len(element.selectbox.options) > 1:
            found.append((element.selectbox.id, "string_value", list(element.selectbox.options)))
    return found
