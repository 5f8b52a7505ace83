"""The process that opens images for a server: alike, within its time, and begun anew where it ended."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images import deadline
from blip2idc.images.deadline import Opener, check_seconds
from blip2idc.images.decoding.limits import Limits
from blip2idc.images.pair import MAX_PIXELS, open_image
from blip2idc.runs.kept_process import KeptProcess


@pytest.fixture
def opener() -> Iterator[Opener]:
    made = Opener(60, max_pixels=10_000_000)
    yield made
    made.close()


def test_images_errors_and_a_process_that_died(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.radial_gradient("L").save(path)
    assert np.array_equal(np.asarray(opener.open(path, "it")), np.asarray(open_image(path)))
    (tmp_path / "text.png").write_text("notes")
    with pytest.raises(ImageError, match="^it: is not an image"):
        opener.open(tmp_path / "text.png", "it")
    opener.max_pixels = 65_535
    with pytest.raises(ImageError, match="^it: has 256x256 = 65,536 pixels, more than the limit of 65,535"):
        opener.open(path, "it")
    opener.max_pixels = 65_536
    assert opener._process.running is not None
    opener._process.running.kill()
    opener._process.running.wait()
    assert opener.open(path, "it").size == (256, 256)


def test_what_takes_too_long_is_ended(opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "large.png"
    Image.new("RGB", (3000, 3000)).save(path)
    assert opener.open(path, "it").size == (3000, 3000)
    opener.seconds = 0.005
    sentence = "it: takes longer than 0.005 seconds to decode; make it smaller, or export it again"
    with pytest.raises(ImageError, match=f"^{re.escape(sentence)}$"):
        opener.open(path, "it")
    assert opener._process.running is None
    opener.seconds = 60
    assert opener.open(path, "it").size == (3000, 3000)


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_the_time_is_checked(seconds: float) -> None:
    with pytest.raises(ConfigError, match=f"^--decode-seconds is {seconds}; expected a positive number$"):
        Opener(seconds)
    for short in (0.5, 1, 1.5):
        check_seconds(short)


def test_nothing_asked_for_is_ten_seconds_and_the_usual_limit() -> None:
    made = Opener()
    assert (made.seconds, made.max_pixels, made._process.running) == (10, MAX_PIXELS, None)
    made.close()


@pytest.mark.parametrize(
    "answer",
    [b"", b"{", b'{"size": [2, 2]}\n12345'],
    ids=["none", "half a line", "too few pixels"],
)
def test_a_process_that_dies_in_between(answer: bytes, opener: Opener, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.new("RGB", (2, 2), (1, 2, 3)).save(path)
    program = f"import sys; sys.stdin.readline(); sys.stdout.buffer.write({answer!r})"
    dying = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    opener._process.running = dying
    with pytest.raises(ImageError, match="^it: the image cannot be decoded; export it again$"):
        opener.open(path, "it")
    assert opener._process.running is None
    assert opener.open(path, "it").getpixel((1, 1)) == (1, 2, 3)


def test_a_process_that_does_not_start(opener: Opener, tmp_path: Path) -> None:
    opener._process = KeptProcess("blip2idc.there_is_none")
    sentence = "^images cannot be decoded: the process for it does not start$"
    with pytest.raises(ImageError, match=sentence):
        opener.open(tmp_path / "a.png", "it")
    assert opener._process.running is None


def test_a_process_that_is_never_ready(
    opener: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deadline, "_STARTING", 0.001)
    with pytest.raises(ImageError, match="^images cannot be decoded: the process for it does not start$"):
        opener.open(tmp_path / "a.png", "it")
    assert opener._process.running is None


def test_it_ends_with_who_asked(opener: Opener, tmp_path: Path) -> None:
    Image.new("RGB", (2, 2)).save(tmp_path / "a.png")
    opener.open(tmp_path / "a.png", "it")
    process = opener._process.running
    assert process is not None
    opener.close()
    assert opener._process.running is None
    assert process.poll() is not None


def test_an_answer_for_each_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process says, without one."""
    limits: list[int] = []

    def opened(path: Path, *, name: str, max_pixels: int) -> Image.Image:
        if path == Path("folder/large"):
            raise MemoryError
        if path == Path("folder/broken"):
            raise ImageError(f"{name}: is broken")
        assert path == Path("folder/good")
        return Image.new("RGB", (1, max_pixels), (1, 2, 3))

    monkeypatch.setattr("blip2idc.images.pair.open_image", opened)
    monkeypatch.setattr(deadline, "_limit_memory", limits.append)
    lines = "".join(
        json.dumps({"path": f"folder/{name}", "name": f"the {name} one", "max_pixels": number}) + "\n"
        for number, name in enumerate(("large", "broken", "good"))
    )
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(lines.encode())))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    deadline.main()
    monkeypatch.undo()
    assert limits == [0, 1, 2]
    ready, *answers, pixels = out.getvalue().split(b"\n")
    assert ready == b"ready"
    assert [json.loads(answer) for answer in answers] == [
        {"error": "the large one: takes too much memory to decode; make it smaller"},
        {"error": "the broken one: is broken"},
        {"size": [1, 2]},
    ]
    assert pixels == bytes([1, 2, 3, 1, 2, 3])


@pytest.mark.parametrize(("hard", "allowed"), [(-1, True), (1 << 40, True), (1 << 29, False)])
def test_its_memory_is_bounded(hard: int, allowed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = pytest.importorskip("resource", reason="POSIX alone bounds the memory of a process")
    assert resource.RLIM_INFINITY == -1
    seen: list[tuple[object, ...]] = []
    monkeypatch.setattr(resource, "getrlimit", {resource.RLIMIT_AS: (1 << 20, hard)}.__getitem__)
    monkeypatch.setattr(resource, "setrlimit", lambda *values: seen.append(values))
    deadline._limit_memory(10_000_000)
    wanted = (1 << 30) + 2 * Limits(10_000_000, "").memory
    assert seen == ([(resource.RLIMIT_AS, (wanted, hard))] if allowed else [])
