from pathlib import Path

import pytest

from blip2idc.errors import InputError
from blip2idc.worlds.pages.sources import addresses_of, fingerprint_of, names_of


def test_pages_of_a_folder_are_sorted_and_named_by_their_path(tmp_path: Path) -> None:
    for name in ("b/two.htm", "a/one.html", "a/style.css"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = addresses_of(tmp_path)
    assert list(names_of(found).values()) == ["a/one.html", "b/two.htm"]
    assert addresses_of("http://a/x, https://b/y") == ["http://a/x", "https://b/y"]
    assert names_of(["http://a/x"]) == {"http://a/x": "http://a/x"}
    with pytest.raises(InputError, match="no address"):
        addresses_of(["a.html"])


def test_the_fingerprint_is_of_the_content_and_not_of_the_place(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "page.html").write_text("<p>Hello</p>")
        (tmp_path / name / "style.css").write_text("p {color: red}")
    assert fingerprint_of(tmp_path / "one") == fingerprint_of(str(tmp_path / "two"))
    (tmp_path / "two" / "style.css").write_text("p {color: blue}")
    assert fingerprint_of(tmp_path / "one") != fingerprint_of(tmp_path / "two")
    assert fingerprint_of(["http://a"]) != fingerprint_of(["http://b"])
