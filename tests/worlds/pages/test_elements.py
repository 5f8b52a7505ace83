# ruff: noqa: E501
"""What the script `elements.js` says of elements: the role that a person sees, and words that can be read."""

from pathlib import Path

import pytest

from blip2idc.worlds.pages.browser import PageBrowser, script_of

HIDDEN = "position:absolute;width:1px;height:1px;overflow:hidden;clip:rect(0,0,0,0)"
BARS = '<span style="display:block;width:22px;height:2px;margin:4px;background:#555"></span>' * 3
PICTURE = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'%3E%3Crect width='90' height='90' fill='teal'/%3E%3C/svg%3E"
PAGE = f"""<html><body>
<button id="bars" class="navbar-toggler" aria-label="Toggle navigation">{BARS}</button>
<button id="unheard" class="navbar-toggler"><span style="{HIDDEN}">Toggle navigation</span>{BARS}</button>
<button id="worded" class="navbar-toggler">Menu {BARS}</button>
<button id="cross" aria-label="Close">x</button>
<a id="icon" href="#" aria-label="Search"><svg width="20" height="20"><circle r="8" cx="10" cy="10"/></svg></a>
<img id="dots" alt="..." width="80" height="60" src="{PICTURE}"> <img id="roof" alt="Roof" width="80" height="60" src="{PICTURE}">
<img id="broken" alt="Garden" width="180" height="60" src="data:image/png,"> <img id="nothing" alt="..." width="180" height="60" src="data:image/png,">
<input id="empty" placeholder="Your name"> <input id="filled" placeholder="Your town" value="Riga"> <input id="heard" aria-label="Amount">
<label>Street <input id="labelled" placeholder="12 Elm Road"></label> <input id="send" type="submit" value="Send">
<label for="quiet" style="{HIDDEN}">Search the shop</label><input id="quiet" placeholder="Search">
</body></html>"""


@pytest.mark.browser
def test_elements_are_called_by_what_can_be_read(tmp_path: Path, browser: PageBrowser) -> None:
    (tmp_path / "page.html").write_text(PAGE, encoding="utf-8")
    browser.load((tmp_path / "page.html").as_uri(), 600, 500)
    browser.run(script_of("elements.js"))
    told = browser.run(
        "return Object.fromEntries([...document.querySelectorAll('[id]')].map(e => [e.id, [__pages.role(e), __pages.name(e)]]));"
    )
    named = {"bars": ["menu button", ""], "unheard": ["menu button", ""], "worded": ["button", "Menu"],
             "cross": ["button", "x"], "icon": ["link", ""], "dots": ["picture", ""], "roof": ["picture", ""],
             "broken": ["picture", "Garden"], "nothing": ["picture", ""], "empty": ["field", "Your name"],
             "filled": ["field", ""], "heard": ["field", ""], "labelled": ["field", "Street"],
             "send": ["button", "Send"], "quiet": ["field", "Search"]}  # fmt: skip
    assert {key: told[key] for key in named} == named
