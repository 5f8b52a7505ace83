"""METEOR's files as arrays: phrases by number, in the order of the file; files that are not as expected."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from tests.fixtures.meteor import PARAPHRASES, write_sources

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.meteor.sources import Sources
from blip2idc.evaluation.metrics.meteor.tables import WORD_BITS, Tables, compile_tables


def phrase(tables: Tables, node: int) -> str:
    """A phrase from its number, by way of its parents."""
    words = list[str]()
    depth = next(depth for depth in range(7, -1, -1) if tables.depths[depth] <= node)
    for _ in range(depth + 1):
        key = int(tables.nodes[node])
        words.append(tables.words[(key & ((1 << WORD_BITS) - 1)) - 1].decode())
        node = key >> WORD_BITS
    return " ".join(reversed(words))


def test_all_paraphrases_are_there_in_their_order(tiny: Sources) -> None:
    tables = compile_tables(tiny)
    found = {
        phrase(tables, int(head)): [phrase(tables, int(tail)) for tail in tables.targets[first:last]]
        for head, first, last in zip(
            tables.sources, tables.source_starts[:-1], tables.source_starts[1:], strict=True
        )
    }
    expected: dict[str, list[str]] = {}
    for head, tail in PARAPHRASES:
        expected.setdefault(head, []).append(tail)
    assert found == expected
    assert (tables.nodes[tables.depths[1] : tables.depths[2]][1:] > 0).all()


def test_lists(tiny: Sources) -> None:
    tables = compile_tables(tiny)
    assert tables.function_words.tolist() == [b"the", b"a", b"of", b"is"]
    assert tables.abbreviations.tolist() == [b"A", b"Mr"]
    assert tables.abbreviations_before_digits.tolist() == [b"No"]
    assert b"ice_cream" not in tables.synset_words


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("0.5\na car\na van\n0.5\n", "its last entry has 1 lines"),
        ("", "it is empty"),
        ("0.5\na b c d e f g h\nx\n", "phrases of 8 to 8 words"),
        ("0.5\na\n\n", "an empty line"),
        ("0.5\na\nb\n0.5\nc\nd\n0.5\na\ne\n", "are not together"),
    ],
)
def test_unexpected_tables(text: str, complaint: str, tiny: Sources) -> None:
    tiny.paraphrases.write_bytes(gzip.compress(text.encode()))
    with pytest.raises(ConfigError, match=complaint):
        compile_tables(tiny)


def test_fingerprint_follows_the_data(tiny: Sources, tmp_path: Path) -> None:
    same = write_sources(tmp_path / "same")
    other = write_sources(tmp_path / "other", [("a", "b")])
    assert tiny.fingerprint == same.fingerprint != other.fingerprint
