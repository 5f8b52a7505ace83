from pathlib import Path

import numpy as np
import pytest

from blip2idc.errors import ConfigError, InputError
from blip2idc.worlds.pages import PagesWorld
from blip2idc.worlds.pages.captions import color_name, place_of

PAGE = "<html><body><h1>Basket</h1><p>Total price 49 euro</p><button>Continue</button></body></html>"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "basket.html").write_text(PAGE, encoding="utf-8")
    return tmp_path


def test_what_is_no_page_or_no_kind_is_refused(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(InputError, match="hold no file"):
        PagesWorld(0, _empty(tmp_path))
    with pytest.raises(ConfigError, match="colour"):
        PagesWorld(0, folder, kinds=("colour",))


def _empty(tmp_path: Path) -> Path:
    empty = tmp_path / "empty"
    empty.mkdir()
    return empty


def test_words_for_places_and_colors() -> None:
    assert place_of((0, 0, 10, 10), (300, 300)) == "at the top left"
    assert place_of((145, 145, 10, 10), (300, 300)) == "in the middle"
    assert color_name("rgb(210, 45, 38)") == "red"


@pytest.mark.browser
def test_pairs_are_functions_of_seed_and_index(folder: Path) -> None:
    first, second = PagesWorld(3, folder, 300, 500), PagesWorld(3, folder, 300, 500)
    try:
        made = [first.pair(index) for index in range(8)]
        for index in reversed(range(8)):
            again = second.pair(index)
            assert np.array_equal(again.after, made[index].after)
            assert again.captions == made[index].captions
    finally:
        first.close()
        second.close()
    assert all((pair.kind == "none") == np.array_equal(pair.before, pair.after) for pair in made)
    assert {pair.kind for pair in made} != {"none"}
