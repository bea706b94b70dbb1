"""Serves an ASGI app as the service does itself, for what it is compared with."""

from granian.constants import Interfaces
from granian.server.embed import Server

from justpaid.collector import settle_collector


async def serve(app: object, port: int) -> None:
    """Serve an app on loopback until the process is ended."""
    server = Server(
        app,  # pyright: ignore[reportArgumentType]  Granian has its own name for an ASGI app
        address="127.0.0.1",
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        log_enabled=False,
    )
    settle_collector()
    await server.serve()
