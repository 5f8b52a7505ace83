import numpy as np

from blip2idc.worlds.pages import faults


def told_of(old: str, new: str, behind: str = "") -> dict[str, object]:
    return {"old": old, "new": new, "behind": behind, "before": [10, 10, 20, 20], "after": [10, 10, 20, 20]}


def test_colors_that_a_person_calls_alike_are_refused() -> None:
    assert faults.fault_of_colors("text_color", told_of("rgb(35, 90, 220)", "rgb(30, 80, 250)")) is not None
    assert faults.fault_of_colors(
        "text_color", told_of("rgb(0, 0, 0)", "rgb(240, 240, 240)", "rgb(255, 255, 255)")
    )
    assert (
        faults.fault_of_colors(
            "text_color", told_of("rgb(0, 0, 0)", "rgb(35, 90, 220)", "rgb(255, 255, 255)")
        )
        is None
    )
    assert faults.fault_of_colors("opacity", {}) is None


def test_pixels_have_to_differ_in_the_place_and_there_above_all() -> None:
    differs = np.zeros((100, 100), bool)
    told = [told_of("", "")]
    assert "in its place" in str(faults.fault_of_pixels("text_color", differs, told))
    differs[12:28, 12:28] = True
    assert faults.fault_of_pixels("text_color", differs, told) is None
    assert "in its place" in str(
        faults.fault_of_pixels("text_color", differs, [*told, {"before": [80, 80, 9, 9], "after": None}])
    )
    differs[50:] = True
    assert "elsewhere" in str(faults.fault_of_pixels("text_color", differs, told))
    assert "moved" in str(faults.fault_of_pixels("removed", differs, told))


def test_backgrounds_are_told_as_they_are_seen() -> None:
    before = np.full((50, 50, 3), 200, np.uint8)
    after = before.copy()
    after[10:30, 10:30] = (214, 40, 40)
    told = told_of("rgba(0, 0, 0, 0.2)", "rgb(214, 40, 40)")
    assert faults.fault_of_backgrounds(before, after, [told]) is None
    assert told["old"] == "rgb(200, 200, 200)"
    assert "not to be seen" in str(faults.fault_of_backgrounds(before, before, [told]))


def test_boxes_are_whole_pixels_of_the_window() -> None:
    assert faults.whole([-3.5, 2.2, 10.0, 5.0], (100, 6)) == (0, 2, 7, 4)
    assert faults.whole([200, 0, 10, 10], (100, 100)) is None
    differs = np.zeros((10, 10), bool)
    assert faults.box_of_pixels(differs) is None
    differs[2:4, 5] = True
    assert faults.box_of_pixels(differs) == (5, 2, 1, 2)
