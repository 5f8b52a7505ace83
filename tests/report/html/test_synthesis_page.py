"""The page of a synthesis run: everything is on it, nothing in it is taken for markup, nothing is asked of anybody."""

from __future__ import annotations

import re

from blip2idc.report.html.synthesis_page import CandidateEntry, EditEntry, synthesis_page

HOSTILE = '<script>alert("x")</script> & "quoted"'
PIXEL = "data:image/webp;base64,AAAA"


def page(entries: list[EditEntry]) -> str:
    rows = [("source images", 1234), ("  accepted", 2)]
    thresholds = {"image_similarity": 0.75, "text_similarity": None}
    return synthesis_page(entries, "set", rows, thresholds, {"argv": ["a", HOSTILE]}, total=9)


def entry(*candidates: CandidateEntry, instruction: str = HOSTILE, caption: str = HOSTILE) -> EditEntry:
    return EditEntry(HOSTILE, instruction, caption, "file", PIXEL, candidates)


def test_text_of_others_is_no_markup() -> None:
    html = page([entry(CandidateEntry(None, "editor-failed", (), HOSTILE))])
    assert "<script>alert" not in html
    assert html.count("&lt;script&gt;alert") >= 4


def test_it_shows_every_candidate_with_verdict_and_numbers() -> None:
    good = CandidateEntry(PIXEL, "accepted", (("direction", "0.312"),))
    html = page(
        [entry(good, CandidateEntry(PIXEL, "not-best")), entry(instruction="", caption="nothing has changed")]
    )
    assert html.count(f'src="{PIXEL}"') == 4
    assert "0.312" in html
    assert 'data-verdicts="accepted not-best"' in html
    assert "<option>not-best</option>" in html
    assert "(no change)" in html
    assert "2 of 9 edits are here" in html
    assert "1,234" in html
    assert re.search(r"text similarity</th><td>off", html)


def test_it_asks_nobody_for_anything() -> None:
    html = page([entry(CandidateEntry(PIXEL, "accepted"))])
    assert "default-src 'none'" in html
    assert not re.search(r'(?:src|href)="(?!data:)', html)
