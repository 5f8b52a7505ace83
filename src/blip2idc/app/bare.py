"""The API alone, without the page and without gradio: `blip2idc serve --api-only`.

In: a `DifferenceService` and `AppSettings`. Out: a running server, behind the same guard as the page.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blip2idc.app.guard import AllowedHosts, Guard
from blip2idc.app.service import DifferenceService
from blip2idc.app.settings import AppSettings
from blip2idc.errors import MissingExtraError

_STARTING = 60.0  # seconds for the server to listen
_NEEDED = ("uvicorn", "starlette", "python_multipart")


def require_server() -> None:
    """Check that what the server needs is there.

    Raises:
        MissingExtraError: It is not.
    """
    import importlib

    try:
        for name in _NEEDED:
            importlib.import_module(name)
    except ImportError:
        raise MissingExtraError("app", "the server") from None


@contextmanager
def running_api(service: DifferenceService, settings: AppSettings) -> Iterator[str]:
    """Serve the API until the block ends.

    Yields:
        Address of the server.

    Raises:
        MissingExtraError: uvicorn, starlette or python-multipart is not installed.
        ConfigError: The port is taken.
    """
    require_server()
    import uvicorn

    from blip2idc.app.api import application

    app = Guard(
        application(service, settings.max_upload_mb), AllowedHosts(settings.host, settings.allow_hosts)
    )
    config = uvicorn.Config(
        app, settings.host, settings.port, log_level="error", access_log=False, server_header=False
    )
    server = uvicorn.Server(config)
    failed: list[BaseException] = []
    thread = threading.Thread(target=_serve, args=(server, failed), name="api", daemon=True)
    thread.start()
    try:
        _wait_until_started(server, thread, settings, failed)
        host = f"[{settings.host}]" if ":" in settings.host else settings.host
        yield f"http://{host}:{settings.port}/"
    finally:
        server.should_exit = True
        service.close()
        thread.join()


def _serve(server: Any, failed: list[BaseException]) -> None:
    try:
        server.run()
    except BaseException as error:  # uvicorn ends its process where it cannot listen
        failed.append(error)


def _wait_until_started(
    server: Any, thread: threading.Thread, settings: AppSettings, failed: list[BaseException]
) -> None:
    end = time.monotonic() + _STARTING
    while not server.started and thread.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    if not server.started:
        raise settings.cannot_listen(OSError("; ".join(map(str, failed)) or "it does not start"))
