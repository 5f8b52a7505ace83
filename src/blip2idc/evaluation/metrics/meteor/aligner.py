"""METEOR's alignment of two captions: a choice of matches in which no word is used twice.

In: the matches that begin at each place of the reference. Out: the matches chosen, from left to right. A match is
settled where nothing else matches any of its words. The others are chosen by a beam search over the places of the
reference, for the most weighted matches, then the fewest chunks (runs that are adjacent and in the same order on both
sides), then the smallest distance, then the order in which they were tried.

Two habits of METEOR's program are part of the metric, because scores depend on them: weights are truncated to whole
numbers after every addition, so that a match of single words that are not equal counts nothing; and the distance of a
match is charged to the path that it continues, and so to the alternatives that are tried after it, instead of to
itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import itemgetter
from typing import Any

from blip2idc.evaluation.metrics.meteor.matchers import EXACT, Match

BEAM = 40
# A path's key: matched words (negative), then chunks, then distance; one integer, so that it sorts fast.
_DISTANCE_BITS, _CHUNK_BITS = 40, 20
_CHUNK = 1 << _DISTANCE_BITS
_MATCHED = 1 << (_DISTANCE_BITS + _CHUNK_BITS)
_CLOSED = -1
# Key, where the open chunk ends in the prediction, where in the reference (`_CLOSED`: none is open), words of the
# prediction that are used (bits), matches chosen (the last, with those before it).
Path = list[Any]
_KEY, _END, _REFERENCE_END, _USED, _CHOSEN = range(5)
_by_key = itemgetter(_KEY)


def align(words: int, matches: Sequence[list[Match]]) -> list[Match]:
    """The alignment of a prediction with a reference.

    Args:
        words: of the prediction.
        matches: that begin at each place of the reference.

    Returns:
        The chosen matches, in the order of the reference.
    """
    settled, undecided = _settle(words, matches)
    if not undecided:
        return [match for match in settled if match is not None]
    return _search(settled, matches)


def chunks_of(alignment: Sequence[Match]) -> int:
    """How many runs of matches are adjacent and in the same order on both sides."""
    count, end, reference_end = 0, -1, -1
    for place, length, at, size, _ in alignment:
        if place != reference_end or at != end:
            count += 1
        end, reference_end = at + size, place + length
    return count


def _settle(words: int, matches: Sequence[list[Match]]) -> tuple[list[Match | None], bool]:
    """The match of each place that nothing else competes with, and whether any match is left."""
    uses, reference_uses = [0] * words, [0] * len(matches)
    count = 0
    for here in matches:
        for place, length, at, size, _ in here:
            count += 1
            uses[at] += 1
            reference_uses[place] += 1
            if size + length > 2:
                for word in range(at + 1, at + size):
                    uses[word] += 1
                for word in range(place + 1, place + length):
                    reference_uses[word] += 1
    settled: list[Match | None] = [None] * len(matches)
    for here in matches:
        if len(here) != 1:
            continue
        place, length, at, size, _ = match = here[0]
        if (
            reference_uses[place] == uses[at] == 1
            and (size == 1 or max(uses[at : at + size]) == 1)
            and (length == 1 or max(reference_uses[place : place + length]) == 1)
        ):
            settled[place] = match
            count -= 1
    return settled, count > 0


def _search(settled: Sequence[Match | None], matches: Sequence[list[Match]]) -> list[Match]:
    """The best choice of all matches, by beam search."""
    paths: list[Path] = [[0, 0, _CLOSED, 0, None]]
    inside = 0  # places before this one belong to a settled match
    for place, match in enumerate(settled):
        if len(paths) > 1:
            paths.sort(key=_by_key)
            del paths[BEAM:]
        if match is not None:
            inside = place + match[1]
            _take_settled(paths, match)
        elif place < inside:
            continue
        elif matches[place]:
            paths = _branch(paths, place, matches[place])
        else:
            for path in paths:
                if path[_REFERENCE_END] == place:
                    path[_KEY] += _CHUNK
                    path[_REFERENCE_END] = _CLOSED
    paths.sort(key=_by_key)
    del paths[BEAM:]
    for path in paths:
        if path[_REFERENCE_END] != _CLOSED:
            path[_KEY] += _CHUNK
    chosen, last = list[Match](), min(paths, key=_by_key)[_CHOSEN]
    while last is not None:
        last, match = last
        chosen.append(match)
    chosen.reverse()
    return chosen


def _take_settled(paths: Sequence[Path], match: Match) -> None:
    """Continue every path with a match that is not in question."""
    place, length, at, size, _ = match
    for path in paths:
        if path[_REFERENCE_END] == place and path[_END] != at:
            path[_KEY] += _CHUNK
        path[_END], path[_REFERENCE_END] = at + size, place + length
        path[_CHOSEN] = (path[_CHOSEN], match)


def _branch(paths: Sequence[Path], place: int, matches: Sequence[Match]) -> list[Path]:
    """Every path with every match that it can take here, and without any."""
    choices = [
        (
            match,
            ((1 << size) - 1) << at,
            (length + size if matcher == EXACT else length // 2 + size // 2) * _MATCHED,
            abs(place - at),
        )
        for match in matches
        for _, length, at, size, matcher in (match,)
    ]
    after = list[Path]()
    for path in paths:
        key, end, reference_end, used, chosen = path
        if reference_end > place:  # inside a match of this path
            after.append(path)
            continue
        open_here = reference_end == place
        for match, mask, gain, distance in choices:
            if used & mask:
                continue
            _, length, at, size, _ = match
            chunk = _CHUNK if open_here and end != at else 0
            after.append([key - gain + chunk, at + size, place + length, used | mask, (chosen, match)])
            key += distance
        if open_here:
            key += _CHUNK
            reference_end = _CLOSED
        after.append([key, end, reference_end, used, chosen])
    return after
