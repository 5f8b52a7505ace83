"""The pages in headless Chromium: operated as a person would, on a desktop and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.browser import DESKTOP, PHONE, Browser, open_browser
from tests.fixtures.explained import CAPTION, explained_pair, page_of
from tests.fixtures.folders import bright_square, make_folders

from blip2idc.comparison.outcome import CompareSettings
from blip2idc.comparison.run import compare
from blip2idc.report.html.compare_page import compare_page, write_compare_page
from blip2idc.report.html.gallery_page import GalleryEntry, gallery_page
from blip2idc.report.html.page import thumbnail_uri

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def open_page(browser: Browser, path: Path, page: str, size: tuple[int, int]) -> None:
    path.write_text(page, encoding="utf-8")
    browser.resize(size)
    browser.open(path.as_uri())


def assert_quiet(browser: Browser, path: Path) -> None:
    """No console message, no request but for the page itself, nothing wider than the window."""
    assert browser.console_errors() == []
    assert set(browser.requests()) <= {path.as_uri()}
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")


def clip_of_after(browser: Browser) -> str:
    clip: str = browser.run("return getComputedStyle(document.querySelector('.after')).clipPath")
    return clip


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
class TestExplainPage:
    @pytest.fixture(autouse=True)
    def page(self, browser: Browser, tmp_path: Path, size: tuple[int, int]) -> Iterator[None]:
        path = tmp_path / "page.html"
        open_page(browser, path, page_of(*explained_pair(), {"model": "m" * 200}), size)
        yield
        assert_quiet(browser, path)

    def test_pictures_are_there(self, browser: Browser) -> None:
        widths = browser.run(
            "return Array.from(document.querySelectorAll('.image, .heat'), i => i.naturalWidth)"
        )
        assert len(widths) == 4
        assert min(widths) > 0
        assert len(browser.shown(".boxes rect.edge")) == 2

    def test_slider(self, browser: Browser) -> None:
        browser.find("button[data-view=slider]").click()
        assert "50%" in clip_of_after(browser)
        browser.set_value(".split", 12.5)
        assert "12.5%" in clip_of_after(browser)
        before, after = (browser.find(f".{role} .stack").rect for role in ("before", "after"))
        assert before == after
        hit = browser.run(
            "const r = document.querySelector('.board').getBoundingClientRect();"
            "return document.elementFromPoint(r.x + r.width / 3, r.y + r.height / 2).className"
        )
        assert hit == "split"  # the whole picture takes the finger

    def test_blink(self, browser: Browser) -> None:
        browser.find("button[data-view=blink]").click()
        seen = {browser.find(".showing").text}
        for word in ("after", "before"):
            browser.wait(lambda page, word=word: page.find(".showing").text == word)
            seen.add(word)
        assert seen == {"before", "after"}
        browser.find("button[data-view=side]").click()
        assert browser.find(".after").is_displayed()

    def test_words_light_their_own_map(self, browser: Browser) -> None:
        def heat() -> list[str]:
            return [layer.get_attribute("src") for layer in browser.find_all(".heat")]

        sentence = heat()
        words = browser.find_all(".word")
        assert [word.text for word in words] == CAPTION.split()
        words[1].click()
        first = heat()
        assert first != sentence
        assert words[1].get_attribute("aria-pressed") == "true"
        assert browser.shown(".boxes rect.edge") == []  # the boxes are those of the sentence
        words[2].click()
        assert heat() not in (first, sentence)
        assert words[1].get_attribute("aria-pressed") == "false"
        words[2].click()
        browser.run("document.activeElement.blur()")
        assert browser.find("[data-stage]").get_attribute("data-layer") in (
            "0",
            "3",
        )  # 3 while the mouse rests on it

    def test_heat_and_boxes(self, browser: Browser) -> None:
        opacity = "return Number(getComputedStyle(document.querySelector('.heat')).opacity)"
        browser.set_value(".opacity", 0)
        browser.wait(lambda page: page.run(opacity) == 0)
        browser.set_value(".opacity", 100)
        browser.wait(lambda page: page.run(opacity) == 1)
        browser.find(".show-boxes").click()
        assert browser.shown(".boxes rect.edge") == []


def gallery(count: int = 12) -> str:
    thumbnail = thumbnail_uri(Image.fromarray(np.full((20, 40, 3), 90, dtype=np.uint8)))
    entries = [
        GalleryEntry(
            id=f"pair-{number}",
            thumbnails=(thumbnail, thumbnail),
            sizes=((40, 20), (40, 20)),
            caption=f"cube {number}",
            references=(f"cube {number % 4}",),
            kind=("none", "color", "move")[number % 3],
            change_probability=number / count,
            exact=number < 4,
            verdict_right=number % 2 == 0,
            scores={"rouge_l": (number * 7 % count) / count},
        )
        for number in range(count)
    ]
    return gallery_page(entries, "a set", {})


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
class TestGallery:
    @pytest.fixture(autouse=True)
    def page(self, browser: Browser, tmp_path: Path, size: tuple[int, int]) -> Iterator[None]:
        path = tmp_path / "gallery.html"
        open_page(browser, path, gallery(), size)
        yield
        assert_quiet(browser, path)

    def ids(self, browser: Browser) -> list[str]:
        return [title.text for title in browser.shown(".entry h3 span")]

    def test_filters(self, browser: Browser) -> None:
        assert browser.find("output").text == "12 of 12"
        browser.set_value("[data-filter=kind]", "move")
        assert self.ids(browser) == ["pair-2", "pair-5", "pair-8", "pair-11"]
        browser.set_value("[data-filter=verdict]", "no")
        assert self.ids(browser) == ["pair-5", "pair-11"]
        browser.set_value("[data-filter=kind]", "")
        browser.set_value("[data-filter=verdict]", "")
        browser.set_value("[data-filter=truth]", "no")
        browser.set_value("[data-filter=exact]", "yes")
        assert self.ids(browser) == ["pair-0", "pair-3"]
        assert browser.find("output").text == "2 of 12"

    def test_order_and_search(self, browser: Browser) -> None:
        browser.set_value("[data-sort]", "rouge_l:up")
        assert self.ids(browser)[:2] == ["pair-0", "pair-7"]
        browser.set_value("[data-sort]", "rouge_l:down")
        assert self.ids(browser)[0] == "pair-5"
        browser.set_value("[data-search]", "CUBE 11")
        assert self.ids(browser) == ["pair-11"]

    def test_a_closer_look(self, browser: Browser) -> None:
        browser.find_all(".thumbs")[3].click()
        assert browser.find("dialog .said").text == "cube 3"
        browser.set_value("dialog .split", 30)
        assert "30%" in browser.run(
            "return getComputedStyle(document.querySelector('dialog .after')).clipPath"
        )
        browser.find("dialog .close").click()
        assert not browser.find("dialog").is_displayed()


def test_compare_page(browser: Browser, tmp_path: Path) -> None:
    comparison = compare(*make_folders(tmp_path), CompareSettings(), bright_square)
    path = tmp_path / "compare.html"
    open_page(browser, path, compare_page(comparison), PHONE)
    assert browser.find("output").text == "14 of 14"
    browser.set_value("[data-filter=status]", "changed")
    assert len(browser.shown(".entry")) == 10
    browser.set_value("[data-search]", "ü 003")
    assert len(browser.shown(".entry")) == 1
    assert_quiet(browser, path)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_compare_page_change_by_change(browser: Browser, tmp_path: Path, size: tuple[int, int]) -> None:
    before = np.full((600, 1200, 3), 240, np.uint8)
    after = before.copy()
    after[50:100, 600:700], after[400:440, 100:300] = 40, (20, 160, 70)
    for folder, picture in (("a", before), ("b", after)):
        (tmp_path / folder).mkdir()
        Image.fromarray(picture).save(tmp_path / folder / "x.png")
        Image.fromarray(picture[:300]).save(tmp_path / folder / "y.png")
    settings = CompareSettings(judge="pixels")
    comparison = compare(tmp_path / "a", tmp_path / "b", settings, lambda pairs: iter(()))
    path = tmp_path / "compare.html"
    write_compare_page(path, comparison)
    browser.resize(size)
    browser.open(path.as_uri())
    at = "return document.querySelector('#viewer .at').textContent"
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', {key: arguments[0], bubbles: true}))"
    seen = []
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "n", "ArrowLeft", "ArrowLeft"):
        browser.run(press, key)
        seen.append(browser.run(at))
    assert seen == [
        "file 1 of 2, 2 changes", "file 1 of 2, change 1 of 2", "file 1 of 2, change 2 of 2",
        "file 2 of 2, 1 change", "file 1 of 2, change 2 of 2", "file 1 of 2, change 1 of 2",
    ]  # fmt: skip
    widths = (
        "return Array.from(document.querySelectorAll('#viewer .image'), i => i.complete && i.naturalWidth)"
    )
    browser.wait(lambda page: page.run(widths) == [1200, 1200, 1200])
    assert len(browser.shown("#viewer .box")) == 4
    assert len(browser.shown("#viewer .box.chosen")) == 2
    assert len(browser.shown("#viewer .change")) == 2
    browser.run("document.querySelector('#viewer button[data-view=difference]').click()")
    assert [figure.get_attribute("class") for figure in browser.shown("#viewer .picture")] == [
        "picture difference"
    ]
    assert len(browser.shown("#viewer .difference .box")) == 2
    browser.run("document.querySelector('#viewer button[data-view=side]').click()")
    browser.run("document.querySelector('#viewer .actual').click()")
    assert (
        browser.run("return document.querySelector('#viewer .stack').getBoundingClientRect().width") == 1200
    )
    left = "return document.querySelector('#viewer .picture.' + arguments[0]).scrollLeft"
    browser.run("document.querySelector('#viewer .picture.before').scrollLeft = 150")
    browser.wait(lambda page: page.run(left, "before") == page.run(left, "after") == 150)
    browser.run("document.querySelector('#viewer .close').click()")
    assert not browser.find("#viewer").is_displayed()
    assert browser.console_errors() == []
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")
