"""The server and its API: many requests at once, images that are refused, and files that are none of its business."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from tests.app.server import serving, write_pairs

from blip2idc.images.pair import open_image

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("default"),
]  # gradio's client warns on its own account


@pytest.fixture(scope="module")
def address(opt_checkpoint: Path) -> Iterator[str]:
    with serving(opt_checkpoint, "--max-upload-mb", "5") as started:
        yield started


@pytest.fixture(scope="module")
def client(address: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from gradio_client import Client

        return Client(address, verbose=False)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Path, Path]]:
    return write_pairs(tmp_path_factory.mktemp("pairs"), 10)


def ask(client: Any, pair: tuple[Path, Path], api_name: str = "/caption") -> Any:
    from gradio_client import handle_file

    before, after = (handle_file(str(path)) for path in pair)
    return client.predict(before=before, after=after, api_name=api_name)


def test_fifty_at_once(client: Any, pairs: list[tuple[Path, Path]]) -> None:
    single = [ask(client, pair) for pair in pairs]
    assert len({answer["caption"] for answer in single}) > 1
    with ThreadPoolExecutor(50) as pool:
        together = list(pool.map(lambda number: ask(client, pairs[number % 10]), range(50)))
    assert together == [single[number % 10] for number in range(50)]


def test_heatmaps(client: Any, pairs: list[tuple[Path, Path]]) -> None:
    answer, *pictures = ask(client, pairs[0], "/explain")
    assert answer == ask(client, pairs[0])
    assert [open_image(path).size for path in pictures] == [(64, 48), (64, 48)]


def bad_images(folder: Path) -> dict[str, tuple[Path, str]]:
    """A file each that has to be refused, and a part of the sentence."""
    huge, text, cut = folder / "huge.png", folder / "text.png", folder / "cut.jpg"
    Image.new("1", (20_000, 10_000)).save(huge)  # 200 megapixels in some 25 kB
    text.write_text("this is no image")
    Image.radial_gradient("L").resize((900, 900)).save(cut)
    cut.write_bytes(cut.read_bytes()[:3000])
    return {
        "huge": (huge, "has 20000x10000 = 200,000,000 pixels, more than the limit of 64,000,000"),
        "text": (text, "is not an image, or of a format that is not opened (see docs/security.md)"),
        "cut": (cut, "the image is truncated or damaged"),
    }


@pytest.mark.parametrize("kind", ["huge", "text", "cut"])
def test_bad_images_are_refused_with_a_sentence(
    client: Any, pairs: list[tuple[Path, Path]], tmp_path: Path, kind: str
) -> None:
    from gradio_client.exceptions import AppError

    path, sentence = bad_images(tmp_path)[kind]
    with pytest.raises(AppError) as caught:
        ask(client, (pairs[0][0], path))
    assert str(caught.value).startswith("the image after: ")
    assert sentence in str(caught.value)
    assert str(tmp_path) not in str(caught.value)
    assert ask(client, pairs[0])["caption"]  # the server goes on


def test_upload_limit(client: Any, pairs: list[tuple[Path, Path]], tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(b"\0" * 6_000_000)
    with pytest.raises(Exception, match=r"413|Payload|exceed"):
        ask(client, (tmp_path / "large.png", pairs[0][1]))
    assert ask(client, pairs[0])["caption"]


def post(address: str, before: dict[str, Any]) -> str:
    """Call the API without its client, which would upload the file first; the stream of events as text."""
    import httpx

    file = {"meta": {"_type": "gradio.FileData"}, **before}
    started = httpx.post(f"{address}gradio_api/call/caption", json={"data": [file, file]}, timeout=60)
    if started.status_code != 200:
        return started.text
    event = started.json()["event_id"]
    return httpx.get(f"{address}gradio_api/call/caption/{event}", timeout=60).text


@pytest.mark.parametrize(
    "file", [{"path": "/etc/passwd"}, {"path": "http://127.0.0.1:1/x.png"}, {"path": __file__}]
)
def test_takes_uploaded_files_only(address: str, file: dict[str, Any]) -> None:
    answer = post(address, file)
    assert "event: error" in answer
    assert "caption" not in answer


def test_listens_on_this_machine_and_says_nothing_outside(address: str) -> None:
    import httpx

    config = httpx.get(f"{address}config", timeout=60).json()
    assert address.startswith("http://127.0.0.1:")
    assert config["analytics_enabled"] is False
    names = {entry["api_name"] for entry in config["dependencies"] if entry["api_visibility"] == "public"}
    assert names == {"caption", "explain"}
    assert "fonts.googleapis" not in json.dumps(config)


def test_uploads_are_gone_when_it_ends(
    opt_checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with serving(opt_checkpoint):
        assert list(tmp_path.glob("blip2idc-app-*"))
    assert list(tmp_path.glob("blip2idc-app-*")) == []


def test_other_names_and_other_pages_are_refused(address: str) -> None:
    import httpx

    for headers in ({"host": "evil.com"}, {"origin": "http://evil.com"}):
        for method in ("GET", "OPTIONS"):
            answer = httpx.request(
                method,
                f"{address}config",
                headers={**headers, "access-control-request-method": "GET"},
                timeout=60,
            )
            assert answer.status_code == 403
            assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "value", [1, "a", True, [], {}, {"path": 1}, {"path": ""}, {"path": "\0"}, {"path": "/tmp"}]
)
def test_inputs_of_a_wrong_type_are_answered_with_a_sentence(address: str, value: Any) -> None:
    import httpx

    started = httpx.post(f"{address}gradio_api/call/caption", json={"data": [value, value]}, timeout=60)
    answer = httpx.get(f"{address}gradio_api/call/caption/{started.json()['event_id']}", timeout=60).text
    assert "event: error" in answer
    assert '"error": "' in answer


def test_a_request_without_sense_is_refused(address: str) -> None:
    import httpx

    body = {"fn_index": 99, "data": [], "session_hash": "x"}
    assert httpx.post(f"{address}gradio_api/queue/join", json=body, timeout=60).status_code == 400
