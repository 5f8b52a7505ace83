"""The HTTP API for programs: one request a pair, JSON back; the page's own server answers it too.

| request | answer |
|---|---|
| `POST /api/caption`, a form with the files `before` and `after` | caption, probability, verdict, changes |
| `POST /api/explain`, the same form | the same, with both images and their heatmap as PNG in base64 |
| `GET /health` | whether requests are answered, how many are inside, and how many may be |

In: a `DifferenceService`. Out: routes for Starlette. What cannot be answered is JSON with the one key `error`, a
sentence: 400 no such form, 404 and 405 no such address, 408 too slow, 413 too large, 422 not these images, 503 too many
requests, with the header `Retry-After`. Who has gone is not captioned.
"""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import tempfile
from collections.abc import AsyncIterator, Callable, MutableMapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from blip2idc.app.batching import BusyError
from blip2idc.app.service import Answer, DifferenceService, kind_of
from blip2idc.errors import Blip2idcError
from blip2idc.version import __version__

ROLES = ("before", "after")
#: How long a request may take to arrive.
UPLOAD_SECONDS = 60.0

_FORM_BYTES = 64_000  # of a form beside its files
_BUSY_OPENING = 8  # requests that are opened, or wait for it, beside those that the model has
logging.getLogger("python_multipart").setLevel(
    logging.CRITICAL
)  # what is wrong with a form is told who sent it
_GONE = 499  # nobody reads it; what others write into their logs for a client that left


class _TooLargeError(Exception):
    """More bytes arrive than a request may have."""


def routes(service: DifferenceService, max_upload_mb: int) -> list[Route]:
    """The addresses of the API.

    Args:
        service: That answers.
        max_upload_mb: Limit for each file.
    """
    api = _Api(service, max_upload_mb * 1024**2)
    return [
        Route("/api/caption", api.caption, methods=["POST"]),
        Route("/api/explain", api.explain, methods=["POST"]),
        Route("/health", api.health, methods=["GET"]),
    ]


def application(service: DifferenceService, max_upload_mb: int) -> Starlette:
    """The API without the page."""
    return Starlette(routes=routes(service, max_upload_mb), exception_handlers={HTTPException: _not_there})


class _Api:
    def __init__(self, service: DifferenceService, max_bytes: int) -> None:
        self.service = service
        self.max_bytes = max_bytes
        self._threads = ThreadPoolExecutor(_BUSY_OPENING, "opening")

    async def health(self, request: Request) -> Response:
        """Whether requests are answered: 200, or 503 where the model's thread has ended."""
        batcher = self.service.batcher
        status = "ok" if batcher.works else "ended"
        told = {"status": status, "version": __version__, "inside": batcher.inside, "room": batcher.room}
        return JSONResponse(told, 200 if batcher.works else 503)

    async def caption(self, request: Request) -> Response:
        """What changed."""
        return await self._answered(request, heatmaps=False, to_json=Answer.to_dict)

    async def explain(self, request: Request) -> Response:
        """What changed, and where it looked."""
        return await self._answered(request, heatmaps=True, to_json=_with_pictures)

    async def _answered(
        self, request: Request, *, heatmaps: bool, to_json: Callable[[Answer], dict[str, Any]]
    ) -> Response:
        try:
            with self.service.batcher.admitted() as ticket:
                loop = asyncio.get_running_loop()
                async with _received(request, self.max_bytes) as (before, after):
                    prepared = await loop.run_in_executor(self._threads, self.service.prepare, before, after)
                found = await _while_there(request, ticket.submit(prepared.opened, kind_of(heatmaps)))
                answer = self.service.finish(prepared, found)
                return JSONResponse(await loop.run_in_executor(self._threads, to_json, answer))
        except BusyError as error:
            return _refusal(503, str(error), {"retry-after": str(error.seconds)})
        except Blip2idcError as error:
            return _refusal(422, str(error))
        except TimeoutError:
            return _refusal(408, f"the request did not arrive within {UPLOAD_SECONDS:g} seconds")
        except _TooLargeError:
            return _refusal(413, f"expected two files of at most {self.max_bytes // 1024**2} MiB each")
        except (MultiPartException, HTTPException):
            return _refusal(400, "expected a form (multipart/form-data) with two files, before and after")
        except (ClientDisconnect, asyncio.CancelledError):
            return Response(status_code=_GONE)


@asynccontextmanager
async def _received(request: Request, max_bytes: int) -> AsyncIterator[tuple[Path | None, Path | None]]:
    """Both files of a form on disk, as long as the block lasts; None for one that is missing."""
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(400)
    bounded = Request(request.scope, _bounded(request.receive, 2 * max_bytes + _FORM_BYTES))
    async with asyncio.timeout(UPLOAD_SECONDS):
        form = await bounded.form(max_files=len(ROLES), max_fields=len(ROLES))
    try:
        with tempfile.TemporaryDirectory(prefix="blip2idc-api-", ignore_cleanup_errors=True) as folder:
            before, after = [await _kept(form.get(role), Path(folder) / role, max_bytes) for role in ROLES]
            yield before, after
    finally:
        await form.close()


async def _kept(upload: object, path: Path, max_bytes: int) -> Path | None:
    if not isinstance(upload, UploadFile):
        return None
    if (upload.size or 0) > max_bytes:
        raise _TooLargeError
    path.write_bytes(await upload.read())
    return path


def _bounded(receive: Callable[[], Any], most: int) -> Callable[[], Any]:
    """A request's body up to a number of bytes."""
    read = 0

    async def bounded() -> MutableMapping[str, Any]:
        nonlocal read
        message: MutableMapping[str, Any] = await receive()
        read += len(message.get("body", b""))
        if read > most:
            raise _TooLargeError
        return message

    return bounded


async def _while_there(request: Request, future: Future[Any]) -> Any:
    """A result, unless the client leaves before: then it is not computed, where that has not begun.

    Raises:
        asyncio.CancelledError: The client has left, or the server ends.
    """
    result = asyncio.wrap_future(future)
    left = asyncio.ensure_future(_leaves(request))
    try:
        await asyncio.wait({result, left}, return_when=asyncio.FIRST_COMPLETED)
        if not result.done():
            result.cancel()
        return await result
    finally:
        left.cancel()


async def _leaves(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _with_pictures(answer: Answer) -> dict[str, Any]:
    pictures = dict(zip(ROLES, map(_png, answer.pictures()), strict=True))
    return {**answer.to_dict(), "heatmaps": pictures}


def _png(picture: Any) -> str:
    kept = io.BytesIO()
    picture.save(kept, format="PNG")
    return base64.b64encode(kept.getvalue()).decode("ascii")


async def _not_there(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return _refusal(
        error.status_code, f"{error.detail}; see docs/guide-serve.md for what is", dict(error.headers or {})
    )


def _refusal(status: int, sentence: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"error": sentence}, status, headers)
