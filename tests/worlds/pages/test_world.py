# ruff: noqa: E501
import re
from pathlib import Path

import numpy as np
import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.worlds.pages import KINDS, PagesWorld
from blip2idc.worlds.pages.browser import PageBrowser
from blip2idc.worlds.pages.captions import captions_of

PAGE = """<html><style>h1, h3 {font-family: sans-serif; color: #225}</style><body style="margin:8px"><nav><a href="#">Home</a> <a href="#">Shop</a></nav><h1>Basket</h1>
<p style="width:200px">Total price 49 euro</p><p style="width:200px">The parcel with everything comes on Monday at noon.</p>
<label><input type="checkbox" checked> Gift</label> <input placeholder="Your name">
<img alt="Roof" width="80" height="60" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Crect width='90' height='90' fill='teal'/%3E%3C/svg%3E">
<ul><li>First part</li><li>Second part</li></ul>
<div class="card" style="background:#dde;padding:20px;width:200px"><h3>Card</h3></div>
<button style="background:rgb(20,90,200);color:white">Continue</button></body></html>"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "basket.html").write_text(PAGE, encoding="utf-8")
    return tmp_path


def test_what_is_no_page_or_no_kind_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(ConfigError, match="colour"):
        PagesWorld(0, folder, kinds=("colour",))
    with pytest.raises(ConfigError, match="10x20"):
        PagesWorld(0, folder, [(10, 20)])
    (folder / "basket.html").unlink()
    with pytest.raises(InputError, match="hold no file"):
        PagesWorld(0, folder)


def test_other_pages_are_another_world(folder: Path) -> None:
    first = PagesWorld(0, folder).settings()
    assert PagesWorld(0, folder).settings() == first
    (folder / "basket.html").write_text(PAGE.replace("49", "50"), encoding="utf-8")
    assert PagesWorld(0, folder).settings() != first


@pytest.mark.browser
def test_pairs_are_functions_of_seed_and_index(folder: Path) -> None:
    first, second = (PagesWorld(3, folder, [(500, 600), (320, 700)], 0.2) for _ in range(2))
    try:
        made = [first.pair(index) for index in range(24)]
        for index in reversed(range(24)):
            again = second.pair(index)
            assert np.array_equal(again.before, made[index].before)
            assert np.array_equal(again.after, made[index].after)
            assert (again.captions, again.change) == (made[index].captions, made[index].change)
    finally:
        first.close()
        second.close()
    assert len({pair.kind for pair in made}) > 8
    assert all(pair.before_box or pair.after_box for pair in made if pair.kind != "none")


@pytest.mark.browser
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_shows_and_is_undone(folder: Path, browser: PageBrowser, kind: str) -> None:
    world = PagesWorld(5, folder, [(500, 600)], 0.0, (kind,))
    world._browser = browser
    pair = world.pair(0)
    left = browser.run("return document.body.innerHTML + document.head.innerHTML;")
    browser.load(world.addresses[0], 500, 600)
    fresh = browser.run("return document.body.innerHTML + document.head.innerHTML;")
    assert not np.array_equal(pair.before, pair.after)
    assert pair.kind == kind or {pair.kind, kind} == {"added", "removed"}
    assert _plain(left) == _plain(fresh)


def _plain(html: str) -> str:
    """Without empty style attributes, which show nothing."""
    return re.sub(r"\s+", " ", html.replace(' style=""', ""))


@pytest.mark.browser
def test_unchanged_pairs_differ_by_nuisances_only(folder: Path) -> None:
    world = PagesWorld(1, folder, [(400, 600)], 1.0)
    try:
        made = [world.pair(index) for index in range(12)]
    finally:
        world.close()
    assert {pair.kind for pair in made} == {"none"}
    for pair in made:
        assert pair.change["nuisances"] or np.array_equal(pair.before, pair.after)
    assert any(not np.array_equal(pair.before, pair.after) for pair in made)
    assert all(pair.before_box is None and pair.after_box is None for pair in made)


def test_captions_name_old_and_new() -> None:
    told = {"role": "button", "name": "Continue", "where": "", "old": "rgb(35, 90, 220)", "new": "rgb(214, 40, 40)",
            "before": [0, 0, 90, 30], "after": [0, 0, 90, 30]}  # fmt: skip
    assert captions_of("background", told, (500, 400))[0] == 'the "Continue" button turned from blue to red'
    assert (
        captions_of("background", told, (500, 400), True)[0]
        == 'the "Continue" button turned from red to blue'
    )


@pytest.mark.browser
def test_a_browser_that_is_gone_is_one_sentence(folder: Path) -> None:
    browser = PageBrowser()
    browser.load(f"file://{folder}/basket.html", 300, 200)
    browser.close()
    for ask in (browser.photograph, lambda: browser.run("return 1;")):
        with pytest.raises(InputError):
            ask()
    with pytest.raises(InputError, match="give the same command again"):
        browser.photograph()
