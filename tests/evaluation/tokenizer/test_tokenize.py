"""The tokenizer on any text: never fails, loses nothing to its memo, does not depend on threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blip2idc.evaluation.tokenizer import tokenize
from blip2idc.evaluation.tokenizer.lexer import Lexer
from blip2idc.evaluation.tokenizer.tokenize import PUNCTUATION, tokenize_corpus

WORDS = (
    "The the A c. no. inc. U.S. don't o'clock 's 1 12 555 1,000 1/2 (555) . .. ... - -- <b> <b a=' \" ' > :) & &amp; "
    "a@b.c http://a.b 1.jpg '98 can't cannot red-blue x/y # @ é 😀 \u00ad \u00a0 \t \n \r \u2028"
)
FRAGMENTS = st.sampled_from(WORDS.split(" "))
PIECES = st.lists(st.one_of(FRAGMENTS, st.sampled_from([" ", "", "  "])), max_size=8).map("".join)
CAPTIONS = st.lists(st.one_of(PIECES, st.text(max_size=20)), max_size=6)


def in_one_go(captions: list[str]) -> list[list[str]]:
    """The same tokens without memo and short cuts: one lexer over the whole corpus."""
    text = "\n".join(tokenize._LINE_LIKE.sub(" ", caption) for caption in captions)
    lexer, lines = Lexer(text), []
    while len(lines) < len(captions):
        lines += lexer.read()
    return [tokenize._kept(line) for line in lines]


@given(CAPTIONS)
def test_short_cuts_change_nothing(captions: list[str]) -> None:
    assert tokenize_corpus(captions) == in_one_go(captions)


@given(st.lists(st.text(alphabet=st.characters(exclude_categories=()), max_size=30), max_size=4))
def test_any_text_gives_printable_tokens(captions: list[str]) -> None:
    result = tokenize_corpus(captions)
    assert len(result) == len(captions)
    for token in (token for tokens in result for token in tokens):
        assert token
        assert not set(token) & set(" \n\r\u2028")
        assert token not in PUNCTUATION
        token.encode("utf-8")


@given(CAPTIONS)
def test_a_corpus_is_the_same_twice_and_in_a_longer_one(captions: list[str]) -> None:
    first = tokenize_corpus(captions)
    assert tokenize_corpus(captions) == first
    if captions and not any("<" in caption for caption in captions):
        assert tokenize_corpus([*captions, "x", "y"])[: len(captions) - 1] == first[:-1]


@pytest.mark.parametrize("character", ["\n", "\r", "\x0b", "\x0c", "\u2028", "\u2029"])
def test_line_like_characters_are_spaces(character: str) -> None:
    assert tokenize_corpus([f"a{character}b", "c"]) == [["a", "b"], ["c"]]
    assert "line-like=space" in tokenize.TOKENIZER_SIGNATURE


def test_lone_surrogates_count_as_replacement_characters() -> None:
    assert tokenize_corpus(["a\ud83db", "x"]) == tokenize_corpus(["a\ufffdb", "x"]) == [["a", "b"], ["x"]]


def test_full_stop_depends_on_the_next_caption() -> None:
    assert tokenize_corpus(["plan B.", "", "The cat"]) == [["plan", "b"], [], ["the", "cat"]]
    assert tokenize_corpus(["plan B.", "", "the cat"]) == [["plan", "b."], [], ["the", "cat"]]


def test_empty_corpora() -> None:
    assert tokenize_corpus([]) == []
    assert tokenize_corpus(["", " ", "."]) == [[], [], []]


def test_memo_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokenize, "MEMO_LIMIT", 10)
    captions = [f"word{index} (red)" for index in range(100)]
    assert [tokens[0] for tokens in tokenize_corpus(captions)] == [f"word{index}" for index in range(100)]
    assert len(tokenize._MEMO) <= 10


def test_threads_agree() -> None:
    corpora = [[f"no{index}. the man's hat no. {index}", "c.", "The end"] for index in range(40)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tokenize_corpus, corpora)) == [tokenize_corpus(corpus) for corpus in corpora]


@pytest.mark.parametrize(
    "text", ["%" * 3000, "a." * 2000, "'" * 3000, "<a " * 1000, "a-" * 2000, "1," * 2000]
)
def test_long_monotonous_text_ends(text: str) -> None:
    assert len(tokenize_corpus([text, "x"])) == 2
