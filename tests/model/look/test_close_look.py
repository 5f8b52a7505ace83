"""The close look through the captioner: changes of screenshots are listed, told and never passed over."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from tests.fixtures.checkpoints import random_images

from blip2idc.cli.commands.demo import DEMO_PAIRS
from blip2idc.difference import Difference
from blip2idc.images.changes import Alignment, Comparison, MeasuredChange, Noise, find_changes
from blip2idc.images.changes.measured_pair import MeasuredPair
from blip2idc.images.changes.result import Fact
from blip2idc.images.pair import ImagePair
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.model.look import close_look
from blip2idc.model.look.close_look import look_closely
from blip2idc.model.look.telling import tell

PART = (64, 128)


def page(price: str = "49.00", button: str = "#0d6efd", mark: str = "#f6f7f9") -> Image.Image:
    """A page of a shop, 900 x 600."""
    image = Image.new("RGB", (900, 600), "#f6f7f9")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 899, 50), fill="#1d2b45")
    draw.rectangle((60, 480, 100, 520), fill=mark)
    for number in range(3):
        left = 30 + 290 * number
        draw.rectangle((left, 90, left + 250, 420), fill="white", outline="#dddddd")
        draw.rectangle((left + 20, 110, left + 230, 250), fill=("#a8643c", "#6b3f22", "#3f2716")[number])
        draw.text((left + 20, 270), "Coffee, one pound", fill="black")
        draw.text((left + 20, 340), price if number == 2 else "12.50", fill="black")
        fill = button if number == 1 else "#0d6efd"
        draw.rectangle((left + 120, 330, left + 230, 365), fill=fill)
    return image


@pytest.fixture(scope="module")
def captioner() -> DifferenceCaptioner:
    return DifferenceCaptioner.from_pretrained(device="cpu")


def test_a_price_is_never_passed_over(captioner: DifferenceCaptioner) -> None:
    found = captioner(page(), page("99.00"))
    assert not captioner(page(), page("99.00"), max_changes=0).changed  # too small for the whole look
    assert found.changed
    assert found.alignment == "aligned"
    (change,) = found.changes
    assert change.after_box is not None
    x, y, width, height = change.after_box
    assert 630 <= x < 640 and 335 <= y < 350 and width < 20 and height < 20  # noqa: PT018
    assert "same" not in found.caption and "on the right" in found.caption  # noqa: PT018


def test_a_recoloured_button_is_named(captioner: DifferenceCaptioner) -> None:
    found = captioner(page(), page(button="#14a046"))
    (change,) = found.changes
    assert change.kind == "color"
    assert "green" in found.caption
    assert json.loads(json.dumps(found.to_dict()))["changes"][0]["facts"][0]["to_hex"] == "#14a046"


def test_most_changes(captioner: DifferenceCaptioner) -> None:
    pair = page(), page("99.00", mark="#c03030")
    found = captioner(*pair, max_changes=1)
    assert len(found.changes) == 1
    assert found.caption.endswith("and 1 more change")
    assert len(captioner(*pair).changes) == 2


def test_equal_images_are_not_looked_at_twice(
    captioner: DifferenceCaptioner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(close_look, "crop_change", None)
    found = captioner(page(), page())
    assert (found.changed, found.changes, found.change_probability) == (False, (), 0.0)


def test_a_stream_says_the_same_as_single_calls(captioner: DifferenceCaptioner) -> None:
    pairs = [(page(), page("99.00")), (page(), page()), (page(), page("1.00", "#14a046"))]
    single = [captioner(*pair) for pair in pairs]
    for size in (2, 32):
        assert list(captioner.stream(pairs, size)) == single
    explained = list(captioner.explain_stream(pairs, words=False))
    assert [one.difference for one in explained] == single
    assert explained[0].sentence.empty  # what the whole look did not see has no place in it


def test_every_changed_pair_has_a_place(opt_checkpoint: Path, rng: np.random.Generator) -> None:
    blind = DifferenceCaptioner.from_pretrained(opt_checkpoint, device="cpu")
    images = random_images(rng, 8)
    for difference in blind.stream(list(zip(images[::2], images[1::2], strict=True))):
        assert bool(difference.changes) == difference.changed


class TestLook:
    def join(self, pair: ImagePair) -> np.ndarray:
        return np.asarray(pair.after)

    def test_crops_are_at_native_resolution(self) -> None:
        before, after = page(), page("99.00")
        found = look_closely(ImagePair(before, after), PART, self.join)
        (crop,) = found.crops
        assert crop is not None
        assert crop.shape[0] < 150
        assert found.certain
        assert not found.seen_in(PART, 8)
        assert find_changes(before, after).changes == found.measured

    def test_a_measured_pair_is_not_measured_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before, after = page(), page("99.00")
        comparison = find_changes(before, after)
        monkeypatch.setattr(close_look, "find_changes", None)
        found = look_closely(MeasuredPair(before, after, comparison), PART, self.join)
        assert found.measured == comparison.changes

    def test_a_small_pair_without_equal_pixels_is_left_to_the_whole_look(
        self, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
    ) -> None:
        monkeypatch.setattr(close_look, "find_changes", None)
        pictures = [Image.fromarray(rng.integers(0, 255, (150, 300, 3), dtype=np.uint8)) for _ in range(2)]
        found = look_closely(ImagePair(*pictures), PART, self.join)
        assert found.small
        assert not found.measured
        assert found.alignment == "none"
        assert found.least_probability == 0.0

    def test_a_small_pair_with_equal_pixels_is_measured(self) -> None:
        before = page().resize((300, 190))
        after = before.copy()
        after.paste((255, 0, 0), (20, 20, 50, 40))
        found = look_closely(ImagePair(before, after), PART, self.join)
        assert found.small
        assert found.certain
        assert found.least_probability == 1.0


@pytest.mark.parametrize(
    ("same_size", "agreement", "places"), [(True, 0.84, 0), (True, 0.9, 1), (False, 0.84, 1)]
)
def test_a_camera_that_moved_is_left_to_the_captioner(
    *, same_size: bool, agreement: float, places: int
) -> None:
    """Pictures of one size that hardly lie scaled on each other are two views; one was cropped or resized else."""
    before = Image.new("RGB", (640, 480), "gray")
    after = before.resize((640, 480) if same_size else (1280, 960))
    change = MeasuredChange((200, 200, 40, 40), (200, 200, 40, 40), strength=9.0, difference=50.0)
    alignment = Alignment("scaled", ((1.1, 0, 0), (0, 1.1, 0)), agreement=agreement)
    found = Comparison(before.size, after.size, alignment, "compact", (change,))
    look = look_closely(MeasuredPair(before, after, found), PART, lambda pair: np.zeros((1, 1, 3), np.uint8))
    assert (look.alignment, len(look.measured), look.total) == ("scaled", places, places)


@pytest.mark.parametrize(
    ("agreement", "edges", "difference", "places"),
    [
        (0.9, 3.0, 50.0, 1),
        (0.7, 3.0, 50.0, 0),  # nothing is equal and little agrees: two views
        (0.7, 0.0, 50.0, 1),  # equal to the pixel around the change
        (1.0, 0.0, 1.5, 0),  # too faint to be seen
    ],
)
def test_what_is_another_view_or_too_faint_is_left_to_the_captioner(
    agreement: float, edges: float, difference: float, places: int
) -> None:
    image = Image.fromarray(np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8))
    change = MeasuredChange((200, 200, 40, 40), (200, 200, 40, 40), difference=difference)
    found = Comparison(
        image.size,
        image.size,
        Alignment("aligned", agreement=agreement),
        "compact",
        (change,),
        noise=Noise(edges=edges),
    )
    look = look_closely(MeasuredPair(image, image, found), PART, lambda pair: np.zeros((1, 1, 3), np.uint8))
    assert len(look.measured) == places


@pytest.mark.parametrize(("place", "places"), [((30, 90, 830, 330), 1), ((30, 500, 40, 40), 0)])
def test_a_page_that_agrees_beside_what_changed_is_no_other_view(
    place: tuple[int, int, int, int], places: int
) -> None:
    """However much of a page a banner or a picture takes: what is beside it lies where it was."""
    before, after = page(), page().copy()
    after.paste((200, 200, 200), (30, 90, 860, 420))
    found = Comparison(
        before.size,
        after.size,
        Alignment("aligned", agreement=0.5),
        "compact",
        (MeasuredChange(place, place, difference=50.0),),
        noise=Noise(edges=1.0),
    )
    look = look_closely(MeasuredPair(before, after, found), PART, lambda pair: np.zeros((1, 1, 3), np.uint8))
    assert look.drawn
    assert len(look.measured) == places


def test_one_thing_in_a_photograph_that_was_cropped_and_encoded_again() -> None:
    """The pair of the demo: an island under a patch of water. It is a thing, no button."""
    images = [DEMO_PAIRS / "images" / f"photograph-retouched-{moment}.jpg" for moment in ("before", "after")]
    look = look_closely(ImagePair.open(*images), PART, lambda pair: np.zeros((1, 1, 3), np.uint8))
    assert (look.alignment, look.total, look.whole) == ("scaled", 1, None)
    (place,) = look.measured
    assert place.before_box is not None
    assert all(
        abs(side - right) < 12 for side, right in zip(place.before_box, (322, 170, 88, 30), strict=True)
    )
    assert place.sentence == "the light grey thing disappeared"


def test_a_scroll_bar_and_a_caret_are_no_change(captioner: DifferenceCaptioner) -> None:
    def with_bar(image: Image.Image) -> Image.Image:
        draw = ImageDraw.Draw(image)
        draw.rectangle((885, 0, 899, 599), fill="#f1f1f1")
        draw.rectangle((887, 30, 897, 200), fill="#c1c1c1")
        return image

    def with_caret(image: Image.Image) -> Image.Image:
        ImageDraw.Draw(image).line((70, 450, 70, 468), fill="black")
        return image

    for after in (with_bar(page()), with_caret(page())):
        found = captioner(page(), after)
        assert (found.changed, found.changes) == (False, ())
        assert found.change_probability < 0.1
    found = captioner(page(), with_bar(page("99.00")))
    assert found.changed
    assert len(found.changes) == 1
    assert found.changes[0].kind not in ("none", "drop", "add")


def test_of_pages_the_captioner_is_not_heard_where_it_is_not_sure() -> None:
    rng = np.random.default_rng(1)

    def other_page() -> Image.Image:
        image = Image.new("RGB", (900, 600), "white")
        draw = ImageDraw.Draw(image)
        for _ in range(60):
            x, y = (int(value) for value in rng.integers(0, 560, 2))
            draw.rectangle(
                (x, y, x + 60, y + 12), fill=tuple(int(value) for value in rng.integers(0, 255, 3))
            )
        return image

    look = look_closely(ImagePair(other_page(), other_page()), PART, lambda pair: np.zeros((1,)))
    assert look.drawn
    assert not look.measured
    whole = Difference("the picture was cropped", 0.99, True, confidence=0.02)
    assert tell(whole, look, (), seen=False).caption == "something changed"
    assert tell(whole, look, (), seen=False, own_words=True).caption == whole.caption


@pytest.mark.parametrize(("drawn", "told"), [(True, True), (True, False), (False, True)])
def test_what_is_told_of_a_place_of_a_page_is_not_told_of_all_of_it(
    monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator, *, drawn: bool, told: bool
) -> None:
    monkeypatch.setattr(close_look, "measure_whole", lambda before, after: Fact("motion_blur"))
    picture = page() if drawn else Image.fromarray(rng.integers(0, 255, (600, 900, 3), dtype=np.uint8))
    box, texts = (40, 270, 90, 12), ("Coffee", "Tea") if told else (None, None)
    change = MeasuredChange(
        box, box, strength=9.0, difference=80.0, before_text=texts[0], after_text=texts[1]
    )
    alignment, size = Alignment("aligned", agreement=0.95), picture.size
    found = Comparison(size, size, alignment, "compact", (change,), noise=Noise(2.0, 9.0))
    looked = look_closely(
        MeasuredPair(picture, picture, found), PART, lambda pair: np.zeros((1, 1, 3), np.uint8)
    )
    assert (looked.whole is None) == (drawn and told)
