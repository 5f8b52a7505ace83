"""Requests by other names, from other pages and without sense are answered with a sentence."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blip2idc.app.guard import AllowedHosts, Guard


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["path"] == "/stumble":
        raise KeyError(99)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"fine"})


def ask(
    allowed: AllowedHosts, host: str | None, origin: str | None = None, path: str = "/"
) -> tuple[int, str]:
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"host", host.encode())] if host is not None else []
    headers += [(b"origin", origin.encode())] if origin is not None else []
    scope = {"type": "http", "path": path, "headers": headers}
    asyncio.run(Guard(application, allowed)(scope, None, send))
    return sent[0]["status"], sent[1]["body"].decode()


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:7860", None, 200),
        ("localhost:7860", None, 200),
        ("[::1]:7860", None, 200),
        ("127.0.0.1:7860", "http://127.0.0.1:7860", 200),
        ("evil.com", None, 403),
        ("evil.com:7860", "http://evil.com:7860", 403),
        ("localhost.evil.com", None, 403),
        ("127.0.0.1.evil.com", None, 403),
        ("192.168.1.5:7860", None, 403),
        ("127.0.0.1:7860", "http://evil.com", 403),
        ("127.0.0.1:7860", "http://localhost:3000", 403),
        ("127.0.0.1:7860", "null", 403),
        ("127.0.0.1:7860", "http://[::1", 403),
        ("127.0.0.1:7860", "[", 403),
        ("[", None, 403),
        (None, None, 403),
        ("", None, 403),
    ],
)
def test_a_server_of_this_machine(host: str | None, origin: str | None, status: int) -> None:
    assert ask(AllowedHosts("127.0.0.1"), host, origin)[0] == status


def test_names_that_are_allowed() -> None:
    allowed = AllowedHosts("127.0.0.1", ["Demo.example.org"])
    assert ask(allowed, "demo.example.org")[0] == 200
    assert ask(allowed, "127.0.0.1:7860", "https://demo.example.org")[0] == 200  # behind a proxy
    assert ask(allowed, "other.example.org")[0] == 403
    assert ask(AllowedHosts("127.0.0.1", ["*"]), "other.example.org", "http://evil.com")[0] == 200


def test_on_every_address_digits_are_allowed_and_names_are_not() -> None:
    allowed = AllowedHosts("0.0.0.0")
    assert ask(allowed, "192.168.1.5:7860")[0] == 200
    assert ask(allowed, "192.168.1.5:7860", "http://evil.com")[0] == 403
    assert ask(allowed, "evil.com")[0] == 403


def test_refusals_are_sentences() -> None:
    allowed = AllowedHosts("127.0.0.1")
    assert ask(allowed, "evil.com" * 99)[1].endswith("start it with --allow-host to let that name in")
    assert len(ask(allowed, "evil.com" * 99)[1]) < 200
    assert ask(allowed, "localhost", path="/stumble") == (
        400,
        "this request is not understood; see the API's page",
    )
