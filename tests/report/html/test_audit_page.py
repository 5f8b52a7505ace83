"""The audit's page: whole, self-contained, escaped, the same for the same audit."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.data_sets import put_data_set

from blip2idc.evaluation.benchmark.audit import audit
from blip2idc.evaluation.benchmark.referenced_split import ReferencedSplit
from blip2idc.evaluation.significance import Resampling
from blip2idc.report.html.audit_page import audit_page

EVIL = '<script>alert("x")</script>'


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    root = put_data_set(tmp_path_factory.mktemp("toy"), images=False)
    splits = {name: ReferencedSplit.read(root, name) for name in ("train", "val", "test")}
    return audit(splits, "test", resampling=Resampling(100))


class Outline(HTMLParser):
    """Collects headings, and checks that tags close in order."""

    VOID = frozenset({"meta", "br", "path", "use", "link", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in ("h1", "h2"):
            self.headings.append(data.strip())


def test_the_page_is_whole(found: dict[str, Any]) -> None:
    outline = Outline()
    outline.feed(audit_page(found))
    assert outline.open == []
    assert outline.headings[1:] == [
        "Verdict",
        "The smallest difference that means something",
        "Without looking at the images",
        "References",
        "Shared with other splits",
        "Captions",
    ]


def test_every_sentence_of_the_verdict_stands_there(found: dict[str, Any]) -> None:
    text = re.sub(r"&#34;", '"', audit_page(found))
    assert all(sentence["text"] in text for sentence in found["verdict"])


def test_it_loads_nothing(found: dict[str, Any]) -> None:
    page = audit_page(found)
    assert not re.search(r'(?:src|href)\s*=\s*"(?!#)', page)
    assert "@import" not in page
    assert "url(http" not in page
    assert "<script" not in page
    assert page.count("<svg") == 4


def test_the_same_audit_gives_the_same_bytes(found: dict[str, Any]) -> None:
    assert audit_page(found) == audit_page(found)


def test_what_the_data_set_says_is_escaped(found: dict[str, Any]) -> None:
    changed = {**found, "data": EVIL, "benchmark": EVIL}
    changed["baselines"] = {
        "baselines": [dict(found["baselines"]["baselines"][0], caption=EVIL)],
        "published": [],
    }
    changed["splits"] = {"test": {**found["splits"]["test"], "frequent_captions": [(EVIL, 3)]}}
    page = audit_page(changed)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 4


def test_audits_with_little_to_say(tmp_path: Path) -> None:
    root = put_data_set(tmp_path, images=False, references=1)
    test = ReferencedSplit.read(root, "test")
    page = audit_page(audit({"test": test}, "test", resampling=Resampling(100)))
    assert "Hardly any pair has a second reference" in page
    assert "There is no other split to compare with" in page
    single = audit({"all": ReferencedSplit.build(test.records[:1])}, "all", resampling=Resampling(100))
    assert "nothing can be told apart" in audit_page(single)


def test_different_numbers_of_references_are_plotted(found: dict[str, Any]) -> None:
    split = {**found["splits"]["test"], "references_a_pair": {"1": 10, "12": 3, "2": 5}}
    page = audit_page({**found, "splits": {**found["splits"], "test": split}})
    assert page.count("<svg") == 5
