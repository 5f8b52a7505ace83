"""``blip2idc serve``: the web page and its HTTP API.

In: the choice of a model and of the server's limits. Out: the page's address on stdout; it runs until interrupted.
"""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import Annotated

import typer

from blip2idc.cli.options import (
    Adapter,
    Device,
    Dtype,
    Encoding,
    MaxPixels,
    Method,
    Model,
    check_range,
    load_captioner,
    parse_method,
    pixel_limit,
)
from blip2idc.cli.output import note, say

LARGEST_BATCH = 1024
EXAMPLES = Path(__file__).resolve().parents[2] / "assets" / "demo"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(name="serve", short_help="Run the web page and its API.")(serve_command)


def serve_command(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets other machines in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 for any free one.")] = 7860,
    max_upload_mb: Annotated[int, typer.Option(help="Largest file that is taken, in MiB.")] = 20,
    max_pixels: MaxPixels = None,
    queue: Annotated[
        int, typer.Option(help="Requests that may be inside; more are refused, and told when to come again.")
    ] = 100,
    batch_size: Annotated[
        int, typer.Option("--batch-size", help="Most pairs that go through the model together.")
    ] = 16,
    api_only: Annotated[
        bool, typer.Option("--api-only", help="The API without the web page; it starts sooner.")
    ] = False,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="Name by which it may be asked, beside localhost (may be repeated); '*' for any."),
    ] = None,
    decode_seconds: Annotated[
        float, typer.Option(help="How long the decoding of one image may take.")
    ] = 10.0,
    method: Method = None,
    model: Model = None,
    adapter: Adapter = "default",
    encoding: Encoding = None,
    device: Device = "auto",
    dtype: Dtype = "auto",
) -> None:
    """Run the web page and its HTTP API on this machine, until it is interrupted."""
    from blip2idc.app.bare import require_server, running_api
    from blip2idc.app.page import require_gradio, running
    from blip2idc.app.service import DifferenceService
    from blip2idc.app.settings import AppSettings
    from blip2idc.images.deadline import check_seconds

    chosen = parse_method(method)
    settings = AppSettings(host, port, max_upload_mb, queue, _examples(), tuple(allow_host or ())).with_port()
    check_seconds(decode_seconds)
    limit = pixel_limit(max_pixels)
    check_range("--batch-size", batch_size, 1, LARGEST_BATCH)
    (require_server if api_only else require_gradio)()  # before the model is loaded, which takes longer
    where = "API" if api_only else "page"
    note(f"starting: the {where} will be at http://{host}:{settings.port} once the model is loaded")
    captioner = load_captioner(model, adapter, encoding=encoding, device=device, dtype=dtype)
    service = DifferenceService(captioner, chosen, limit, decode_seconds, batch_size, settings.queue)
    with (running_api if api_only else running)(service, settings) as address:
        end = _end_of_service()  # before the address is told: who reads it may end the server at once
        say(f"{address}  (Ctrl-C ends it)")
        end.wait()


def _examples() -> list[tuple[Path, Path]]:
    """The pairs that come with the package."""
    from blip2idc.data.records import read_records

    if not EXAMPLES.is_dir():
        return []
    manifest = read_records(EXAMPLES)
    return [manifest.paths(record) for record in manifest]


def _end_of_service() -> threading.Event:
    """Set when a supervisor ends the process: then too, as after Ctrl-C, the uploads are removed."""
    end = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: end.set())
    return end
