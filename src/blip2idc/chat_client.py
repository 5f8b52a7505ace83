"""Questions to a server that speaks OpenAI's protocol, and what its answers mean.

In: the messages of a chat, a seed. Out: a `Reply` that holds a text, or says what went wrong. The official client asks
again after what may pass (its own `max_retries`, pauses and `Retry-After`); only where an answer came that is none,
this module asks again itself, with another seed. The key comes from the environment variable OPENAI_API_KEY; it goes
into the header of requests and nowhere else. openai is imported when a client is made.
"""

from __future__ import annotations

import importlib
import ipaddress
import json
import os
import time
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from blip2idc.errors import ConfigError, MissingExtraError

#: Where requests go if neither the settings nor the environment name a server.
OPENAI_ADDRESS = "https://api.openai.com/v1"
#: Bytes of a response; an answer of a few hundred tokens has a few thousand.
LARGEST_RESPONSE = 1_000_000
#: The seed in the protocol is a number of 64 bits with a sign; some servers take fewer.
_SEEDS = 2**31
#: Sent as the key where there is none; the client insists on one.
_NO_KEY = "none"


@dataclass(frozen=True)
class Reply:
    """What a question brought.

    Attributes:
        text: The answer; None where there is none.
        fault: Why there is none, as a clause.
        unreachable: Whether no server answered: no connection, or none in time.
        malformed: Whether what came was not an answer, so that another seed may help.
        choice: What the answer was read from, as the server sent it: `message`, `finish_reason`, `logprobs` and so on.
    """

    text: str | None = None
    fault: str | None = None
    unreachable: bool = False
    malformed: bool = False
    choice: Mapping[str, Any] = field(default_factory=dict, repr=False)


class ChatClient:
    """Asks one model of one server; threads may share it.

    Args:
        model: The name under which the server serves the model.
        base_url: Of the server; None for OPENAI_BASE_URL, and where that is not set either, `OPENAI_ADDRESS`.
        timeout: Seconds for one attempt.
        temperature: Of the sampling.
        top_p: Of the sampling.
        max_tokens: Longest answer.
        attempts: How often a question is asked before it is given up.

    Raises:
        ConfigError: The address or the key cannot be used, or the key is missing.
        MissingExtraError: openai is not installed.

    Example:
        >>> client = ChatClient("qwen2.5-vl", "http://127.0.0.1:8000/v1")  # doctest: +SKIP
        >>> client.ask([{"role": "user", "content": "Name a fruit."}]).text  # doctest: +SKIP
        'An apple.'
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
        attempts: int = 5,
    ) -> None:
        try:
            self._openai: Any = importlib.import_module("openai")
        except ImportError:
            raise MissingExtraError("server", "the client for language model servers") from None
        address = _address(base_url)
        hooks = {"response": [_bounded(self._openai, timeout)]}
        http = self._openai.DefaultHttpxClient(event_hooks=hooks, follow_redirects=False, timeout=timeout)
        self._client = self._openai.OpenAI(
            api_key=_key(address) or _NO_KEY,
            base_url=address,
            timeout=timeout,
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
        self._max_tokens, self._attempts = max_tokens, attempts

    def ask(
        self,
        messages: Sequence[Mapping[str, Any]],
        seed: int = 0,
        *,
        attempts: int | None = None,
        **more: Any,
    ) -> Reply:
        """The answer to a question.

        Args:
            messages: Of the chat, as the protocol spells them; a user's content may hold images.
            seed: Of the sampling, where the server supports it.
            attempts: For this question only.
            more: Further fields of the request, such as `logprobs=True`.

        Raises:
            ConfigError: The server does not accept the key.
        """
        most, made = attempts or self._attempts, 0
        while True:
            body = {**self._body, "messages": messages, "seed": seed % _SEEDS, **more}
            body[self._limit_name] = self._max_tokens
            reply, taken = self._ask(body, most - made)
            made += taken
            if (
                reply is None
            ):  # newer models of OpenAI do not know the old name, other servers not the new one
                self._limit_name = "max_completion_tokens"
                continue
            if reply.malformed and made < most:
                seed += 1
                continue
            if reply.fault and made > 1:
                return replace(reply, fault=f"{reply.fault} at the last of {made} attempts")
            return reply

    def _ask(self, body: dict[str, Any], attempts: int) -> tuple[Reply | None, int]:
        """What a request brought, and how many attempts it took; None where it must be spelled in another way."""
        completions = self._client.with_options(max_retries=attempts - 1).chat.completions
        try:
            raw = completions.with_raw_response.create(**body)
            return read_answer(raw.http_response.content), raw.retries_taken + 1
        except (self._openai.AuthenticationError, self._openai.PermissionDeniedError) as error:
            status = error.status_code
        except self._openai.APIStatusError as error:
            said = _message(error.body)
            if (
                error.status_code == 400
                and self._limit_name == "max_tokens"
                and "max_completion_tokens" in said
            ):
                return None, 0
            if self._client.api_key != _NO_KEY:
                said = said.replace(self._client.api_key, "***")
            clause = f"the server answered {error.status_code}"
            return Reply(fault=f"{clause} ({said})" if said else clause), _attempts_of(error)
        except self._openai.APITimeoutError as error:
            return Reply(fault="the server did not answer in time", unreachable=True), _attempts_of(error)
        except self._openai.APIConnectionError as error:
            return Reply(fault="the server could not be reached", unreachable=True), _attempts_of(error)
        except _Unbounded as error:
            return Reply(fault=str(error), malformed=True), 1
        except ValueError:
            return _NO_ANSWER, 1
        # outside of the except clauses: what a server says may hold the key, and would stay with an error raised there
        raise ConfigError(
            f"OPENAI_API_KEY is not accepted by the server (it answered {status}); put a valid key into this"
            " environment variable"
        )


#: For what a server sends in place of an answer.
_NO_ANSWER = Reply(fault="the server sent something that is not an answer", malformed=True)


def read_answer(body: bytes) -> Reply:
    """The answer in the body of a successful response.

    Args:
        body: JSON of a chat completion, or whatever a server sent instead.
    """
    try:
        choice = json.loads(body)["choices"][0]
        message = choice["message"]
        content = message.get("content")
        reason = choice.get("finish_reason")
        refusal = message.get("refusal")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return _NO_ANSWER
    if reason == "content_filter":
        return Reply(fault="the server's content filter held the answer back")
    if isinstance(content, list):  # some servers send parts
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        content = "".join(part for part in parts if isinstance(part, str))
    if isinstance(content, str) and content.strip():
        return Reply(text=content, choice=choice)
    if isinstance(refusal, str) and refusal.strip():
        return Reply(fault="the model refused to answer")
    if content is None or isinstance(content, str):
        return Reply(fault="the server sent an empty answer", malformed=True)
    return _NO_ANSWER


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


def _attempts_of(error: Any) -> int:
    """How often the client asked before it gave up, which it tells the server too."""
    return 1 + int(error.request.headers.get("x-stainless-retry-count", 0))


def _message(body: object) -> str:
    """What a server says about a request it does not take, on one line, shortened."""
    said = (body.get("message") or body.get("detail")) if isinstance(body, dict) else None
    return " ".join(said.split())[:200] if isinstance(said, str) else ""
