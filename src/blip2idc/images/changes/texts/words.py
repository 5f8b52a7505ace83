"""Which words of a text changed.

In: what was written before and after. Out: the parts that differ, as whole words; a short line stays whole, because
'Sign in' says more than 'in'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher

_SHORT = 40  # characters up to which a line is named whole
_FEW = 6  # words, likewise
_FEWEST_LETTERS = 2  # of words that came or went
_TOGETHER = 2  # words that may be the same between two that changed and are named with them
_RUN_TOGETHER = re.compile(r"(:[0-5]\d)(?=[^\W\d_])")
_TIME = re.compile(r"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?")
_WORD = re.compile(r"[€$£¥] ?\d\S*|\d\S*(?: ?[€$£¥%]| (?:kg|km|EUR|USD)\b)|\S+")


def changed_words(before: str, after: str) -> tuple[str, str]:
    """The parts of two lines that differ.

    >>> changed_words("Sign in", "Sign out")
    ('Sign in', 'Sign out')
    >>> changed_words("the garden opens early in the morning at nine", "the garden opens late in the morning at nine")
    ('early', 'late')
    """
    one, other = (_WORD.findall(line) for line in (before, after))
    if max(len(before), len(after)) <= _SHORT and max(len(one), len(other)) <= _FEW:
        return before, after
    parts = _joined(
        [
            step[1:]
            for step in SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
            if step[0] != "equal"
        ]
    )
    firsts = (" ".join(one[start:stop]) for start, stop, _, _ in parts)
    seconds = (" ".join(other[start:stop]) for _, _, start, stop in parts)
    return " … ".join(filter(None, firsts)), " … ".join(filter(None, seconds))


def ran_on(before: Sequence[str], after: Sequence[str]) -> bool:
    """Whether two texts differ in nothing but a time of day.

    >>> ran_on(["16:47 Costa"], ["16:48 Costa"]), ran_on(["Opens 9:00"], ["Opens never"])
    (True, False)
    >>> ran_on(["09:57:10 d"], ["12:27:10d"])
    True
    """
    one, other = (
        [word.strip("()（）[]|.,;") for word in _RUN_TOGETHER.sub(r"\1 ", " ".join(lines)).split()]
        for lines in (before, after)
    )
    if len(one) != len(other):
        return False
    changed = [pair for pair in zip(one, other, strict=True) if pair[0] != pair[1]]
    return bool(changed) and all(
        any(":" in word for word in pair) and all(_TIME.fullmatch(word.replace(".", ":")) for word in pair)
        for pair in changed
    )


def missing_words(before: Sequence[str], after: Sequence[str]) -> str:
    """The words beside each other that a text lost, where all others stayed; empty for anything else.

    They may have stood right beside another word, as links often do.

    >>> missing_words(["FAQ Calendar Blog"], ["FAQ Blog"]), missing_words(["FAQ Blog"], ["FAQ News"])
    ('Calendar', '')
    >>> missing_words(["Track orderCareers · View"], ["Track order · View"]), missing_words(["Booking"], ["Book"])
    ('Careers', '')
    """
    text = " ".join(before)
    letters = [index for index, letter in enumerate(text) if letter.isalnum()]
    one, other = "".join(text[index] for index in letters), "".join(filter(str.isalnum, " ".join(after)))
    few = len(one) - len(other)
    if not other or few < _FEWEST_LETTERS:
        return ""
    start = next(
        (at for at, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), len(other)
    )
    if one[start + few :] != other[start:]:
        return ""
    begin, end = letters[start], letters[start + few - 1] + 1
    apart = begin == 0 or not text[begin - 1].isalnum() or text[begin].isupper()
    ends = end == len(text) or not text[end].isalnum() or text[end].isupper()
    return text[begin:end] if apart and ends else ""


def with_seconds(lines: Sequence[str]) -> bool:
    """Whether a text shows a time of day with its seconds, as only clocks do."""
    return any(word.count(":") == 2 and _TIME.fullmatch(word) for line in lines for word in line.split())


def changed_lines(before: Sequence[str], after: Sequence[str]) -> tuple[str, str]:
    """The same of several lines: those that differ, and of a pair of them the words."""
    firsts: list[str] = []
    seconds: list[str] = []
    for kind, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        if b - a == d - c:
            for one, other in zip(before[a:b], after[c:d], strict=True):
                first, second = changed_words(one, other)
                firsts.append(first)
                seconds.append(second)
        else:
            firsts += before[a:b]
            seconds += after[c:d]
    return "\n".join(filter(None, firsts)), "\n".join(filter(None, seconds))


def _joined(parts: list[tuple[int, int, int, int]]) -> list[tuple[int, int, int, int]]:
    """Parts with hardly anything between them as one."""
    result = parts[:1]
    for part in parts[1:]:
        last = result[-1]
        if part[0] - last[1] <= _TOGETHER:
            result[-1] = last[0], part[1], last[2], part[3]
        else:
            result.append(part)
    return result
