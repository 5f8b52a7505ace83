"""Two folders compared: the counts, the thresholds, and that no model is asked in vain."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from pathlib import Path

import junitparser
import lxml.etree
import numpy as np
import pytest
from PIL import Image
from tests.fixtures.folders import COUNTS, bright_square, make_folders

from blip2idc.comparison.outcome import CompareSettings, Comparison, Entry
from blip2idc.comparison.run import compare
from blip2idc.comparison.words import describe_entry
from blip2idc.difference import Difference
from blip2idc.errors import ConfigError
from blip2idc.images.pair import ImagePair
from blip2idc.report.html.compare_page import compare_page
from blip2idc.report.junit import failure_message, junit_xml

SCHEMA = Path(__file__).parent / "junit.xsd"


def never(pairs: Iterable[ImagePair]) -> Iterator[Difference]:
    raise AssertionError("the model was asked")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_folders(tmp_path_factory.mktemp("folders"))


@pytest.fixture(scope="module")
def comparison(folders: tuple[Path, Path]) -> Comparison:
    return compare(*folders, CompareSettings(), bright_square, {"model": "stub", "blip2idc": "0"})


def write_pair(root: Path, before: np.ndarray, after: np.ndarray) -> tuple[Path, Path]:
    for folder, picture in (("a", before), ("b", after)):
        (root / folder).mkdir()
        Image.fromarray(picture).save(root / folder / "x.png")
    return root / "a", root / "b"


class TestCounts:
    def test_exact_counts(self, comparison: Comparison) -> None:
        assert comparison.counts == COUNTS
        assert len(comparison.entries) == 102
        assert comparison.exit_status == 2
        expected = "102 files: 88 same, 10 changed, 2 added, 1 removed, 1 error"
        assert comparison.summary() == expected

    def test_the_damaged_file_is_named(self, comparison: Comparison) -> None:
        (error,) = (entry for entry in comparison.entries if entry.status == "error")
        assert error.name == "pages & parts/ü 097.png"
        assert "truncated or damaged" in error.reason

    def test_equal_folders_need_no_model(self, folders: tuple[Path, Path]) -> None:
        same = compare(folders[0], folders[0], CompareSettings(), never)
        assert same.counts["same"] == len(same.entries) == 100
        assert same.exit_status == 0

    def test_added_alone_is_a_change(self, tmp_path: Path, rng: np.random.Generator) -> None:
        picture = rng.integers(0, 255, (8, 8, 3), dtype=np.uint8)
        before, after = write_pair(tmp_path, picture, picture)
        Image.fromarray(picture).save(after / "y.png")
        found = compare(before, after, CompareSettings(), never)
        assert (found.counts["added"], found.exit_status) == (1, 1)

    def test_only_differing_pixels_reach_the_model(self, folders: tuple[Path, Path]) -> None:
        asked = []

        def count(pairs: Iterable[ImagePair]) -> Iterator[Difference]:
            for pair in pairs:
                asked.append(pair)
                yield Difference("x", 1.0, True)

        compare(*folders, CompareSettings(), count)
        assert len(asked) == 10


class TestThresholds:
    @pytest.fixture
    def faint(self, tmp_path: Path) -> tuple[Path, Path]:
        """A pair with 1 % differing pixels, in which `bright_square` sees nothing (probability 0.1)."""
        before = np.full((10, 10, 3), 100, dtype=np.uint8)
        after = before.copy()
        after[3, 4] = 110
        return write_pair(tmp_path, before, after)

    def test_the_model_finds_nothing(self, faint: tuple[Path, Path]) -> None:
        found = compare(*faint, CompareSettings(), bright_square)
        assert (found.counts["same"], found.unseen, found.exit_status) == (1, 1, 0)
        assert found.summary().startswith("1 file: 1 same (1 of them differ in pixels)")
        assert describe_entry(found.entries[0]) == (
            "same     x.png: nothing has changed; diffuse differences only, as of re-encoding; the model finds no "
            "change; probability of change 10%; 1 of 100 pixels differs (1 %, both 10x10)"
        )

    def test_strict(self, faint: tuple[Path, Path]) -> None:
        found = compare(*faint, CompareSettings(strict=True), bright_square)
        assert (found.counts["changed"], found.exit_status) == (1, 1)

    def test_threshold_of_the_probability(self, faint: tuple[Path, Path]) -> None:
        assert compare(*faint, CompareSettings(threshold=0.1), bright_square).exit_status == 1
        assert compare(*faint, CompareSettings(threshold=0.11), bright_square).exit_status == 0

    @pytest.mark.parametrize(
        "settings",
        [
            CompareSettings(pixel_threshold=0.01),
            CompareSettings(pixel_tolerance=10),
            CompareSettings(ignore=((4, 3, 1, 1),)),
        ],
    )
    def test_settled_without_the_model(self, faint: tuple[Path, Path], settings: CompareSettings) -> None:
        assert compare(*faint, settings, never).exit_status == 0

    def test_other_sizes(self, tmp_path: Path) -> None:
        grey = np.full((10, 10, 3), 100, dtype=np.uint8)
        pair = write_pair(tmp_path, grey, grey[:8])
        found = compare(*pair, CompareSettings(pixel_threshold=1.0), bright_square)
        assert found.exit_status == 1
        assert "10x10 before, 10x8 after" in describe_entry(found.entries[0])
        assert compare(*pair, CompareSettings(any_size=True), bright_square).exit_status == 0

    @pytest.mark.parametrize(
        "values", [{"threshold": 1.2}, {"pixel_threshold": -0.1}, {"pixel_tolerance": 256}]
    )
    def test_out_of_range(self, values: dict[str, float]) -> None:
        with pytest.raises(ConfigError, match="expected 0 to"):
            CompareSettings(**values)  # type: ignore[arg-type]


class TestJudge:
    """A block that appears on a plain page; `bright_square` sees no change in it."""

    @pytest.fixture
    def block(self, tmp_path: Path) -> tuple[Path, Path]:
        before = np.full((60, 80, 3), 180, dtype=np.uint8)
        after = before.copy()
        after[10:22, 30:50] = (20, 60, 120)
        return write_pair(tmp_path, before, after)

    def test_a_place_that_changed_is_a_change_whatever_the_model_says(self, block: tuple[Path, Path]) -> None:
        (entry,) = compare(*block, CompareSettings(), bright_square).entries
        assert (entry.status, entry.model_changed) == ("changed", False)
        assert entry.changes[0].after_box == (30, 10, 20, 12)
        line = describe_entry(entry)
        assert "nothing has changed" not in line
        assert "appeared; 1 place changed" in line
        assert "240 of 4,800 pixels differ (5 %, both 80x60)" in line
        content = entry.to_dict()
        assert content["changes"][0]["after_box"] == [30, 10, 20, 12]
        assert (content["judgement"], content["alignment"]) == ("compact", "aligned")

    def test_pixels_ask_no_model(self, block: tuple[Path, Path]) -> None:
        found = compare(*block, CompareSettings(judge="pixels"), never)
        assert (found.exit_status, found.entries[0].caption) == (1, None)

    def test_the_model_alone(self, block: tuple[Path, Path]) -> None:
        found = compare(*block, CompareSettings(judge="model"), bright_square)
        assert (found.exit_status, found.unseen) == (0, 1)

    def test_who_else(self) -> None:
        with pytest.raises(ConfigError, match="expected pixels, mixed, model"):
            CompareSettings(judge="nobody")  # type: ignore[arg-type]

    def test_other_frames_are_a_change_even_to_the_model(self, tmp_path: Path) -> None:
        frames = [Image.new("RGB", (20, 20), color) for color in ("red", "green", "blue")]
        for folder, count in (("a", 2), ("b", 3)):
            (tmp_path / folder).mkdir()
            frames[0].save(tmp_path / folder / "x.gif", save_all=True, append_images=frames[1:count])
        settings = CompareSettings(judge="model")
        (entry,) = compare(tmp_path / "a", tmp_path / "b", settings, bright_square).entries
        assert (entry.status, entry.reason) == ("changed", "2 frames before, 3 frames after")


class TestOutputs:
    def test_json(self, comparison: Comparison) -> None:
        content = json.loads(json.dumps(comparison.to_dict(), allow_nan=False))
        assert content["summary"] == {
            "files": 102, **COUNTS, "same_but_pixels_differ": 0, "approved": 0, "exit_status": 2,
        }  # fmt: skip
        first = content["entries"][0]
        assert first["name"] == "000.png"
        assert first["status"] == "changed"
        assert first["changed_pixels"] == 64
        assert first["changed_pixels_share"] == pytest.approx(64 / (24 * 32))
        assert first["changed_pixels_box"] == [8, 4, 8, 8]
        assert first["same_dimensions"] is True

    def test_junit_is_valid(self, comparison: Comparison, tmp_path: Path) -> None:
        document = junit_xml(comparison, seconds=12.3456).encode()
        schema = lxml.etree.XMLSchema(lxml.etree.parse(SCHEMA))
        schema.assertValid(lxml.etree.fromstring(document))
        (tmp_path / "junit.xml").write_bytes(document)
        (suite,) = junitparser.JUnitXml.fromfile(str(tmp_path / "junit.xml"))
        assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (102, 13, 1, 0)
        results = [result for case in suite for result in case.result]
        assert len(results) == 14

    def test_junit_messages(self, comparison: Comparison) -> None:
        root = ET.fromstring(junit_xml(comparison))
        messages = {case.get("name"): case[0].get("message") for case in root.iter("testcase") if len(case)}
        assert messages["000.png"] == (
            "a bright square appeared; 1 place changed; probability of change 90%; "
            "64 of 768 pixels differ (8.33 %, both 32x24)"
        )
        assert messages["new <1>.png"] == "only in the second folder"

    def test_the_schema_refuses_what_is_wrong(self, comparison: Comparison) -> None:
        schema = lxml.etree.XMLSchema(lxml.etree.parse(SCHEMA))
        wrong = junit_xml(comparison).replace('errors="1"', 'errors="one"')
        assert not schema.validate(lxml.etree.fromstring(wrong.encode()))

    def test_junit_survives_control_characters(self) -> None:
        entry = Entry("bell\a.png", "error", "a\x00b")
        document = junit_xml(Comparison(Path("a"), Path("b"), (entry,), CompareSettings()))
        assert "bell\N{REPLACEMENT CHARACTER}.png" in document
        ET.fromstring(document)
        assert failure_message(entry) == "a\x00b"

    def test_page(self, comparison: Comparison) -> None:
        page = compare_page(comparison)
        assert page.count('<li class="entry"') == 14
        assert "new &lt;1&gt;.png" in page
        assert "new <1>" not in page
        assert "88 identical files" in page
        assert "http://" not in page.replace("http://www.w3.org", "")
        assert "https://" not in page
