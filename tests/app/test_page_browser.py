"""The web page in headless Chromium: from two uploads to the heatmap of a word, and a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.app.server import serving, write_pairs
from tests.browser import DESKTOP, PHONE, Browser, open_browser

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(opt_checkpoint: Path) -> Iterator[str]:
    with serving(opt_checkpoint) as started:
        yield started


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_browser() as opened:
        yield opened


def upload(browser: Browser, role: str, path: Path) -> None:
    browser.wait(lambda page: page.find_all(f"#{role} input[type=file]"))
    browser.find(f"#{role} input[type=file]").send_keys(str(path))
    browser.wait(lambda page: page.find_all(f"#{role} img"))


def source(browser: Browser, selector: str) -> str | None:
    found = browser.find_all(selector)
    address: str | None = found[0].get_attribute("src") if found else None
    return address


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_from_upload_to_the_heatmap_of_a_word(
    browser: Browser, address: str, tmp_path: Path, size: tuple[int, int]
) -> None:
    (pair,) = write_pairs(tmp_path, 1)
    browser.resize(size)
    browser.open(address)
    for role, path in zip(("before", "after"), pair, strict=True):
        upload(browser, role, path)
    browser.find("#ask").click()
    browser.wait(lambda page: page.find_all("#answer .caption") and source(page, "#heat-after img"))
    assert "probability of change" in browser.find("#answer").text
    sentence = source(browser, "#heat-after img")
    browser.run("document.querySelectorAll('#words input')[1].click()")
    browser.wait(lambda page: source(page, "#heat-after img") not in (None, sentence))
    assert browser.console_errors(["SEVERE"]) == []
    assert [asked for asked in browser.requests() if not asked.startswith(address)] == []
    assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth")


def test_a_bad_image_is_refused_in_words(browser: Browser, address: str, tmp_path: Path) -> None:
    (pair,) = write_pairs(tmp_path, 1)
    text = tmp_path / "text.png"
    text.write_text("this is no image")
    browser.resize(DESKTOP)
    browser.open(address)
    upload(browser, "before", pair[0])
    browser.find("#after input[type=file]").send_keys(str(text))
    browser.wait(lambda page: page.find_all("#after img"))
    browser.find("#ask").click()
    browser.wait(lambda page: "is not an image" in page.find("body").text)
    assert browser.find_all("#answer .caption") == []
