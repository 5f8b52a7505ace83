"""English to read."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip2idc.errors import InputError
from blip2idc.tiny.texts import COMMON_THINGS, change_sentences, picture_nouns, wordnet_sentences


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    (tmp_path / "data.noun").write_text(
        "  1 a licence\n"
        '0 06 n 02 house 0 home_base 1 000 | a dwelling; "he has a house"; "she built it"  \n'
        "1 09 n 01 thought 0 000 | what one thinks\n1 20 n 01 acorn 0 000 | fruit of the oak tree\n"
    )
    for part in ("verb", "adj", "adv"):
        (tmp_path / f"data.{part}").write_text("")
    (tmp_path / "cntlist.rev").write_text("acorn%1:20:00:: 1 2\nhouse%2:06:00:: 1 9\n")
    return tmp_path


def test_glosses_become_sentences(wordnet: Path) -> None:
    assert list(wordnet_sentences(wordnet))[:4] == [
        "house: a dwelling",
        "a dwelling",
        "he has a house",
        "she built it",
    ]


def test_nouns_are_things_that_pictures_show(wordnet: Path) -> None:
    nouns = picture_nouns(wordnet)
    assert nouns[: len(COMMON_THINGS)] == list(COMMON_THINGS)
    assert "acorn" in nouns
    assert "thought" not in nouns


def test_change_sentences_are_filled_and_drawn_alike() -> None:
    sentences = change_sentences(["barn", "pond"], 200, seed=3)
    assert sentences == change_sentences(["barn", "pond"], 200, seed=3)
    assert not any("{" in sentence for sentence in sentences)
    assert len(set(sentences)) > 150


def test_a_folder_without_wordnet_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="wordnet-base"):
        list(wordnet_sentences(tmp_path))
