# ruff: noqa: E501
"""What the script `mutate.js` changes, and what it leaves alone since it would not show."""

from pathlib import Path

import pytest

from blip2idc.worlds.pages.browser import PageBrowser, script_of

WORDS = "The parcel comes on Monday"
CHANCE = {"r": [0.5, 0.5, 0.2, 0.5, 0.5, 0.5, 0.5, 0.5]}
PLAIN = "margin:0;font:16px sans-serif"


@pytest.mark.browser
@pytest.mark.parametrize(
    ("html", "shows"),
    [
        (f'<p id="it" style="{PLAIN};width:300px">{WORDS}</p>', False),
        (f'<div style="background:#fff;width:500px"><p id="it" style="{PLAIN};width:300px">{WORDS}</p></div>', False),
        (f'<div style="background:#dde;width:500px"><p id="it" style="{PLAIN};width:300px">{WORDS}</p></div>', False),
        (f'<p id="it" style="{PLAIN};width:120px">{WORDS}</p>', True),
        (f'<p id="it" style="{PLAIN};width:300px;background:#dde">{WORDS}</p>', True),
        (f'<p id="it" style="{PLAIN};width:300px;border:1px solid #999">{WORDS}</p>', True),
        (f'<div style="background:#dde;width:202px"><p id="it" style="{PLAIN};width:202px">{WORDS}</p></div>', True),
        (f'<p id="it" style="{PLAIN};width:205px;margin-left:387px">{WORDS}</p>', True),
        (f'<div style="display:flex"><p id="it" style="{PLAIN};width:205px">{WORDS}</p><p style="{PLAIN}">at noon</p></div>', True),
    ],
)  # fmt: skip
def test_a_text_overflows_only_where_it_is_seen_to(
    tmp_path: Path, browser: PageBrowser, html: str, shows: bool
) -> None:
    (tmp_path / "page.html").write_text(
        f'<html><body style="margin:8px">{html}</body></html>', encoding="utf-8"
    )
    browser.load((tmp_path / "page.html").as_uri(), 600, 300)
    browser.run(script_of("elements.js") + script_of("mutate.js"))
    browser.run("__pages.chosen = document.getElementById('it');")
    assert browser.run("return __pages.kinds.overflow.fits(__pages.chosen);")
    told = browser.run("return __pages.change('overflow', arguments[0]);", CHANCE)
    assert (told is not None) == shows
