"""The editor that needs no weights: what it understands, and that it does that and depends on nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from blip2idc.errors import ConfigError
from blip2idc.synthesis.editors.deterministic import (
    EditsEditor,
    example_of,
    known_instructions,
    perform,
    understood,
)
from blip2idc.synthesis.editors.editor import EditRequest
from blip2idc.worlds.edits.captions import COLORS, PLACES, TEMPLATES, captions_of
from blip2idc.worlds.edits.photographs import packaged_photographs
from blip2idc.worlds.edits.world import KINDS


def _photograph(size: tuple[int, int] = (192, 128)) -> Image.Image:
    return Image.open(packaged_photographs()[0]).convert("RGB").resize(size)


def _request(instruction: str, seed: int = 0) -> EditRequest:
    return EditRequest(_photograph(), instruction, seed, 7.5)


def test_every_kind_of_edit_has_an_instruction() -> None:
    assert tuple(known_instructions()) == KINDS
    assert len(set(known_instructions().values())) == len(KINDS)
    assert all(known_instructions()[kind] == example_of(kind).text for kind in KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_names_and_sentences_of_each_kind_are_understood(kind: str) -> None:
    assert understood(kind) == (kind, {})
    assert understood(example_of(kind).text) == (kind, {})
    assert understood(kind.replace("_", " ").upper() + ".") == (kind, {})


@pytest.mark.parametrize("kind", KINDS)
def test_examples_say_what_the_pair_shows(kind: str) -> None:
    example = example_of(kind)
    assert example.before_caption == "a photograph"
    assert example.after_caption not in (None, example.before_caption)
    assert example.caption != example.text
    assert understood(example.caption) in ((kind, {}), None)


@pytest.mark.parametrize("kind", KINDS)
def test_every_sentence_of_the_world_is_understood_with_its_details(kind: str) -> None:
    details = {"color": "red", "place": PLACES[0], "side": "left", "axis": "vertical"}
    needed = {name for name in details if any(f"{{{name}}}" in one for one in TEMPLATES[kind])}
    for caption in captions_of(kind, details):
        found = understood(caption)
        assert found is not None
        assert found[0] == kind
        assert found[1].items() <= details.items()
        assert needed - {"axis"} <= set(found[1])


@pytest.mark.parametrize(
    ("text", "meaning"),
    [
        ("Please flip the photo horizontally.", ("flip", {"axis": "horizontal"})),
        ("mirror the picture top to bottom", ("flip", {"axis": "vertical"})),
        (
            "recolour the area on the left purple",
            ("region_recolor", {"color": "purple", "place": "on the left"}),
        ),
        ("make the photo brighter", ("brighten", {})),
        ("turn the dog into a cat", None),
        ("brighten the dog", None),
        ("", None),
    ],
)
def test_what_is_understood(text: str, meaning: tuple[str, dict[str, str]] | None) -> None:
    assert understood(text) == meaning


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(ConfigError, match="the kind of edit is 'melt'"):
        example_of("melt")


@pytest.mark.parametrize("kind", KINDS)
def test_edits_are_a_function_of_the_request(kind: str) -> None:
    editor = EditsEditor()
    first, other, again = editor.edit([_request(kind), _request(kind, seed=1), _request(kind)])
    assert first.image is not None
    assert again.image is not None
    assert other.image is not None
    assert first.image.size == (192, 128)
    assert first.image.tobytes() == again.image.tobytes()
    assert first.image.tobytes() != _photograph().tobytes()
    if kind not in ("invert", "black_and_white", "flip"):  # which leave nothing, or one bit, to the seed
        assert first.image.tobytes() != other.image.tobytes()


def test_guidance_changes_nothing() -> None:
    request = _request("blur")
    weak = EditRequest(request.image, request.instruction, request.seed, 1.0, 1.1)
    first, second = EditsEditor().edit([request, weak])
    assert first.image is not None
    assert second.image is not None
    assert first.image.tobytes() == second.image.tobytes()


def test_what_is_not_understood_is_told() -> None:
    results = EditsEditor().edit([_request("turn it into a painting"), _request("invert")])
    assert [result.fault for result in results] == ["not-understood", None]
    assert results[0].image is None


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("color", ["red", "white"])
def test_the_colour_and_place_that_are_asked_for_are_given(seed: int, color: str) -> None:
    picture = np.asarray(_photograph())
    edited = perform(f"cover the area in the top left with {color}", picture, seed)
    assert edited is not None
    assert edited.details == {"place": "in the top left", "color": color}
    assert edited.mask is not None
    assert (edited.picture[edited.mask] == COLORS[color]).all()
    rows, columns = np.nonzero(edited.mask)
    assert rows.mean() < 128 / 3
    assert columns.mean() < 192 / 3
    assert (edited.picture[~edited.mask] == picture[~edited.mask]).all()


def test_mirroring_goes_the_way_that_is_asked_for() -> None:
    picture = np.asarray(_photograph())
    for seed in range(4):
        across = perform("flip the picture horizontally", picture, seed)
        down = perform("flip the picture vertically", picture, seed)
        assert across is not None
        assert down is not None
        assert (across.picture == picture[:, ::-1]).all()
        assert (down.picture == picture[::-1]).all()


def test_a_colour_that_cannot_be_drawn_is_not_understood() -> None:
    """Tints are never black, though a sentence may say so."""
    assert perform("tint the picture black", np.asarray(_photograph((32, 32))), 0) is None


def test_grey_images_are_taken() -> None:
    request = EditRequest(_photograph().convert("L"), "darken", 0, 7.5)
    (result,) = EditsEditor().edit([request])
    assert result.image is not None
    assert result.image.mode == "RGB"
