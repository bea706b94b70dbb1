"""Sorts what can go wrong on the wire into a reason, and a message without secrets."""

import socket
import ssl

import aiohttp

from justpaid.outbound.messages import Reason
from justpaid.outbound.resolver import BlockedAddress


def explain_connect(error: aiohttp.ClientConnectorError, place: str) -> tuple[Reason, str]:
    """Say why no connection came about: nothing of the request was written."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        cause = error.certificate_error
        detail = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else ""
        return Reason.TLS, f"the certificate of {place} was not accepted: {detail or 'invalid'}"
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        if isinstance(error.os_error, BlockedAddress):
            return Reason.BLOCKED, blocked_message(place)
        return Reason.NAME_NOT_FOUND, f"the name of {place} was not found"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return Reason.TLS, f"no TLS connection to {place} came about"
    if isinstance(error.os_error, socket.gaierror):
        return Reason.NAME_NOT_FOUND, f"the name of {place} was not found"
    return Reason.REFUSED, f"{place} refused the connection or cannot be reached"


def explain_exchange(error: Exception, place: str) -> tuple[Reason, str]:
    """Say what broke after the connection stood: the request may have arrived."""
    if isinstance(error, aiohttp.ClientPayloadError | aiohttp.ClientResponseError):
        return unreadable(place)
    return Reason.RESET, f"{place} closed the connection before its answer was complete"


def unreadable(place: str) -> tuple[Reason, str]:
    """Say that what came back is no answer."""
    return Reason.PROTOCOL, f"the answer of {place} cannot be read"


def blocked_message(place: str) -> str:
    """Tell what an operator can do about a blocked address."""
    return (
        f"{place} is not on the public internet; an operator can open it with "
        "JUSTPAID_OUTBOUND_ALLOW"
    )
