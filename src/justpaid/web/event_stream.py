"""Server-sent events as an answer: until there is no more to tell, or nobody listens.

Guarantee: the source is closed whatever ends the answer; a listener who goes is noticed at once.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Final, Protocol

from fastapi import Response
from starlette.types import Receive, Scope, Send

from justpaid.web.gate_contract import HEAD_KEY

MEDIA_TYPE: Final = "text/event-stream"

_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


class EventSource(Protocol):
    """What is told: pieces of the stream as they are to be sent."""

    def pieces(self) -> AsyncIterator[bytes]:
        """Give piece after piece; its end is the answer's."""
        ...

    def close(self) -> None:
        """Let go of what the source holds; harmless when repeated."""
        ...


class EventStream(Response):
    """An answer that goes on."""

    media_type = MEDIA_TYPE

    def __init__(self, source: EventSource) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the source ends or the listener goes."""
        start = {
            "type": "http.response.start",
            "status": self.status_code,
            "headers": self.raw_headers,
        }
        tasks: list[asyncio.Task[None]] = []
        try:
            await send(start)
            if HEAD_KEY not in scope:
                tasks.append(asyncio.create_task(self._tell(send)))
                tasks.append(asyncio.create_task(_until_gone(receive)))
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                if not tasks[0].done():
                    return
                tasks[0].result()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        except OSError:  # the listener has gone
            return
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._source.close()

    async def _tell(self, send: Send) -> None:
        async for piece in self._source.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
