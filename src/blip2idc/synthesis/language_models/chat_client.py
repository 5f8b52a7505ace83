"""One question to a server that speaks OpenAI's protocol, and what its answer means.

In: a system text, a user text, a seed. Out: a `Reply` that holds a text, or says what went wrong, whether asking again
may help, and how long the server wants to be left alone. When to ask again is decided by the caller
(`language_model.ServerLanguageModel`). The key comes from the environment variable OPENAI_API_KEY; it goes into the
header of requests and nowhere else. openai is imported when a client is made.
"""

from __future__ import annotations

import email.utils
import importlib
import ipaddress
import json
import os
import time
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from blip2idc.errors import ConfigError, MissingExtraError

#: Where requests go if neither the settings nor the environment name a server.
OPENAI_ADDRESS = "https://api.openai.com/v1"
#: Bytes of a response; an answer of a few hundred tokens has a few thousand.
LARGEST_RESPONSE = 1_000_000
#: Statuses after which the same request may succeed, beside all from 500 on.
TRANSIENT = frozenset({408, 409, 425, 429})
#: The seed in the protocol is a number of 64 bits with a sign; some servers take fewer.
_SEEDS = 2**31
#: Sent as the key where there is none; the client insists on one.
_NO_KEY = "none"


@dataclass(frozen=True)
class Reply:
    """What one attempt brought.

    Attributes:
        text: The answer; None where there is none.
        fault: Why there is none, as a clause.
        again: Whether asking again may help.
        unreachable: Whether no server answered: no connection, or none in time.
        malformed: Whether what came was not an answer, so that another seed may help.
        wait: Seconds the server wants to be left alone, if it said so.
    """

    text: str | None = None
    fault: str | None = None
    again: bool = False
    unreachable: bool = False
    malformed: bool = False
    wait: float | None = None


class ChatClient:
    """Asks one server, with the official client, whose own repetition is switched off; threads may share it.

    Args:
        model: The name under which the server serves the model.
        base_url: Of the server; None for OPENAI_BASE_URL, and where that is not set either, `OPENAI_ADDRESS`.
        timeout: Seconds for one attempt.
        temperature: Of the sampling.
        top_p: Of the sampling.
        max_tokens: Longest answer.

    Raises:
        ConfigError: The address or the key cannot be used, or the key is missing.
        MissingExtraError: openai is not installed.
    """

    def __init__(
        self,
        model: str,
        base_url: str | None = None,
        *,
        timeout: float = 60.0,
        temperature: float = 0.7,
        top_p: float = 0.95,
        max_tokens: int = 80,
    ) -> None:
        try:
            self._openai: Any = importlib.import_module("openai")
        except ImportError:
            raise MissingExtraError("synthesis", "the client for language model servers") from None
        address = _address(base_url)
        hooks = {"response": [_bounded(self._openai, timeout)]}
        http = self._openai.DefaultHttpxClient(event_hooks=hooks, follow_redirects=False, timeout=timeout)
        self._client = self._openai.OpenAI(
            api_key=_key(address) or _NO_KEY,
            base_url=address,
            timeout=timeout,
            max_retries=0,
            default_headers={
                "Accept-Encoding": "identity"
            },  # so that a small response cannot become a huge one
            http_client=http,
        )
        weakref.finalize(
            self, http.close
        )  # connections are kept between questions, and no longer than this client
        self._limit_name = "max_tokens"
        self._body = {"model": model, "temperature": temperature, "top_p": top_p}
        self._max_tokens = max_tokens

    def ask(self, system: str, user: str, seed: int) -> Reply:
        """One attempt.

        Args:
            system: The instructions.
            user: The question.
            seed: Of the sampling, where the server supports it.

        Raises:
            ConfigError: The server does not accept the key.
        """
        messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
        body = {**self._body, "messages": messages, "seed": seed % _SEEDS, self._limit_name: self._max_tokens}
        try:
            raw = self._client.chat.completions.with_raw_response.create(**body)
            return read_answer(raw.http_response.content)
        except self._openai.APIStatusError as error:
            response = error.response
        except self._openai.APITimeoutError:
            return Reply(fault="the server did not answer in time", again=True, unreachable=True)
        except (self._openai.APIConnectionError, _Unbounded, ValueError) as error:
            return _of_broken_connection(error)
        # outside of the except clause: what a server says may hold the key, and would stay with an error raised there
        reply = self._of_status(response)
        if reply is None:
            self._limit_name = "max_completion_tokens"
            return self.ask(system, user, seed)
        return reply

    def _of_status(self, response: Any) -> Reply | None:
        """What a status other than success means; None where the request must be spelled in another way."""
        status = int(response.status_code)
        if status in (401, 403):
            raise ConfigError(
                f"OPENAI_API_KEY is not accepted by the server (it answered {status}); put a valid key into this"
                " environment variable"
            )
        clause = f"the server answered {status}"
        if status in TRANSIENT or status >= 500:
            return Reply(fault=clause, again=True, wait=_wait_of(response.headers))
        said = _message(response.content)
        if status == 400 and self._limit_name == "max_tokens" and "max_completion_tokens" in said:
            return (
                None  # newer models of OpenAI do not know the old name, other servers do not know the new one
            )
        if self._client.api_key != _NO_KEY:
            said = said.replace(self._client.api_key, "***")
        return Reply(fault=f"{clause} ({said})" if said else clause)


def read_answer(body: bytes) -> Reply:
    """The answer in the body of a successful response.

    Args:
        body: JSON of a chat completion, or whatever a server sent instead.
    """
    nothing = Reply(fault="the server sent something that is not an answer", again=True, malformed=True)
    try:
        values = json.loads(body)
        choice = values["choices"][0]
        message = choice["message"]
        content = message.get("content")
        reason = choice.get("finish_reason")
        refusal = message.get("refusal")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return nothing
    if reason == "content_filter":
        return Reply(fault="the server's content filter held the answer back")
    if isinstance(content, list):  # some servers send parts
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if isinstance(content, str) and content.strip():
        return Reply(text=content)
    if isinstance(refusal, str) and refusal.strip():
        return Reply(fault="the model refused to answer")
    if content is None or isinstance(content, str):
        return Reply(fault="the server sent an empty answer", again=True, malformed=True)
    return nothing


def check_address(address: str, name: str) -> None:
    """Refuse an address of a server that cannot be used, without repeating it: it may hold a password.

    Args:
        address: To check.
        name: The setting it comes from, for the error.

    Raises:
        ConfigError: It is not http or https, names no host, or carries user information or a query.
    """
    try:
        parts = urlsplit(address)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        fits = False
    if not fits:
        raise ConfigError(f"{name} is not an address; expected one like http://127.0.0.1:8000/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            f"{name} carries a user, a password, a query or a fragment; expected one like"
            " http://127.0.0.1:8000/v1, with the key in the environment variable OPENAI_API_KEY"
        )


def _address(base_url: str | None) -> str:
    name = "base_url" if base_url is not None else "OPENAI_BASE_URL"
    address = base_url if base_url is not None else os.environ.get("OPENAI_BASE_URL", "").strip()
    if not address:
        return OPENAI_ADDRESS
    check_address(address, name)
    return address


def _key(address: str) -> str:
    """The key from the environment; nothing for a server on this machine, which mostly needs none."""
    key = os.environ.get("OPENAI_API_KEY", "").strip()
    if not key:
        if _is_loopback(urlsplit(address).hostname or ""):
            return ""
        raise ConfigError(
            "OPENAI_API_KEY is not set, and a server on another machine is to be asked; put its key into this"
            " environment variable, or any word if it needs no key"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        # the HTTP library would say so too, and show the key
        raise ConfigError(
            "OPENAI_API_KEY holds spaces or characters that no key has; put the key alone into it"
        )
    return key


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class _Unbounded(Exception):  # noqa: N818 - never leaves this module
    """A response is larger than it may be, or takes longer."""


def _bounded(openai: Any, timeout: float) -> Callable[[Any], None]:
    """A hook that lets a response be read only up to `LARGEST_RESPONSE` and for as long as an attempt may take.

    Timeouts of the HTTP library are for each read, so that a server could trickle for ever.
    """
    http: Any = importlib.import_module(openai.DefaultHttpxClient.__mro__[1].__module__.partition(".")[0])

    class Bounded(http.SyncByteStream):  # type: ignore[misc]
        def __init__(self, stream: Any) -> None:
            self.stream = stream
            self.end = time.monotonic() + timeout

        def __iter__(self) -> Iterator[bytes]:
            size = 0
            for chunk in self.stream:
                size += len(chunk)
                if size > LARGEST_RESPONSE:
                    raise _Unbounded(f"the server sent more than {LARGEST_RESPONSE:,} bytes")
                if time.monotonic() > self.end:
                    raise _Unbounded("the server did not finish its answer in time")
                yield chunk

        def close(self) -> None:
            self.stream.close()

    def hook(response: Any) -> None:
        if response.headers.get("content-encoding", "identity") not in ("identity", ""):
            response.headers.pop(
                "content-encoding"
            )  # a small compressed body may be a huge one; read it as it is
        response.stream = Bounded(response.stream)

    return hook


def _of_broken_connection(error: BaseException) -> Reply:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, _Unbounded):
            return Reply(fault=str(cause), again=True, malformed=True)
        cause = cause.__cause__
    if isinstance(error, ValueError):
        return Reply(fault="the server sent something that is not an answer", again=True, malformed=True)
    return Reply(fault="the server could not be reached", again=True, unreachable=True)


def _wait_of(headers: Any) -> float | None:
    """Seconds from a Retry-After header, in either of its forms."""
    said = str(headers.get("retry-after") or "").strip()
    if not said:
        return None
    try:
        seconds = float(said)
    except ValueError:
        try:
            until = email.utils.parsedate_to_datetime(said)
            now = headers.get("date")
            since = email.utils.parsedate_to_datetime(now) if now else datetime.now(UTC)
            seconds = (until - since).total_seconds()
        except (ValueError, TypeError):
            return None
    return seconds if 0 <= seconds < float("inf") else None


def _message(body: bytes) -> str:
    """What a server says about a request it does not take, on one line, shortened."""
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    for key in ("error", "detail", "message"):
        if isinstance(values, dict) and key in values:
            values = values[key]
    return " ".join(values.split())[:200] if isinstance(values, str) else ""
