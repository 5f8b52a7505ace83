"""METEOR's score from its counts, and the process that counts; a small program plays the jar."""

from __future__ import annotations

import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
import pytest

from blip2idc.errors import ConfigError
from blip2idc.evaluation import suite
from blip2idc.evaluation.metrics.corpus import Corpus, References
from blip2idc.evaluation.metrics.meteor import java as meteor
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling

FULL_MATCH = [4, 4, 2, 2, 2, 2, 2, 2, *[0] * 12, 1, 4, 4]
PARTIAL = [8, 6, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 2, 6, 6]
NOTHING = [2, 2, 0, 1, *[0] * 19]

# Answers every request with the partial counts, or ends with a complaint when asked for "crash".
PLAYER = f"""#!{sys.executable}
import sys
print("loading", file=sys.stderr)
for line in sys.stdin:
    if "crash" in line:
        sys.exit("out of memory")
    words = line.rstrip("\\n").split(" ||| ")
    counts = {PARTIAL}
    counts[0] = len(words[-1].split())
    print(" ".join(f"{{value:.1f}}" for value in counts), flush=True)
"""


@pytest.fixture
def java(tmp_path: Path) -> meteor.JavaMeteor:
    program, jar = tmp_path / "java", tmp_path / "meteor-1.5.jar"
    program.write_text(PLAYER, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    jar.write_bytes(b"jar")
    return meteor.JavaMeteor(str(program), jar)


class Recorded:
    """A backend that knows the counts beforehand."""

    signature = "recorded"

    def __init__(self, rows: list[list[int]]) -> None:
        self.rows = rows

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        assert len(predictions) == len(references) == len(self.rows)
        return np.array(self.rows, dtype=np.float64)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None


def corpus(items: int) -> Corpus:
    references = References.from_tokens([str(i) for i in range(items)], [[["a", "car"]]] * items)
    return Corpus.from_tokens(references, [["a", "van"]] * items)


def test_score_of_counts() -> None:
    """P = (2 .75 + 2 .25 + .8 (.25) + .6 (.75)) / (4 .75 + 4 .25), and so on; 2 chunks of 6 matches."""
    found = meteor.statistics(corpus(1), Recorded([PARTIAL]))
    precision = (1.5 + 0.5 + 0.8 * 0.25 + 0.6 * 0.75) / 4
    recall = (1.5 + 0.5 + 0.8 * 0.25 + 0.6 * 0.25) / 2.5
    mean = precision * recall / (0.85 * precision + 0.15 * recall)
    assert found.corpus()[0] == pytest.approx(mean * (1 - 0.6 * (2 / 6) ** 0.2))


def test_full_match_and_no_match() -> None:
    found = meteor.statistics(corpus(3), Recorded([FULL_MATCH, NOTHING, [0] * 23]))
    assert found.per_item()[:, 0].tolist() == [1, 0, 0]


def test_corpus_score_is_not_the_mean_of_items() -> None:
    found = meteor.statistics(corpus(2), Recorded([FULL_MATCH, PARTIAL]))
    assert found.corpus()[0] != pytest.approx(found.per_item().mean())


def test_suite_takes_any_backend() -> None:
    scores = suite.score(corpus(2), resampling=Resampling(20), meteor_backend=Recorded([FULL_MATCH, PARTIAL]))
    assert "meteor-1.5:-l en -norm|recorded" in scores["meteor"].signature
    assert not scores.absent


def test_one_process_answers_many_calls(java: meteor.JavaMeteor) -> None:
    with java:
        first = java.align(["one", "one two"], [["a"], ["b", "c"]])
        many = java.align(["word " * 40] * 3000, [["long reference " * 20] * 5] * 3000)
    assert first[:, 0].tolist() == [1, 2]
    assert many.shape == (3000, 23)
    assert java.signature.startswith("jar:meteor-1.5.jar#")


def test_separators_inside_captions_do_not_break_the_protocol(java: meteor.JavaMeteor) -> None:
    with java:
        assert java.align(["a ||| b\n c  d"], [["x\r\ny"]])[:, 0].tolist() == [4]


def test_a_process_that_dies_is_reported_with_what_it_said(java: meteor.JavaMeteor) -> None:
    with java, pytest.raises(ConfigError, match=r"gave no scores \(loading\).*--no-meteor"):
        java.align(["fine", "crash"], [["a"], ["b"]])


def test_nothing_is_found_without_java(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert meteor.find_backend() is None
