"""The manifest: what is written reads back, what is wrong is refused with file and line."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from blip2idc.data.records import Manifest, PairRecord, find_splits, read_records, write_records
from blip2idc.errors import ManifestError

GOOD = {"id": "0", "before_file_name": "images/0_before.png", "after_file_name": "images/0_after.png"}


def write_lines(folder: Path, *lines: object, name: str = "metadata.jsonl") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    (folder / name).write_text("".join(text + "\n" for text in texts), encoding="utf-8")
    return folder / name


def refusal(folder: Path, *lines: object, split: str | None = None) -> str:
    write_lines(folder, *lines)
    with pytest.raises(ManifestError) as caught:
        read_records(folder, split)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence.removeprefix(f"{folder / 'metadata.jsonl'}, ")


# --- reading what is right ---


def test_a_full_line(tmp_path: Path) -> None:
    line = {
        **GOOD,
        "captions": ["the cube is red now", "naïve\u2028caption"],
        "change": {"kind": "color", "from": "blue"},
        "before_box": [1, 2, 3, 4],
        "after_box": None,
        "source": "scenes",
        "camera": {"azimuth": 0.1},
    }
    write_lines(tmp_path, line)
    (record,) = read_records(tmp_path)
    assert record.id == "0"
    assert record.captions == ("the cube is red now", "naïve\u2028caption")
    assert record.kind == "color"
    assert record.before_box == (1, 2, 3, 4)
    assert record.after_box is None
    assert record.source == "scenes"
    assert record.extra == {"camera": {"azimuth": 0.1}}
    assert record.to_dict() == line


def test_a_bare_line_and_blank_lines_and_a_byte_order_mark(tmp_path: Path) -> None:
    (tmp_path / "metadata.jsonl").write_text(
        "\ufeff" + json.dumps({**GOOD, "id": 17}) + "\r\n\n  \n", encoding="utf-8"
    )
    manifest = read_records(tmp_path)
    assert len(manifest) == 1
    record = manifest[0]
    assert (record.id, record.captions, record.change, record.kind) == ("17", (), None, None)
    assert manifest.paths(record) == (tmp_path / "images/0_before.png", tmp_path / "images/0_after.png")


def test_a_manifest_is_a_sequence(tmp_path: Path) -> None:
    write_lines(tmp_path, GOOD, {**GOOD, "id": "1"})
    manifest = read_records(tmp_path)
    assert [record.id for record in manifest] == ["0", "1"]
    assert manifest[1].id == "1"
    assert manifest[-1:] == (manifest[1],)


def test_splits_in_folders(tmp_path: Path) -> None:
    for split in ("train", "test"):
        write_lines(tmp_path / split, {**GOOD, "id": split})
    assert find_splits(tmp_path) == ("train", "test")
    manifest = read_records(tmp_path, "test")
    assert (manifest.root, manifest.split, manifest[0].id) == (tmp_path / "test", "test", "test")
    with pytest.raises(ManifestError, match="holds the splits train, test; say which one to read"):
        read_records(tmp_path)
    with pytest.raises(ManifestError, match="holds the splits train, test; there is no 'val'"):
        read_records(tmp_path, "val")


def test_a_single_split_needs_no_choice(tmp_path: Path) -> None:
    write_lines(tmp_path / "val", GOOD)
    assert read_records(tmp_path).root == tmp_path / "val"


def test_splits_by_a_key(tmp_path: Path) -> None:
    write_lines(tmp_path, {**GOOD, "split": "train"}, {**GOOD, "id": "1", "split": "test"})
    assert [record.id for record in read_records(tmp_path, "test")] == ["1"]
    assert len(read_records(tmp_path)) == 2
    assert find_splits(tmp_path) == ()
    with pytest.raises(ManifestError, match="no record has split 'val'"):
        read_records(tmp_path, "val")
    with pytest.raises(ManifestError, match="split is 'dev'; expected train, val, test"):
        read_records(tmp_path, "dev")


def test_a_file_may_have_another_name(tmp_path: Path) -> None:
    file = write_lines(tmp_path, GOOD, name="pairs.jsonl")
    assert read_records(file).root == tmp_path


def test_chat_lines(tmp_path: Path) -> None:
    turn = {"role": "user", "content": "<image><image>What changed?"}
    lines = [
        {
            "messages": [turn, {"role": "assistant", "content": " the car left "}],
            "images": ["a.png", "b.png"],
        },
        {
            "id": "x",
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image"}, {"type": "image"}, {"type": "text", "text": "?"}],
                },
                {"role": "assistant", "content": [{"type": "text", "text": "nothing has changed"}]},
            ],
            "images": [{"path": "c.png"}, {"path": "d.png"}],
            "source": "chat",
            "split": "train",
        },
    ]
    write_lines(tmp_path, *lines, name="chat.jsonl")
    first, second = read_records(tmp_path / "chat.jsonl")
    assert first == PairRecord("000001", "a.png", "b.png", ("the car left",))
    assert second == PairRecord(
        "x", "c.png", "d.png", ("nothing has changed",), source="chat", extra={"split": "train"}
    )


def test_a_folder_linked_as_a_whole_is_fine(tmp_path: Path) -> None:
    write_lines(tmp_path / "real", GOOD)
    (tmp_path / "real" / "images").mkdir()
    (tmp_path / "alias").symlink_to(tmp_path / "real")
    manifest = read_records(tmp_path / "alias")
    assert manifest.paths(manifest[0])[0] == tmp_path / "alias" / "images" / "0_before.png"


# --- refusing what is wrong ---


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"id": ""}, "line 1: id is ''; expected a string that is not empty"),
        ({"id": None}, "line 1: id is None"),
        ({"id": True}, "line 1: id is True"),
        ({"before_file_name": 3}, "line 1: before_file_name is 3; expected the relative path of an image"),
        ({"before_file_name": ""}, "line 1: before_file_name '' is not a file name"),
        (
            {"after_file_name": "/etc/passwd"},
            "line 1: after_file_name '/etc/passwd' leads out of the data set",
        ),
        ({"after_file_name": "../x.png"}, "line 1: after_file_name '../x.png' leads out of the data set"),
        ({"after_file_name": "a/../../x.png"}, "line 1: after_file_name 'a/../../x.png' leads out"),
        ({"after_file_name": "C:/x.png"}, "line 1: after_file_name 'C:/x.png' leads out of the data set"),
        ({"after_file_name": "a\\x.png"}, "line 1: after_file_name 'a\\\\x.png' is not a file name"),
        ({"captions": "red"}, "line 1: captions is 'red'; expected a list of strings"),
        ({"captions": ["red", 4]}, "line 1: captions holds 4; expected strings that are not empty"),
        ({"captions": [" "]}, "line 1: captions holds ' '"),
        ({"change": "color"}, "line 1: change is 'color'; expected an object with a key 'kind'"),
        ({"change": {}}, "line 1: change.kind is None; expected a string, 'none' for no change"),
        (
            {"before_box": [1, 2, 3]},
            "line 1: before_box is [1, 2, 3]; expected [x, y, width, height] in pixels",
        ),
        ({"before_box": [1, 2, 3, "4"]}, "line 1: before_box is [1, 2, 3, '4']"),
        ({"before_box": [1, 2, 3, True]}, "line 1: before_box is [1, 2, 3, True]"),
        ({"before_box": {}}, "line 1: before_box is {}"),
        ({"after_box": [0, 0, -1, 2]}, "line 1: after_box is [0, 0, -1, 2]; expected a width and a height"),
        ({"source": 1}, "line 1: source is 1; expected a string"),
        ({"caption": "red"}, "line 1: key 'caption' is not known; did you mean 'captions'?"),
        (
            {"before_filename": "x"},
            "line 1: key 'before_filename' is not known; did you mean 'before_file_name'?",
        ),
        ({"afterbox": None}, "line 1: key 'afterbox' is not known; did you mean 'after_box'?"),
        ({"before_file_name": "."}, "line 1: before_file_name '.' is the folder itself"),
        ({"before_box": [0, 0, 10**400, 1]}, "line 1: before_box is [0, 0, 1000"),
        (
            {"empty_references": 10**12},
            "line 1: empty_references is 1000000000000; expected a whole number from 0 to",
        ),
        ({"empty_references": "2"}, "line 1: empty_references is '2'; expected"),
        ({"change": {"kind": "\ud800"}}, "line 1: holds a lone surrogate"),
        ({"id": "a\0b"}, "line 1: id is 'a\\x00b'; expected a string without control characters"),
        ({"id": ["x" * 100_000]}, "line 1: id is ['xxx"),
        ({"k" * 100_000: 1, "captions": "x" * 100_000}, "line 1: captions is 'xxx"),
    ],
)
def test_a_wrong_value(change: dict, sentence: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, {**GOOD, **change}).startswith(sentence)


@pytest.mark.parametrize("key", list(GOOD))
def test_a_required_key_is_missing(key: str, tmp_path: Path) -> None:
    line = {name: value for name, value in GOOD.items() if name != key}
    assert refusal(tmp_path, line).startswith(f"line 1: {key} is None")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("{", "line 2, column 2: not valid JSON"),
        ("[1]", "line 2: is a JSON list; expected an object"),
        (
            json.dumps(GOOD)[:-1] + ', "after_box": [0, 0, NaN, 1]}',
            "line 2: holds NaN, which is not a JSON value",
        ),
        (
            json.dumps(GOOD)[:-1] + ', "score": -1e999}',
            "line 2: holds -1e999, which is beyond the range of numbers",
        ),
        (
            json.dumps(GOOD)[:-1] + ', "after_box": [0, 0, 1e999, 1]}',
            "line 2: holds 1e999, which is beyond the range of numbers",
        ),
        ("[" * 100_000, "line 2: lists or objects are nested too deeply"),
        ('{"id": ' + "9" * 5000 + "}", "line 2: holds a number of more than 4300 digits"),
        ('{"id": "1", "id": "2"}', "line 2: key 'id' occurs twice in one object"),
    ],
)
def test_a_line_that_is_not_an_object(line: str, sentence: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, {**GOOD, "id": "first"}, line).startswith(sentence)


def test_ids_are_unique_as_text(tmp_path: Path) -> None:
    lines = [{**GOOD, "id": 5}, {**GOOD, "id": "6"}, "", {**GOOD, "id": "5"}]
    assert refusal(tmp_path, *lines) == "line 4: id '5' was used on line 1; ids are unique"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ({"messages": [], "images": ["a"]}, "line 1: images is ['a']; expected a list of two paths"),
        ({"messages": [], "images": ["a", "b"]}, "line 1: messages hold nothing by the role 'assistant'"),
        ({"messages": "hi", "images": ["a", "b"]}, "line 1: messages is not a list of objects"),
        (
            {"messages": [{"role": "assistant"}], "images": ["a", "b"]},
            "line 1: content of an assistant message",
        ),
        (
            {"messages": [{"role": "assistant", "content": ""}], "images": ["a", "b"]},
            "line 1: captions holds ''",
        ),
        (
            {"messages": [{"role": "assistant", "content": "x"}], "images": ["/a", "b"]},
            "line 1: before_file_name '/a'",
        ),
    ],
)
def test_wrong_chat_lines(line: dict, sentence: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, line).startswith(sentence)


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    outside, data = tmp_path / "outside", tmp_path / "data"
    outside.mkdir()
    (outside / "0_before.png").touch()
    (data / "images").mkdir(parents=True)
    (data / "images" / "0_before.png").symlink_to(outside / "0_before.png")
    assert "leads out of the data set through a symbolic link" in refusal(data, GOOD)
    (data / "images" / "0_before.png").unlink()
    (data / "images").rmdir()
    (data / "images").symlink_to(outside)
    assert "leads out of the data set through a symbolic link" in refusal(data, GOOD)
    with pytest.raises(ManifestError, match="leads out"):
        Manifest(data, ()).image_path("images/0_before.png")


def test_links_inside_the_folder_are_fine(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "0_after.png").touch()
    (tmp_path / "images" / "0_before.png").symlink_to("0_after.png")
    write_lines(tmp_path, GOOD)
    assert len(read_records(tmp_path)) == 1


def test_nothing_to_read(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="gone: no such data set"):
        read_records(tmp_path / "gone")
    with pytest.raises(ManifestError, match=r"holds no metadata\.jsonl and no train/, val/, test/ with one"):
        read_records(tmp_path)
    write_lines(tmp_path, "", " ")
    with pytest.raises(ManifestError, match="is empty"):
        read_records(tmp_path)
    (tmp_path / "metadata.jsonl").write_bytes(b"\xff\xfe{")
    with pytest.raises(ManifestError, match="is UTF-16 text; save it as UTF-8"):
        read_records(tmp_path)


# --- writing ---

records = st.builds(
    PairRecord,
    id=st.text(min_size=1, max_size=8).filter(lambda text: text.isprintable()),
    before_file_name=st.from_regex(r"[a-z0-9]{1,8}(/[a-z0-9]{1,8}){0,2}\.png", fullmatch=True),
    after_file_name=st.from_regex(r"[a-z0-9]{1,8}\.png", fullmatch=True),
    captions=st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip), max_size=3
    ).map(tuple),
    change=st.none()
    | st.builds(lambda kind: {"kind": kind}, st.text(st.characters(exclude_categories=["Cs"]))),
    before_box=st.none() | st.tuples(*[st.floats(0, 1e6)] * 4),
    after_box=st.none() | st.tuples(*[st.integers(0, 10**6)] * 4),
    source=st.none() | st.sampled_from(["scenes", "edits"]),
    extra=st.dictionaries(st.sampled_from(["camera", "split", "x"]), st.integers() | st.none(), max_size=2),
)


@settings(max_examples=50)
@given(st.lists(records, min_size=1, max_size=4, unique_by=lambda record: record.id))
def test_what_is_written_reads_back(batch: list[PairRecord]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        write_records(folder, batch)
        assert read_records(folder).records == tuple(batch)
        assert os.listdir(folder) == ["metadata.jsonl"]


def test_empty_references_are_counted() -> None:
    record = PairRecord("0", "a.png", "b.png", ("red",), extra={"empty_references": 2})
    assert record.references == ("red", "", "")
    assert PairRecord("0", "a.png", "b.png", ("red",)).references == ("red",)


def test_writing_refuses_what_reading_would(tmp_path: Path) -> None:
    good = PairRecord("0", "a.png", "b.png")
    write_records(tmp_path, [good])
    before = (tmp_path / "metadata.jsonl").read_bytes()
    with pytest.raises(ManifestError, match="line 2: after_file_name '../b.png' leads out"):
        write_records(tmp_path, [good, PairRecord("1", "a.png", "../b.png")])
    with pytest.raises(ManifestError, match="line 2: id '0' is there already"):
        write_records(tmp_path, [good, good])
    with pytest.raises(ManifestError, match="line 1: key 'id' of extra is one of the record's own"):
        write_records(tmp_path, [PairRecord("0", "a.png", "b.png", extra={"id": "9"})])
    assert (tmp_path / "metadata.jsonl").read_bytes() == before
    assert os.listdir(tmp_path) == ["metadata.jsonl"]


def make_data_set(folder: Path, count: int) -> None:
    """Records of both kinds, with and without boxes, and their images."""
    (folder / "images").mkdir(parents=True)
    batch = []
    for i in range(count):
        names = [f"images/{i}_before.png", f"images/{i}_after.png"]
        for name, color in zip(names, ("red", "blue"), strict=True):
            Image.new("RGB", (8, 6), color).save(folder / name)
        changed = i % 2 == 1
        batch.append(
            PairRecord(
                f"{i:06d}",
                *names,
                captions=("the red square became blue",) if changed else ("nothing has changed",),
                change={"kind": "color"} if changed else {"kind": "none"},
                before_box=(0, 0, 8, 6) if changed else None,
                source="test",
            )
        )
    write_records(folder, batch)


def test_the_datasets_library_opens_it(tmp_path: Path) -> None:
    import datasets

    make_data_set(tmp_path / "data", 4)
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "cache")
    )
    rows = loaded["train"]
    assert len(rows) == 4
    assert rows[1]["before"].getpixel((0, 0)) == (255, 0, 0)
    assert rows[1]["after"].getpixel((0, 0)) == (0, 0, 255)
    assert rows[1]["captions"] == ["the red square became blue"]
    assert rows[1]["before_box"] == [0, 0, 8, 6]
    assert rows[0]["before_box"] is None
    assert rows[0]["change"]["kind"] == "none"


def test_the_datasets_library_opens_splits(tmp_path: Path) -> None:
    import datasets

    for split, count in (("train", 4), ("val", 2), ("test", 3)):
        make_data_set(tmp_path / "data" / split, count)
    loaded = datasets.load_dataset(
        "imagefolder", data_dir=str(tmp_path / "data"), cache_dir=str(tmp_path / "cache")
    )
    assert {name: len(rows) for name, rows in loaded.items()} == {"train": 4, "validation": 2, "test": 3}


@pytest.mark.parametrize("name", ["x" * 256, "é" * 128 + ".png", "é/" * 1501 + "x.png"])
def test_names_longer_than_any_file_has(name: str, tmp_path: Path) -> None:
    assert "is too long; expected parts of at most 255 bytes" in refusal(
        tmp_path, {**GOOD, "after_file_name": name}
    )
