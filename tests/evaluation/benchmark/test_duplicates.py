"""What two splits share: exact and near captions and images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageFilter

from blip2idc.evaluation.benchmark import duplicates
from blip2idc.evaluation.benchmark.duplicates import caption_overlap, image_overlap
from blip2idc.evaluation.benchmark.image_features import image_fingerprints
from blip2idc.evaluation.metrics.corpus import References

LONG = "the man in the red coat near the white car on the left is gone now"


def references(*captions: str | tuple[str, ...]) -> References:
    items = [(caption,) if isinstance(caption, str) else caption for caption in captions]
    return References.from_tokens(
        [str(n) for n in range(len(items))], [[text.split() for text in item] for item in items], "words"
    )


def test_captions_shared_exactly_and_nearly() -> None:
    ours = references(("a car left", "nothing like it"), LONG.replace("red", "blue"), "a car left", "")
    theirs = references("a car left", LONG, "")
    found, looked_up = caption_overlap(ours, theirs)
    assert (found.total, found.exact, found.near) == (5, 3, 1)
    assert found.pairs == 4
    assert found.whole_pairs == 3  # all but the first pair, whose second caption is its own
    assert found.examples[0] == ("a car left", "a car left")
    assert (LONG.replace("red", "blue"), LONG) in found.examples
    assert looked_up == 2


def test_captions_with_nothing_in_common() -> None:
    found, _ = caption_overlap(references("a b c"), references("d e f"))
    assert (found.exact, found.near, found.pairs, found.examples) == (0, 0, 0, ())


def test_many_captions_are_sampled_and_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(duplicates, "MOST_CAPTIONS", 2)
    _, looked_up = caption_overlap(references("a", "b", "c", "d"), references("x"))
    assert looked_up == 2


def photograph(path: Path, seed: int) -> Path:
    """A smooth random picture, different for every seed."""
    noise = np.random.default_rng(seed).integers(0, 256, (12, 18, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((180, 120), Image.Resampling.BICUBIC)
    image.filter(ImageFilter.GaussianBlur(3)).save(path)
    return path


def test_images_shared_exactly_and_after_compression(tmp_path: Path) -> None:
    paths = [photograph(tmp_path / f"{seed}.png", seed) for seed in range(6)]
    Image.open(paths[0]).save(tmp_path / "small.jpg", quality=40)
    Image.open(paths[1]).save(tmp_path / "same.bmp")
    theirs = image_fingerprints(
        [("small", tmp_path / "small.jpg"), ("same", tmp_path / "same.bmp"), ("x", paths[5])]
    )
    ours = image_fingerprints([(path.name, path) for path in paths[:4]])
    found = image_overlap(ours, [0, 1, 1, 2], theirs)
    assert (found.total, found.exact, found.near) == (4, 1, 1)
    assert found.pairs == 2
    assert found.whole_pairs == 1
    assert found.examples == (("1.png", "same"), ("0.png", "small"))


def test_a_shared_background_is_no_duplicate(tmp_path: Path) -> None:
    """Scenes of one world look alike but for an object: the thumbnails tell them apart."""
    image = Image.open(photograph(tmp_path / "scene.png", 3))
    image.paste("white", (100, 30, 124, 54))
    image.save(tmp_path / "object.png")
    prints = [image_fingerprints([(name, tmp_path / f"{name}.png")]) for name in ("scene", "object")]
    found = image_overlap(prints[0], [0], prints[1])
    assert (found.exact, found.near) == (0, 0)


def test_no_images_on_the_other_side(tmp_path: Path) -> None:
    ours = image_fingerprints([("a", photograph(tmp_path / "a.png", 0))])
    assert image_overlap(ours, [0], image_fingerprints([])).pairs == 0
