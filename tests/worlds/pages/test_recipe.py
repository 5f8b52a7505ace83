import importlib
from pathlib import Path
from types import ModuleType

import pytest

RECIPES = Path(__file__).parents[3] / "recipes"


@pytest.fixture
def sources(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(RECIPES))
    return importlib.import_module("page_sources")


def test_a_mended_page_loads_nothing_from_the_web(sources: ModuleType) -> None:
    page = (
        '<head><link href="https://a.b/c.css" rel="stylesheet"><link rel="stylesheet" crossorigin href="/assets/d.css">'
        '<script src="//e.f/g.js"></script></head><img alt="x" src="https://h.i/j.png"><a href="https://k.l">more</a>'
    )
    mended = sources.mended(page, "../", "<style></style>")
    assert "https://a.b" not in mended
    assert "//e.f" not in mended
    assert "https://h.i" not in mended
    assert 'href="../assets/d.css"' in mended
    assert "<style></style></head>" in mended
    assert 'alt="x" src="data:image/svg+xml' in mended
    assert '<a href="https://k.l">' in mended  # a link loads nothing


def test_packages_with_many_pages_give_some_of_them(sources: ModuleType, tmp_path: Path) -> None:
    for index in range(40):
        (tmp_path / "dist" / f"{index:02d}.html").parent.mkdir(exist_ok=True)
        (tmp_path / "dist" / f"{index:02d}.html").write_text("<p>text</p>" * 200)
    (tmp_path / "dist" / "small.html").write_text("<p>")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "page.html").write_text("<p>text</p>" * 200)
    assert sources.keep_pages(tmp_path, ("dist",)) == sources.MOST_PAGES
    left = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*.html"))]
    assert len(left) == sources.MOST_PAGES
    assert left[0] == "dist/00.html"
    assert all(name.startswith("dist/") for name in left)


def test_no_package_is_for_training_and_held_out(sources: ModuleType) -> None:
    names = [{package.split("@")[0] for package in part} for part in (sources.TRAIN, sources.HELD_OUT)]
    assert not names[0] & names[1]
    kept_for_tests = ("agency", "clean-blog", "landing-page", "gimp-help", "gcompris")
    assert not [name for name in names[0] | names[1] for word in kept_for_tests if word in name]


def test_made_pages_are_functions_of_the_seed_and_whole(sources: ModuleType, tmp_path: Path) -> None:
    sheet = tmp_path / "theme" / "bootstrap.min.css"
    sheet.parent.mkdir()
    sheet.write_text("body {color: red}")
    for name, seed in (("one", 1), ("again", 1), ("two", 2)):
        sources.write_pages(tmp_path / name, [sheet], 6, seed)
    pages = {
        name: [path.read_text() for path in sorted((tmp_path / name).glob("*.html"))]
        for name in ("one", "again", "two")
    }
    assert pages["one"] == pages["again"] != pages["two"]
    for page in pages["one"]:
        assert "http" not in page.replace("http://www.w3.org", "")
        assert "</html>" in page
