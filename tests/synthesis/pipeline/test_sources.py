"""Source images: from folders and data sets, each picture once, with what is known of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from blip2idc.data.records import PairRecord, write_records
from blip2idc.errors import ConfigError, InputError
from blip2idc.synthesis.instructions.instruction import SourceImage
from blip2idc.synthesis.pipeline.sources import inspect, inspect_all, read_captions, read_sources


def put(path: Path, color: int = 0, size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, (color, 90, 30)).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(["b.png", "a.png", "deep/c.png"]):
        put(tmp_path / "photos" / name, number * 40)
    return tmp_path / "photos"


def test_a_folder_is_read_in_the_order_of_names_and_hidden_files_are_left(folder: Path) -> None:
    put(folder / ".hidden" / "x.png", 250)
    found = read_sources(images=folder)
    assert [image.name for image in found.images] == ["a.png", "b.png", "deep/c.png"]
    assert len({image.digest for image in found.images}) == 3
    assert found.skipped == {}


def test_equal_files_are_one_picture(folder: Path) -> None:
    (folder / "copy.png").write_bytes((folder / "a.png").read_bytes())
    found = read_sources(images=folder)
    assert [image.name for image in found.images] == ["a.png", "b.png", "deep/c.png"]
    assert found.repeated == 1


def test_captions_of_a_folder_come_from_its_own_metadata_or_a_file(folder: Path, tmp_path: Path) -> None:
    lines = [{"file_name": "a.png", "text": "a  cat"}, {"file_name": "deep/c.png", "caption": ["one", "two"]}]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [image.captions for image in read_sources(images=folder).images] == [
        ("a cat",),
        (),
        ("one", "two"),
    ]
    other = tmp_path / "captions.json"
    other.write_text(json.dumps({"b.png": "a dog", "c.png": ["a bird"]}))
    found = read_sources(images=folder, captions=other)
    assert [image.captions for image in found.images] == [(), ("a dog",), ("a bird",)]


def test_coco_captions_are_read(tmp_path: Path) -> None:
    file = tmp_path / "coco.json"
    content = {
        "images": [{"id": 1, "file_name": "a.png"}],
        "annotations": [{"image_id": 1, "caption": "a cat"}],
    }
    file.write_text(json.dumps(content))
    assert read_captions(file) == {"a.png": ("a cat",)}


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("c.jsonl", '{"file_name": "a.png"}', "line 1: expected an object with file_name and text"),
        ("c.jsonl", '{"file_name": "a.png", "text": 3}', "caption is 3"),
        ("c.json", "[]", "JSON list"),
        ("c.json", '{"annotations": [{}], "images": []}', "no COCO caption file"),
    ],
)
def test_a_file_of_captions_that_is_none_is_refused(
    tmp_path: Path, name: str, content: str, fault: str
) -> None:
    (tmp_path / name).write_text(content)
    with pytest.raises(InputError, match=fault):
        read_captions(tmp_path / name)


def test_a_data_set_gives_images_before_with_their_captions_as_instructions(tmp_path: Path) -> None:
    for name in ("1.png", "2.png", "after.png"):
        put(tmp_path / "data" / "images" / name, ord(name[0]))
    extra = {"input_caption": "a red wall"}
    records = [
        PairRecord("1", "images/1.png", "images/after.png", ("paint it blue",), extra=extra),
        PairRecord("2", "images/2.png", "images/after.png", ("add a door", "put a door there")),
        PairRecord("3", "images/1.png", "images/after.png", ("remove the wall", "paint it blue")),
        PairRecord("4", "images/gone.png", "images/after.png", ("do it",)),
    ]
    write_records(tmp_path / "data", records)
    found = read_sources(data=tmp_path / "data")
    assert [image.instructions for image in found.images] == [
        ("paint it blue", "remove the wall"),
        ("add a door", "put a door there"),
    ]
    assert found.images[0].captions == ("a red wall",)
    assert found.repeated == 0
    assert list(found.skipped) == ["images/gone.png"]


def test_wrong_use_is_one_sentence(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="neither of --images and --data"):
        read_sources()
    with pytest.raises(ConfigError, match="both of --images and --data"):
        read_sources(images=folder, data=folder)
    with pytest.raises(ConfigError, match="--captions goes with --images"):
        read_sources(data=folder, captions=tmp_path)


def test_a_look_tells_the_upright_size_or_what_is_wrong(tmp_path: Path) -> None:
    turned = Image.new("RGB", (40, 30))
    exif = turned.getexif()
    exif[0x0112] = 6
    turned.save(tmp_path / "turned.jpg", exif=exif)
    (tmp_path / "broken.png").write_bytes(put(tmp_path / "whole.png").read_bytes()[:60])
    images = [SourceImage(tmp_path / name, name, name) for name in ("turned.jpg", "broken.png", "whole.png")]
    assert (inspect(images[0]).width, inspect(images[0]).height) == (30, 40)
    told: list[tuple[str, bool]] = []
    inspect_all(images, lambda batch: told.extend((image.name, look.fault is None) for image, look in batch))
    assert told == [("turned.jpg", True), ("broken.png", False), ("whole.png", True)]
