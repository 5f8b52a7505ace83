"""Who may ask: requests by a name that this server does not have, or from a page of somebody else, are refused.

A page on the internet can make a visitor's browser ask a server on the visitor's own machine. Either it says so (the
`Origin` header), or its name has been made to point here (DNS rebinding), and then the `Host` header is that name. So
both are checked, before anything else sees the request. Addresses in digits cannot be rebound.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Application = Callable[[Scope, Any, Any], Awaitable[None]]

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_ANY_ADDRESS = frozenset({"0.0.0.0", "::"})
_LONGEST_SHOWN = 80


class AllowedHosts:
    """The names by which this server may be asked.

    Args:
        host: What it listens on; where that is every address, any address in digits is one of its own.
        others: Further names, as `--allow-host` gives them; `*` for all.
    """

    def __init__(self, host: str, others: Iterable[str] = ()) -> None:
        self.others = frozenset(name.lower() for name in others)
        self.names = LOOPBACK | self.others | {host.lower().strip("[]")}
        self.any_address = host in _ANY_ADDRESS

    def fault(self, host: str, origin: str | None) -> str | None:
        """Why a request is refused, as a sentence; None where it is not.

        Args:
            host: The `Host` header, with its port.
            origin: The `Origin` header, where there is one.
        """
        if "*" in self.others:
            return None
        if not self._is_own(_name(host)):
            return f"this server is not called {_shown(host)}; start it with --allow-host to let that name in"
        if origin is None:
            return None
        asked = _netloc(origin)
        own = asked.lower() == host.lower() or _name(asked) in self.others
        return None if own else f"requests from pages of {_shown(origin)} are not answered"

    def _is_own(self, name: str) -> bool:
        if name in self.names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return self.any_address


class Guard:
    """The application behind the check.

    Args:
        app: What answers the requests that pass.
        allowed: The names.
    """

    def __init__(self, app: Application, allowed: AllowedHosts) -> None:
        self.app = app
        self.allowed = allowed

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Pass a request on, or answer with one sentence: 403 who may not ask, 400 what makes no sense."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        origin = headers.get(b"origin")
        fault = self.allowed.fault(
            headers.get(b"host", b"").decode("latin-1"),
            origin.decode("latin-1") if origin is not None else None,
        )
        if fault is not None:
            await _refuse(scope, send, 403, fault)
            return
        started = False

        async def watched(message: MutableMapping[str, Any]) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception:  # the library stumbles over a request that no page of its own sends
            if not started:
                await _refuse(scope, send, 400, "this request is not understood; see the API's page")


async def _refuse(scope: Scope, send: Any, status: int, sentence: str) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": sentence.encode()})


def _netloc(origin: str) -> str:
    """Host and port of an address; nothing for what is none."""
    try:
        return urlsplit(origin).netloc
    except ValueError:  # brackets that are no address
        return ""


def _name(netloc: str) -> str:
    """A host without its port."""
    try:
        return (urlsplit(f"//{netloc}").hostname or "").lower()
    except ValueError:
        return ""


def _shown(text: str) -> str:
    return repr(text[:_LONGEST_SHOWN])
