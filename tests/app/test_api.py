"""The API for programs: answers, refusals with their status, many at once, and who leaves. Without gradio."""

from __future__ import annotations

import base64
import http.client
import io
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.app.server import write_pairs

from blip2idc.app.bare import running_api
from blip2idc.app.service import DifferenceService
from blip2idc.app.settings import AppSettings
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.pair_captioner import OpenedPair

LIMIT = 100_000  # pixels


class GatedService(DifferenceService):
    """A service whose model waits while the gate is shut, and counts what it is asked."""

    gate = threading.Event()
    reached = threading.Event()
    asked: int = 0

    def _ask_model(self, kind: str, pairs: Sequence[OpenedPair]) -> Any:
        self.reached.set()
        assert self.gate.wait(60)
        self.asked += len(pairs)
        return super()._ask_model(kind, pairs)


@pytest.fixture(scope="module")
def service(opt_checkpoint: Path) -> GatedService:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")
    made = GatedService(captioner, max_pixels=LIMIT, batch_size=4, room=12)
    made.gate.set()
    return made


@pytest.fixture(scope="module")
def port(service: GatedService) -> Iterator[int]:
    settings = AppSettings(port=0, max_upload_mb=1).with_port()
    with running_api(service, settings) as address:
        assert address == f"http://127.0.0.1:{settings.port}/"
        yield settings.port


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    return write_pairs(tmp_path_factory.mktemp("pairs"), 6)


def form(**files: bytes) -> tuple[bytes, dict[str, str]]:
    """A form with files, and its header."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'.encode() + content
        for name, content in files.items()
    ]
    return b"\r\n".join([*parts, b"--edge--\r\n"]), {"content-type": "multipart/form-data; boundary=edge"}


def ask(
    port: int, path: str, body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[int, Any, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null"), answer.headers
    finally:
        connection.close()


def caption(port: int, pair: tuple[Path, Path], path: str = "/api/caption") -> tuple[int, Any]:
    return ask(port, path, *form(before=pair[0].read_bytes(), after=pair[1].read_bytes()))[:2]


def wait_until(port: int, holds: Callable[[int], bool]) -> None:
    """Wait for a number of requests inside."""
    end = time.monotonic() + 60
    while not holds(ask(port, "/health")[1]["inside"]):
        assert time.monotonic() < end
        time.sleep(0.01)


def test_health(port: int) -> None:
    status, told, _ = ask(port, "/health")
    assert status == 200
    assert (told["status"], told["inside"], told["room"]) == ("ok", 0, 12)


def test_the_answer_is_what_the_captioner_says(
    port: int, service: GatedService, pairs: list[tuple[Path, Path]]
) -> None:
    status, told = caption(port, pairs[0])
    direct = service.captioner(*pairs[0])
    assert status == 200
    assert (told["caption"], told["changed"]) == (direct.caption, direct.changed)
    assert told["words"] == direct.caption.split()
    assert told["change_probability"] == pytest.approx(direct.change_probability, abs=1e-5)
    assert "heatmaps" not in told


def test_heatmaps(port: int, pairs: list[tuple[Path, Path]]) -> None:
    status, told = caption(port, pairs[0], "/api/explain")
    assert status == 200
    pictures = told.pop("heatmaps")
    sizes = [Image.open(io.BytesIO(base64.b64decode(pictures[role]))).size for role in ("before", "after")]
    assert sizes == [(64, 48), (64, 48)]
    plain = caption(port, pairs[0])[1]
    assert told.pop("change_probability") == pytest.approx(plain.pop("change_probability"), abs=1e-5)
    for change in (*told["changes"], *plain["changes"]):
        change["probability"] = round(change["probability"], 4)
    assert told == plain


def test_many_at_once_get_what_single_ones_get(port: int, pairs: list[tuple[Path, Path]]) -> None:
    single = [caption(port, pair)[1] for pair in pairs]
    assert len({answer["caption"] for answer in single}) > 1
    with ThreadPoolExecutor(10) as pool:
        together = list(pool.map(lambda number: caption(port, pairs[number % 6]), range(30)))
    assert [status for status, _ in together] == [200] * 30
    for number, (_, answer) in enumerate(together):
        alone = single[number % 6]
        assert (answer["caption"], answer["changed"]) == (alone["caption"], alone["changed"])
        # sums over a batch are rounded in another order
        assert answer["change_probability"] == pytest.approx(alone["change_probability"], abs=1e-5)


def test_too_many_are_told_when_to_come_again(
    port: int, service: GatedService, pairs: list[tuple[Path, Path]]
) -> None:
    service.gate.clear()
    try:
        with ThreadPoolExecutor(12) as pool:
            inside = [pool.submit(caption, port, pairs[0]) for _ in range(12)]
            wait_until(port, lambda inside: inside >= 12)
            status, told, headers = ask(port, "/api/caption", *form(before=b"", after=b""))
            assert status == 503
            assert "12 requests are being answered or wait, as many as this server takes" in told["error"]
            assert 1 <= int(headers["retry-after"]) <= 60
            service.gate.set()
            assert [one.result(60)[0] for one in inside] == [200] * 12
    finally:
        service.gate.set()
    assert caption(port, pairs[0])[0] == 200


def test_who_has_gone_is_not_captioned(
    port: int, service: GatedService, pairs: list[tuple[Path, Path]]
) -> None:
    before = service.asked
    service.gate.clear()
    service.reached.clear()
    try:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(caption, port, pairs[0])  # has the model, which waits
            assert service.reached.wait(60)
            body, headers = form(before=pairs[0][0].read_bytes(), after=pairs[0][1].read_bytes())
            head = f"POST /api/caption HTTP/1.1\r\nhost: localhost\r\ncontent-length: {len(body)}\r\n"
            kind = f"content-type: {headers['content-type']}\r\n\r\n"
            with socket.create_connection(("127.0.0.1", port)) as leaves:
                leaves.sendall((head + kind).encode() + body)
                wait_until(port, lambda inside: inside >= 2)
            wait_until(port, lambda inside: inside <= 1)
            service.gate.set()
            assert first.result(60)[0] == 200
    finally:
        service.gate.set()
    assert service.asked == before + 1


@pytest.mark.parametrize(
    ("files", "status", "sentence"),
    [
        ({"before": b"text", "after": b"text"}, 422, "the image before: is not an image"),
        ({"after": b"text"}, 422, "the image before is missing; choose two images"),
        ({}, 422, "the image before is missing"),
        ({"before": b"x", "after": b"\0" * 1_500_000}, 413, "two files of at most 1 MiB each"),
        ({"before": b"x", "after": b"\0" * 3_000_000}, 413, "two files of at most 1 MiB each"),
        ({"before": b"x", "after": b"x", "more": b"x"}, 400, "expected a form"),
    ],
)
def test_refusals(port: int, files: dict[str, bytes], status: int, sentence: str) -> None:
    found, told, _ = ask(port, "/api/caption", *form(**files))
    assert found == status
    assert sentence in told["error"]
    assert list(told) == ["error"]


def test_too_many_pixels(port: int, pairs: list[tuple[Path, Path]], tmp_path: Path) -> None:
    Image.new("1", (400, 400)).save(tmp_path / "big.png")
    status, told = caption(port, (pairs[0][0], tmp_path / "big.png"))
    assert status == 422
    assert told["error"].startswith("the image after: has 400x400 = 160,000 pixels, more than the limit")
    assert str(tmp_path) not in told["error"]


@pytest.mark.parametrize("body", [b"", b"{}", b"--edge", b"\0" * 100])
@pytest.mark.parametrize(
    "kind", ["application/json", "multipart/form-data", "multipart/form-data; boundary=edge", ""]
)
def test_no_form(port: int, body: bytes, kind: str) -> None:
    status, told, _ = ask(port, "/api/caption", body, {"content-type": kind})
    assert status in (400, 422)
    assert told["error"]
    assert status == 400 or kind.startswith("multipart")


def test_other_names_and_other_pages_are_refused(port: int) -> None:
    for headers in ({"host": "evil.com"}, {"origin": "http://evil.com"}):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        connection.request("GET", "/health", headers=headers)
        assert connection.getresponse().status == 403
        connection.close()


def test_nothing_else_is_there(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for method, path, status in (("GET", "/", 404), ("GET", "/api/caption", 405), ("POST", "/health", 405)):
        connection.request(method, path)
        answer = connection.getresponse()
        assert list(json.loads(answer.read())) == ["error"]
        assert answer.status == status
    connection.close()
