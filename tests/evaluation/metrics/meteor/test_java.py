"""The process that aligns by METEOR's jar; a small program plays the jar."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.meteor.java import JavaMeteor

PARTIAL = [8, 6, 4, 4, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 1, 2, 6, 6]

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
def java(tmp_path: Path) -> JavaMeteor:
    program, jar = tmp_path / "java", tmp_path / "meteor-1.5.jar"
    program.write_text(PLAYER, encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    jar.write_bytes(b"jar")
    return JavaMeteor(str(program), jar)


def test_one_process_answers_many_calls(java: JavaMeteor) -> None:
    with java:
        first = java.align(["one", "one two"], [["a"], ["b", "c"]])
        many = java.align(["word " * 40] * 3000, [["long reference " * 20] * 5] * 3000)
    assert first[:, 0].tolist() == [1, 2]
    assert many.shape == (3000, 23)
    assert java.signature.startswith("java:meteor-1.5.jar#")


def test_separators_inside_captions_do_not_break_the_protocol(java: JavaMeteor) -> None:
    with java:
        assert java.align(["a ||| b\n c  d"], [["x\r\ny"]])[:, 0].tolist() == [4]


def test_a_process_that_dies_is_reported_with_what_it_said(java: JavaMeteor) -> None:
    with java, pytest.raises(ConfigError, match=r"gave no scores \(loading\).*--no-meteor"):
        java.align(["fine", "crash"], [["a"], ["b"]])
