"""A captioner behind a server: what is asked, how answers are read, kept, and what happens where there is none."""

from __future__ import annotations

import base64
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.chat_server import HANG_UP, ChatServer, Say, chat_server

from blip2idc.cli import main as cli
from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.model.server_captioner import PARALLEL, PROMPT_VERSION, ServerCaptioner, read_answer

KEY = "sk-a-secret-key"
LAYOUT = JointLayout("vertical", 64, 64)


def said(caption: str = "the red car is gone", probability: float = 0.9) -> Say:
    return Say(json.dumps({"caption": caption, "probability": probability}))


@pytest.fixture
def pair() -> ImagePair:
    rng = np.random.default_rng(4)
    before = rng.integers(0, 256, (400, 500, 3), dtype=np.uint8)
    after = before.copy()
    after[100:160, 200:280] = 0  # one place, the rest equal to the pixel
    return ImagePair(Image.fromarray(before), Image.fromarray(after))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    with chat_server(said()) as started:
        monkeypatch.setenv("OPENAI_BASE_URL", started.url)
        yield started


def pictures_of(asked: dict[str, Any]) -> list[np.ndarray]:
    urls = [
        part["image_url"]["url"] for part in asked["messages"][1]["content"] if part["type"] == "image_url"
    ]
    assert all(url.startswith("data:image/png;base64,") for url in urls)
    return [np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))) for url in urls]


def test_the_joint_image_is_shown(server: ChatServer, pair: ImagePair) -> None:
    captioner = ServerCaptioner("qwen", layout=LAYOUT)
    difference = captioner(pair.before, pair.after)
    assert difference.caption == "the red car is gone"
    assert difference.changed
    (asked,) = server.asked
    (shown,) = pictures_of(asked)
    assert (shown == np.asarray(LAYOUT.join(pair.before, pair.after))).all()
    assert "one above the other" in asked["messages"][1]["content"][-1]["text"]
    assert (asked["model"], asked["temperature"], server.keys) == ("qwen", 0.0, [f"Bearer {KEY}"])


def test_both_images_are_shown(server: ChatServer, pair: ImagePair) -> None:
    captioner = ServerCaptioner("qwen", encoding="pair", layout=LAYOUT)
    captioner(pair.before, pair.after)
    halves = LAYOUT.split(np.asarray(LAYOUT.join(pair.before, pair.after)))
    for shown, half in zip(pictures_of(server.asked[0]), halves, strict=True):
        assert (shown == half).all()
    assert "The first picture was taken before" in server.asked[0]["messages"][1]["content"][-1]["text"]


def test_what_is_known_is_not_asked_again(server: ChatServer, pair: ImagePair, tmp_path: Path) -> None:
    first = ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after)
    assert ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after) == first
    assert len(server.asked) == 1
    ServerCaptioner("other", layout=LAYOUT)(pair.before, pair.after)
    ServerCaptioner("qwen", encoding="pair", layout=LAYOUT)(pair.before, pair.after)
    assert len(server.asked) == 3
    kept = list((tmp_path / "cache").rglob("*.json"))
    assert len(kept) == 3
    assert KEY not in "".join(path.read_text(encoding="utf-8") for path in kept)
    kept[0].write_text("{", encoding="utf-8")  # damaged: asked again
    for model in ("qwen", "other"):
        ServerCaptioner(model, layout=LAYOUT)(pair.before, pair.after)
    ServerCaptioner("qwen", encoding="pair", layout=LAYOUT)(pair.before, pair.after)
    assert len(server.asked) == 4


def test_places_are_measured_or_asked_about(server: ChatServer, pair: ImagePair) -> None:
    measured = ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after)
    assert len(measured.changes) == 1
    assert measured.changes[0].caption != "the red car is gone"
    asked = len(server.asked)
    ServerCaptioner("qwen", layout=LAYOUT, crops=True)(pair.before, pair.after)
    assert len(server.asked) == asked + 1  # the whole is known


def test_questions_are_asked_side_by_side(server: ChatServer) -> None:
    """All of a batch are there before the first is answered."""
    together = threading.Barrier(PARALLEL)
    tell = server.next

    def next_when_all_are_there(body: dict[str, Any], key: str) -> Say | str:
        together.wait(30)
        return tell(body, key)

    server.next = next_when_all_are_there  # type: ignore[method-assign]
    rng = np.random.default_rng(5)
    joints = [rng.integers(0, 256, (64, 64, 3), dtype=np.uint8) for _ in range(PARALLEL)]
    found = ServerCaptioner("qwen", layout=LAYOUT).caption_joints(joints)
    assert [one.caption for one in found] == ["the red car is gone"] * PARALLEL


def test_what_may_pass_is_asked_again(server: ChatServer, pair: ImagePair) -> None:
    again = {"retry-after-ms": "1"}
    server.script = [Say(status=503, headers=again), HANG_UP, Say(status=429, headers=again), said()]
    assert ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after).caption == "the red car is gone"
    assert len(server.asked) == 4


def test_no_answer(server: ChatServer, pair: ImagePair) -> None:
    server.script = [Say(status=400, error=f"no model qwen for {KEY}")]
    with pytest.raises(ModelError) as caught:
        ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after)
    assert str(caught.value) == (
        "model 'openai:qwen': the server answered 400 (no model qwen for ***); what was answered so far is kept"
    )
    server.script = [Say(status=401)]
    with pytest.raises(ConfigError, match="OPENAI_API_KEY is not accepted"):
        ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after)


def test_settings(server: ChatServer, pair: ImagePair) -> None:
    with pytest.raises(ConfigError, match="num_beams: a server searches in its own way"):
        ServerCaptioner("qwen", layout=LAYOUT)(pair.before, pair.after, num_beams=3)
    with pytest.raises(ConfigError, match="expected openai:NAME"):
        ServerCaptioner(" ")
    with pytest.raises(ModelError, match="does not show where it looks"):
        ServerCaptioner("qwen", layout=LAYOUT).explain(pair.before, pair.after)
    assert server.asked == [] or len(server.asked) == 1


@pytest.mark.parametrize(
    ("text", "caption", "probability"),
    [
        ('{"caption": "The car is gone.", "probability": 0.8}', "the car is gone", 0.8),
        ('Sure!\n```json\n{"caption": "a hat was added", "probability": 85}\n```', "a hat was added", 0.85),
        (
            '<think>{"caption": "no"}</think>{"caption": "TV was added", "probability": 1}',
            "TV was added",
            1.0,
        ),
        ('{"caption": "nothing has changed", "probability": 0.97}', "nothing has changed", 0.03),
        ('{"caption": "nothing has changed", "probability": 0.1}', "nothing has changed", 0.1),
        ('{"caption": "the light is on", "probability": "high"}', "the light is on", 1.0),
        ('{"caption": "the light is on"}', "the light is on", 1.0),
        ("The light\nis on.", "the light is on", 1.0),
        ("There is no change.", "there is no change", 0.0),
        ("{broken", "{broken", 1.0),
        ('{"caption": ["a"], "probability": NaN}', '{"caption": ["a"], "probability": NaN}', 1.0),
    ],
)
def test_answers_are_read_leniently(text: str, caption: str, probability: float) -> None:
    found = read_answer(text)
    assert found[0] == caption
    assert found[1] == pytest.approx(probability)


def test_commands(
    server: ChatServer, pair: ImagePair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`caption` of a pair and of a data set, and `compare`."""
    for folder, image in (("before", pair.before), ("after", pair.after)):
        (tmp_path / folder).mkdir()
        image.save(tmp_path / folder / "0.png")
    files = [str(tmp_path / folder / "0.png") for folder in ("before", "after")]
    assert cli.run(["caption", *files, "--model", "openai:qwen", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["caption"] == "the red car is gone"
    assert (told["model"], told["prompt"], told["encoding"]) == ("openai:qwen", PROMPT_VERSION, "joint")
    (tmp_path / "pairs.csv").write_text("before,after,id\nbefore/0.png,after/0.png,one\n", encoding="utf-8")
    output = tmp_path / "out.json"
    data = ["--data", str(tmp_path / "pairs.csv"), "--output", str(output)]
    assert cli.run(["caption", *data, "--model", "openai:qwen"]) == 0
    (entry,) = json.loads(output.read_text(encoding="utf-8"))
    assert (entry["image_id"], entry["caption"]) == ("one", "the red car is gone")
    assert (entry["model"], entry["prompt"], entry["encoding"]) == ("openai:qwen", PROMPT_VERSION, "joint")
    capsys.readouterr()
    page, results = tmp_path / "page.html", tmp_path / "results.json"
    folders = [str(tmp_path / "before"), str(tmp_path / "after")]
    assert (
        cli.run(["compare", *folders, "--model", "openai:qwen", "--html", str(page), "--json", str(results)])
        == 1
    )
    assert "the red car is gone" in capsys.readouterr().out
    assert json.loads(results.read_text(encoding="utf-8"))["run_record"]["prompt"] == PROMPT_VERSION
    assert KEY not in results.read_text(encoding="utf-8") + page.read_text(encoding="utf-8")


@pytest.mark.parametrize("option", [["--adapter", "x"], ["--engine", "onnx"], ["--device", "cuda"]])
def test_options_that_a_server_decides(
    option: list[str], pair: ImagePair, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, image in (("a.png", pair.before), ("b.png", pair.after)):
        image.save(tmp_path / name)
    assert (
        cli.run(["caption", str(tmp_path / "a.png"), str(tmp_path / "b.png"), "--model", "openai:m", *option])
        == 2
    )
    assert "runs on a server, which decides that; leave it out" in capsys.readouterr().err
