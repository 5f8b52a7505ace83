"""Views of data sets on disk: what can be seen of a change, and what can be said of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from blip2idc.data.dataset import Sample, all_samples
from blip2idc.data.records import read_records
from blip2idc.tiny.batches import ViewShards, draw_batch
from blip2idc.tiny.views import captions_of_close_look, captions_of_whole, main, views_of

BUTTON = [700, 400, 90, 36]


def write(folder: Path, records: list[dict[str, Any]]) -> list[Sample]:
    """Pages of 1280x800 on which a button changes its colour, if anything does."""
    folder.mkdir()
    with (folder / "metadata.jsonl").open("w") as handle:
        for number, record in enumerate(records):
            names = [f"{number}_{side}.png" for side in ("before", "after")]
            colors = ("blue", "blue" if record["change"]["kind"] == "none" else "red")
            for name, color in zip(names, colors, strict=True):
                page = Image.new("RGB", (1280, 800), "white")
                x, y, wide, high = BUTTON
                ImageDraw.Draw(page).rectangle((x, y, x + wide, y + high), fill=color)
                page.save(folder / name)
            line = {"id": str(number), "before_file_name": names[0], "after_file_name": names[1], **record}
            handle.write(json.dumps(line) + "\n")
    return all_samples([read_records(folder)])


def changed(*captions: str, box: list[int] | None = BUTTON) -> dict[str, Any]:
    return {"change": {"kind": "background"}, "captions": list(captions), "before_box": box, "after_box": box}


UNCHANGED = {"change": {"kind": "none"}, "captions": ["nothing has changed"]}


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ('the "STARTSEITE" button has a shadow now', ("the button has a shadow now",)),
        ('the button "Buy" turned from blue to red', ("the button turned from blue to red",)),
        ('the paragraph that begins "You can" is bold', ("the paragraph is bold",)),
        ('the wording of the heading changed from "A b" to "C"', ("the wording of the heading changed",)),
        ('the heading now reads "Download"', ()),
        ("the price changed from 49 to 99", ("the price changed",)),
        ('"Best seller" was changed to "Download"', ()),
    ],
)
def test_words_on_the_page_are_left_out(caption: str, said: tuple[str, ...]) -> None:
    assert captions_of_whole([caption]) == said


@pytest.mark.parametrize(
    ("caption", "said"),
    [
        ("a red block was added in the top left", ("a red block was added",)),
        ("at the top right, the picture is shown again", ("the picture is shown again",)),
        ("the area in the middle was blurred", ("the area was blurred",)),
        ("the button in the first card has faded", ("the button has faded",)),
        ("the small red metal cube left of the large gray sphere was moved", ()),
        ("the picture was rotated to the left", ("the picture was rotated to the left",)),
    ],
)
def test_a_close_look_is_told_without_its_place(caption: str, said: tuple[str, ...]) -> None:
    assert captions_of_close_look([caption]) == said


def test_a_small_change_is_seen_in_the_close_look_only(tmp_path: Path) -> None:
    tiny = [1200, 20, 6, 6]
    samples = write(
        tmp_path / "data", [changed("the button turned red"), changed("a dot came", box=tiny), UNCHANGED]
    )
    whole, close = views_of(samples[0], np.random.default_rng(0))
    assert (whole.close, close.close) == (False, True)
    assert close.captions == ("the button turned red",)
    assert close.images.shape == (2, 64, 128, 3)
    assert 0 < whole.cells[0].sum() < close.cells[0].sum()
    ratio = [
        (np.abs(view.images[0].astype(int) - view.images[1]).max(axis=-1) > 60).mean()
        for view in (whole, close)
    ]
    assert ratio[1] > 10 * ratio[0] > 0
    for view in views_of(samples[2], np.random.default_rng(0)):
        assert view.kind == "none"
        assert not view.cells.any()


def test_several_close_looks_each_at_a_place_of_its_own(tmp_path: Path) -> None:
    samples = write(tmp_path / "data", [changed("the button turned red"), UNCHANGED])
    for sample in samples:
        whole, *close = views_of(sample, np.random.default_rng(0), 3)
        assert [view.close for view in (whole, *close)] == [False, True, True, True]
        assert {view.captions for view in close} == {close[0].captions}
    _, first, second, third = views_of(samples[0], np.random.default_rng(0), 3)
    assert not np.array_equal(first.images, second.images)
    assert not np.array_equal(second.images, third.images)


def test_shards_are_made_once_and_drawn_from(tmp_path: Path) -> None:
    write(tmp_path / "data", [changed("the button turned red", "it is red"), UNCHANGED] * 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("blip2idc.tiny.views.SHARD", 3)
        arguments = [
            "--data",
            str(tmp_path / "data"),
            "--name",
            "pages",
            "--output",
            str(tmp_path / "shards"),
        ]
        main(arguments)
        files = sorted((tmp_path / "shards").glob("pages-*.npz"))
        stamps = [path.stat().st_mtime_ns for path in files]
        main(arguments)
    assert len(files) == 2
    assert [path.stat().st_mtime_ns for path in files] == stamps
    batch = draw_batch(ViewShards(files), np.random.default_rng(0), 30, 0.5)
    assert set(batch.kinds) == {"none", "background"}
    assert batch.joints.shape == (30, 128, 128, 3)


def test_views_are_a_data_set_that_adapters_can_be_trained_on(tmp_path: Path) -> None:
    write(tmp_path / "data", [changed("the button turned red"), UNCHANGED])
    main(
        ["--data", str(tmp_path / "data"), "--name", "seen", "--output", str(tmp_path / "adapt"), "--as-data"]
    )
    samples = all_samples([read_records(tmp_path / "adapt" / "seen")])
    assert [sample.record.kind for sample in samples] == ["background", "background", "none", "none"]
    assert samples[1].record.captions == ("the button turned red",)
    assert samples[1].open().before.size == (128, 64)
