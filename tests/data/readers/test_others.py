"""Image-Editing-Request, Syned, LEVIR-CC, Birds-to-Words: their layouts and their quirks."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.benchmarks import put_image, put_json, read_all

from blip2idc.data.readers.benchmark import ReadOptions
from blip2idc.errors import InputError


def request(number: int, **changes: object) -> dict[str, object]:
    return {
        "uid": f"r{number}",
        "img0": f"{number}.jpg",
        "img1": f"{number}_b.jpg",
        "sents": ["crop it "],
    } | changes


@pytest.mark.parametrize("folder", ["", "dataset/adobe/"])
def test_image_editing_request(tmp_path: Path, folder: str) -> None:
    put_json(tmp_path / f"{folder}valid.json", [request(1), request(2)])
    put_image(tmp_path / f"{folder}images/1.jpg")
    items, _ = read_all("image-editing-request", tmp_path)
    assert [(item.split, item.record.id, item.record.captions) for item in items] == [
        ("val", "r1", ("crop it",)),
        ("val", "r2", ("crop it",)),
    ]
    assert items[0].images["images/1.jpg"] == tmp_path / f"{folder}images/1.jpg"


@pytest.mark.parametrize("name", ["../secret.jpg", "/etc/passwd", "a\\b.jpg", "", 7])
def test_image_names_stay_inside(tmp_path: Path, name: object) -> None:
    put_json(tmp_path / "test.json", [request(1), request(2, img1=name)])
    with pytest.raises(InputError, match=r"test\.json, entry 2: img1 is"):
        read_all("image-editing-request", tmp_path)


def put_syned(root: Path) -> Path:
    put_json(root / "splits.json", {"train": [0, 2], "validation": [1]})
    (root / "instructions_with_idx_train_split.txt").write_text(
        "0 <INSTRUCT>  Make it night\n1 <INSTRUCT> Add a dog\n2 <INSTRUCT> Remove the cat\n"
    )
    (root / "instructions_with_idx_test_split.txt").write_text(
        "0 <INSTRUCT> Add a goat\n5 <INSTRUCT> Add a cup\n"
    )
    paraphrases = {"0 ": ['"Put a goat there."', 'Write "GOAT" on "it"', "“Place a goat.” "], "5 ": []}
    put_json(root / "gt_augmented_test_clean.json", paraphrases)
    return root


def test_syned_keeps_the_original_apart(tmp_path: Path) -> None:
    items, tally = read_all("syned", put_syned(tmp_path))
    assert [(item.split, item.record.id) for item in items] == [
        ("train", "0"),
        ("train", "2"),
        ("val", "1"),
        ("test", "0"),
        ("test", "5"),
    ]
    goat = items[3].record
    assert goat.extra["original_captions"] == ["Add a goat"]
    assert goat.extra["paraphrased_captions"] == [
        "Put a goat there.",
        'Write "GOAT" on "it"',
        "Place a goat.",
    ]
    assert goat.captions == ("Add a goat", *goat.extra["paraphrased_captions"])
    assert items[0].record.captions == ("Make it night",)
    assert tally.counts["test pairs without a paraphrase"] == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("splits.json", '{"train": [9]}', "index 9 has no instruction"),
        ("gt_augmented_test_clean.json", '{"0 ": []}', "1 indices are not in both test files"),
        ("instructions_with_idx_test_split.txt", "0 Add a goat\n", "line 1 is '0 Add a goat'"),
        (
            "instructions_with_idx_test_split.txt",
            "0 <INSTRUCT> a\n0 <INSTRUCT> b\n",
            "line 2: index 0 occurs twice",
        ),
    ],
)
def test_syned_malformed(tmp_path: Path, name: str, content: str, message: str) -> None:
    (put_syned(tmp_path) / name).write_text(content)
    with pytest.raises(InputError) as caught:
        read_all("syned", tmp_path)
    assert message in str(caught.value)


def levir(**changes: object) -> dict[str, object]:
    entry = {
        "filepath": "test",
        "filename": "test_000001.png",
        "split": "test",
        "changeflag": 0,
        "sentences": [{"raw": " the scene is the same as before ", "tokens": []}],
    }
    return entry | changes


def test_levir_cc(tmp_path: Path) -> None:
    entries = [levir(), levir(filename="test_000002.png", changeflag=1)]
    put_json(tmp_path / "LevirCCcaptions.json", {"images": entries})
    put_image(tmp_path / "images/test/label/test_000002.png")
    items, _ = read_all("levir-cc", tmp_path)
    assert [item.record.kind for item in items] == ["none", "changed"]
    assert items[0].record.captions == ("the scene is the same as before",)
    assert items[0].images["A/test_000001.png"] == tmp_path / "images/test/A/test_000001.png"
    assert items[1].record.extra == {"mask_file_name": "label/test_000002.png"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"changeflag": 2}, "entry 1: changeflag is 2, expected 0 or 1"),
        ({"split": "holdout"}, "split is 'holdout'"),
        ({"sentences": ["raw"]}, "expected a list of objects with 'raw'"),
    ],
)
def test_levir_malformed(tmp_path: Path, changes: dict[str, object], message: str) -> None:
    put_json(tmp_path / "LevirCCcaptions.json", {"images": [levir(**changes)]})
    with pytest.raises(InputError) as caught:
        read_all("levir-cc", tmp_path)
    assert message in str(caught.value)


COLUMNS = "img1ImgURL\timg2ImgURL\tsplit\tann1\tdescription\n"


def test_birds_to_words_merges_annotators(tmp_path: Path) -> None:
    url = "https://static.example.org/photos/{}/medium.jpg?15"
    rows = [
        f"{url.format(1)}\t{url.format(2)}\tval\tx\t{text}\n" for text in ('a "red" bird', "a small bird")
    ]
    (tmp_path / "birds-to-words-v1.0.tsv").write_text(COLUMNS + "".join(rows))
    items, _ = read_all("birds-to-words", tmp_path)
    assert [(item.split, item.record.id, item.record.captions) for item in items] == [
        ("val", "1_2", ('a "red" bird', "a small bird"))
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("img1ImgURL\tsplit\n", "column 'img2ImgURL' is missing"),
        (COLUMNS + "http://x/photos/1/a.jpg\n", "line 2 has too few columns"),
        (COLUMNS + "http://x/a.jpg\thttp://x/b.jpg\ttrain\tx\tbird\n", "holds no photo number"),
    ],
)
def test_birds_malformed(tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "birds.tsv").write_text(content)
    with pytest.raises(InputError) as caught:
        read_all("birds-to-words", tmp_path, ReadOptions())
    assert message in str(caught.value)


@pytest.mark.parametrize("number", ["a/b", "../x", "/etc/x", "x/", "./0"])
def test_numbers_of_clevr_dc_that_are_paths(number: str, tmp_path: Path) -> None:
    put_json(tmp_path / "captions.json", {number: ["it moved"]})
    put_json(tmp_path / "split.json", {"train": [number]})
    items, _ = read_all("clevr-dc", tmp_path)
    assert items[0].record.before_file_name == f"bef/{number}.png"  # which whoever places it refuses
