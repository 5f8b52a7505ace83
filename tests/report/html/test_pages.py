"""The pages as documents: what they hold, what they escape, and that nothing in them asks a server."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
from dataclasses import replace
from pathlib import Path

import jinja2
import numpy as np
import pytest
from PIL import Image
from tests.fixtures.explained import CAPTION, explained_pair, page_of, spot

from blip2idc.data.records import PairRecord, read_records, write_records
from blip2idc.images.heatmap import PairHeatmap, heatmap_path
from blip2idc.report.html.gallery_entries import Predicted, choose_records, gallery_entries
from blip2idc.report.html.gallery_page import gallery_page, same_words
from blip2idc.report.html.page import file_facts, flat_facts, percent, picture_uri, render, thumbnail_uri

RUN = {"blip2idc": "0", "packages": {"torch": "1"}, "argv": ["a", "<script>"], "git": None, "model": "tiny"}


def outside_addresses(page: str) -> list[str]:
    """Addresses a browser might ask for; pictures hold themselves, and the name space of SVG is none."""
    text = re.sub(r"data:image/[a-z]+;base64,[A-Za-z0-9+/=]+", "", page)
    return [
        found for found in re.findall(r"(?:https?:)?//[a-z][^\s\"'<>)]*", text) if "www.w3.org" not in found
    ]


class TestExplainPage:
    def test_holds_everything(self) -> None:
        page = page_of(*explained_pair(), RUN)
        layers = json.loads(re.search(r'id="layers">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
        assert len(layers) == 1 + len(CAPTION.split())
        assert all(uri.startswith("data:image/png;base64,") for pair in layers for uri in pair)
        assert page.count('class="word"') == len(CAPTION.split())
        assert "&gt;99%" in page
        assert "0" * 64 in page
        assert "packages torch" in page

    def test_escapes(self) -> None:
        page = page_of(*explained_pair(), RUN)
        assert '<b>"red"' not in page
        assert "&lt;b&gt;&#34;red&#34;&lt;/b&gt;" in page
        assert "<script>" not in page.split("<th>argv</th>")[1].split("</table>")[0]

    def test_asks_nobody(self) -> None:
        page = page_of(*explained_pair(), RUN)
        assert "default-src 'none'" in page
        assert outside_addresses(page) == []

    def test_an_unchanged_pair_says_so(self) -> None:
        page = page_of(*explained_pair(empty=True), RUN)
        assert "counts as unchanged" in page
        assert '<rect class="edge"' not in page

    def test_words_that_owe_nothing_are_pale(self) -> None:
        explained, pair = explained_pair()
        assert all(explained.telling)
        weights = [0.0, 5.0, 4.0, 0.4, 0.5, 0.0, -1.0]
        weighted = replace(explained, word_weights=weights[: len(explained.words)])
        assert weighted.telling == [False, True, True, False, True, False, False][: len(explained.words)]
        page = page_of(weighted, pair, RUN)
        assert page.count('class="word weak"') == weighted.telling.count(False)
        assert "Pale words" in page
        assert all(replace(explained, word_weights=[0.0] * len(explained.words)).telling)

    def test_a_missing_value_is_an_error(self) -> None:
        with pytest.raises(jinja2.UndefinedError):
            render("explain.html", title="x")


@pytest.fixture
def data_set(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Six pairs: 0, 2, 4 changed, the others not; a heatmap each."""
    records = []
    for number in range(6):
        names = [f"{number}_{role}.png" for role in ("before", "after")]
        for name in names:
            Image.fromarray(rng.integers(0, 255, (40, 80, 3), dtype=np.uint8)).save(tmp_path / name)
        kind = "none" if number % 2 else "color"
        caption = "nothing has changed" if number % 2 else f"cube {number} <i>turned</i> red"
        records.append(PairRecord(f"id {number}", *names, captions=(caption, "x"), change={"kind": kind}))
        heatmap = PairHeatmap(spot(4, 3), spot(4, 11))
        heatmap.save(heatmap_path(tmp_path / "heat", f"id {number}"))
    write_records(tmp_path, records)
    return tmp_path


def predicted(heatmaps: Path | None = None, missing: int = 0) -> Predicted:
    ids = [f"id {number}" for number in range(6 - missing)]
    return Predicted(
        captions=dict.fromkeys(ids, "Nothing has changed."),
        probabilities=dict.fromkeys(ids, 0.2),
        scores={"rouge_l": {id_: number / 10 for number, id_ in enumerate(ids)}},
        heatmaps=heatmaps,
    )


class TestGallery:
    def test_entries(self, data_set: Path) -> None:
        manifest = read_records(data_set)
        entries = list(gallery_entries(manifest, manifest.records, predicted(data_set / "heat")))
        assert [entry.exact for entry in entries] == [False, True] * 3
        assert [entry.verdict_right for entry in entries] == [False, True] * 3
        assert [entry.kind for entry in entries] == ["color", "none"] * 3
        assert entries[0].heat is not None
        assert entries[0].sizes == ((80, 40), (80, 40))

    def test_page(self, data_set: Path) -> None:
        manifest = read_records(data_set)
        entries = list(gallery_entries(manifest, manifest.records, predicted()))
        page = gallery_page(entries, "a <set>", RUN, corpus_scores={"rouge_l": 0.25})
        assert page.count('<li class="entry"') == 6
        assert page.count('data-truth="yes"') == 3
        assert page.count('data-exact="no"') == 3
        assert "a &lt;set&gt;" in page
        assert "<i>turned" not in page
        assert "<b>50%</b>equal to a reference" in page
        assert "<b>25.0</b>rouge_l" in page
        assert "data-heat>" not in page
        assert outside_addresses(page) == []

    def test_without_anything_known(self, data_set: Path) -> None:
        manifest = read_records(data_set)
        bare = [PairRecord("id 0", "0_before.png", "0_after.png")]
        page = gallery_page(list(gallery_entries(manifest, bare, Predicted({"id 0": "x"}))), "bare", RUN)
        assert page.count('<li class="entry"') == 1
        assert "<select data-filter" not in page

    def test_worst_and_best(self, data_set: Path) -> None:
        records = read_records(data_set).records
        assert [record.id for record in choose_records(records, predicted(), 3)] == ["id 0", "id 4", "id 5"]
        assert len(choose_records(records, predicted(missing=2), 400)) == 4
        assert [record.id for record in choose_records(records, Predicted(predicted().captions), 2)] == [
            "id 0",
            "id 1",
        ]

    def test_size_of_a_pair(self, data_set: Path) -> None:
        """Hundreds of pairs stay a page that a phone opens: well below 100 kB each."""
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (800, 1600, 3), dtype=np.uint8))
        assert len(thumbnail_uri(noise)) < 50_000


def test_same_words() -> None:
    assert same_words("There is  no change.", ["x", "there is no change"]) is True
    assert same_words("there is a change", ["there is no change"]) is False
    assert same_words("x", []) is None


def test_percent_does_not_round_doubt_away() -> None:
    assert [percent(share) for share in (0, 0.001, 0.5, 0.999, 1)] == ["0%", "<1%", "50%", ">99%", "100%"]


class TestPictures:
    def test_small_ones_are_exact(self, rng: np.random.Generator) -> None:
        picture = rng.integers(0, 255, (30, 40, 3), dtype=np.uint8)
        uri = picture_uri(Image.fromarray(picture))
        decoded = Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1])))
        assert np.array_equal(np.asarray(decoded), picture)

    def test_large_ones_are_fitted(self, rng: np.random.Generator) -> None:
        uri = picture_uri(Image.fromarray(rng.integers(0, 255, (1000, 2000, 3), dtype=np.uint8)))
        assert uri.startswith("data:image/jpeg")
        assert Image.open(io.BytesIO(base64.b64decode(uri.split(",")[1]))).size == (1600, 800)


def test_file_facts(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"abc")
    facts = file_facts(tmp_path / "x")
    assert facts["bytes"] == 3
    assert facts["sha256"] == hashlib.sha256(b"abc").hexdigest()


def test_flat_facts() -> None:
    rows = dict(flat_facts(RUN))
    assert rows == {"blip2idc": "0", "packages torch": "1", "argv": "a <script>", "model": "tiny"}
