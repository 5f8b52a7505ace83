"""Predictions of a data set: complete, in order, resumable, whole or absent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from tests.fixtures.checkpoints import opt_checkpoint as opt_checkpoint
from tests.fixtures.checkpoints import write_dataset

from blip2idc.data.records import Manifest, read_records
from blip2idc.errors import ImageError, PredictionError
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.prediction.predictions import predict


@pytest.fixture(scope="module")
def captioner(opt_checkpoint: Path) -> DifferenceCaptioner:
    return DifferenceCaptioner.from_pretrained(opt_checkpoint)


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    return read_records(write_dataset(tmp_path / "data", 7))


def run(captioner: DifferenceCaptioner, manifest: Manifest, output: Path) -> int:
    return predict(captioner, manifest, output, batch_size=2, max_new_tokens=6)


def test_predictions_are_single_captions_in_order(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path
) -> None:
    seen: list[tuple[int, int]] = []
    output = tmp_path / "deep" / "predictions.json"
    predict(
        captioner, manifest, output, batch_size=3, on_progress=lambda *now: seen.append(now), max_new_tokens=6
    )
    entries = json.loads(output.read_text())
    assert [entry["image_id"] for entry in entries] == [record.id for record in manifest]
    for entry, record in zip(entries, manifest, strict=True):
        single = captioner(*manifest.paths(record), max_new_tokens=6)
        assert entry["caption"] == single.caption
        assert entry["changed"] == single.changed
        assert entry["change_probability"] == pytest.approx(single.change_probability, abs=1e-5)
    assert seen == [(done, 7) for done in range(8)]
    assert [file.name for file in output.parent.iterdir()] == ["predictions.json"]


def interrupt(
    captioner: DifferenceCaptioner, manifest: Manifest, output: Path, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Break off after three pairs; returns the file of what was done."""
    original = DifferenceCaptioner.stream

    def cut(self: DifferenceCaptioner, *arguments: object, **keywords: object) -> Iterator[object]:
        for number, difference in enumerate(original(self, *arguments, **keywords)):  # type: ignore[arg-type]
            if number == 3:
                raise KeyboardInterrupt
            yield difference

    with monkeypatch.context() as patch:
        patch.setattr(DifferenceCaptioner, "stream", cut)
        with pytest.raises(KeyboardInterrupt):
            run(captioner, manifest, output)
    assert not output.exists()
    return output.with_name(f"{output.name}.progress.jsonl")


def test_interrupted_run_goes_on(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(captioner, manifest, tmp_path / "whole.jsonl")
    output = tmp_path / "broken.jsonl"
    progress = interrupt(captioner, manifest, output, monkeypatch)
    progress.write_bytes(progress.read_bytes()[:-5])  # as SIGKILL in the middle of a line would leave it
    assert run(captioner, manifest, output) == 2
    assert output.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    assert not list(tmp_path.glob("*progress*"))


def test_exchanged_images_are_captioned_anew(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Under the same name, of the same size, with the same time."""
    output = tmp_path / "out.json"
    interrupt(captioner, manifest, output, monkeypatch)
    exchanged, other = manifest.paths(manifest[1])[1], manifest.paths(manifest[6])[1]
    times = exchanged.stat()
    exchanged.write_bytes(other.read_bytes())
    os.utime(exchanged, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert run(captioner, manifest, output) == 2
    run(captioner, manifest, tmp_path / "whole.json")
    assert output.read_bytes() == (tmp_path / "whole.json").read_bytes()


def test_other_weights_under_the_same_name_begin_anew(
    opt_checkpoint: Path, manifest: Manifest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    captioner = DifferenceCaptioner.from_pretrained(opt_checkpoint)
    output = tmp_path / "out.json"
    interrupt(captioner, manifest, output, monkeypatch)
    weight = captioner.backbone.language_model.get_input_embeddings().weight
    with torch.no_grad():
        weight[3, 5] += 0.25
    assert run(captioner, manifest, output) == 0


def test_leftovers_of_another_run_are_not_used(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path
) -> None:
    output = tmp_path / "predictions.json"
    leftover = {"image_id": manifest[0].id, "caption": "wrong", "change_probability": 0.0, "changed": False}
    lines = [json.dumps({"fingerprint": "other"}), json.dumps(leftover)]
    (tmp_path / "predictions.json.progress.jsonl").write_text("\n".join(lines) + "\n")
    assert run(captioner, manifest, output) == 0
    assert "wrong" not in output.read_text()


def test_unreadable_image_keeps_what_was_done(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path
) -> None:
    broken = manifest.paths(manifest[5])[0]
    content = broken.read_bytes()
    broken.write_bytes(content[:40])
    output = tmp_path / "predictions.json"
    with pytest.raises(ImageError, match="5_before.png"):
        run(captioner, manifest, output)
    broken.write_bytes(content)
    assert run(captioner, manifest, output) > 0
    assert len(json.loads(output.read_text())) == 7


def test_other_endings_are_refused(
    captioner: DifferenceCaptioner, manifest: Manifest, tmp_path: Path
) -> None:
    with pytest.raises(PredictionError, match=r"ending in \.json or \.jsonl"):
        run(captioner, manifest, tmp_path / "predictions.txt")
