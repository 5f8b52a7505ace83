"""Changes to bytes that decoders and parsers stumble over, each a pure function of a generator.

In: the bytes of a good file. Out: those of a bad one: flipped, cut, doubled, with numbers that are too large.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

_NUMBERS = (
    0,
    1,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x7FFFFFFF,
    0x80000000,
    0xFFFFFFFF,
    64_000_000,
    8000,
)
_TEXTS = (
    b"1e999", b"-1", b"9" * 400, b"null", b"true", b'""', b"[]", b"{}", b"NaN", b'"\\ud800"', b'"\\u0000"',
    b'"../../x"',
    b"\xff\xfe", b"[" * 5000, b'"' + b"x" * 70_000 + b'"', b"1e400", b"0.5", b"-0", b"\x1b[31m", b"\n",
    b"*a", b"!!float x",
)  # fmt: skip


def mutated(content: bytes, rng: np.random.Generator, *, text: bool = False) -> bytes:
    """One to four changes.

    Args:
        content: Of a good file.
        rng: What to change.
        text: Also change values as texts have them.
    """
    kinds = _OF_TEXT + _OF_BYTES if text else _OF_BYTES
    for _ in range(int(rng.integers(1, 3 if text else 5))):
        content = kinds[int(rng.integers(len(kinds)))](content, rng)
    return content


def _at(content: bytes, rng: np.random.Generator) -> int:
    """A place, more often near the beginning, where headers are."""
    limit = len(content) if rng.random() < 0.5 else min(len(content), 300)
    return int(rng.integers(0, limit + 1))


def _flip(content: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(content)
    for _ in range(int(rng.integers(1, 9))):
        if changed:
            changed[min(_at(content, rng), len(changed) - 1)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _overwrite(content: bytes, rng: np.random.Generator) -> bytes:
    at, length = _at(content, rng), int(rng.integers(1, 33))
    return content[:at] + rng.bytes(length) + content[at + length :]


def _number(content: bytes, rng: np.random.Generator) -> bytes:
    at, width = _at(content, rng), int(rng.choice([1, 2, 4]))
    value = _NUMBERS[int(rng.integers(len(_NUMBERS)))] & (256**width - 1)
    order = "little" if rng.random() < 0.5 else "big"
    return content[:at] + value.to_bytes(width, order) + content[at + width :]  # type: ignore[arg-type]


def _cut(content: bytes, rng: np.random.Generator) -> bytes:
    return content[: _at(content, rng)]


def _leave_out(content: bytes, rng: np.random.Generator) -> bytes:
    at = _at(content, rng)
    return content[:at] + content[at + int(rng.integers(1, 65)) :]


def _repeat(content: bytes, rng: np.random.Generator) -> bytes:
    at, length = _at(content, rng), int(rng.integers(1, 257))
    times = int(rng.choice([1, 2, 50, 2000]))
    return content[:at] + content[at : at + length] * times + content[at:]


def _insert(content: bytes, rng: np.random.Generator) -> bytes:
    at = _at(content, rng)
    return content[:at] + rng.bytes(int(rng.integers(1, 65))) + content[at:]


def _value(content: bytes, rng: np.random.Generator) -> bytes:
    """Something else in place of a value between two separators."""
    marks = [place for place, byte in enumerate(content) if byte in b':,[{" \n']
    if len(marks) < 2:
        return content
    first = int(rng.integers(0, len(marks) - 1))
    text = _TEXTS[int(rng.integers(len(_TEXTS)))]
    return content[: marks[first] + 1] + text + content[marks[first + 1] :]


_OF_BYTES: tuple[Callable[[bytes, np.random.Generator], bytes], ...] = (
    _flip, _overwrite, _number, _number, _cut, _leave_out, _repeat, _insert,
)  # fmt: skip
_OF_TEXT = (_value, _value, _value, _value)
