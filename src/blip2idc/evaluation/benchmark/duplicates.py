"""What a test set shares with the training set: the same or nearly the same images and captions.

In: `ImageFingerprints` or `References` of both sides. Out: `Overlap`s: how many, and examples by name. An image
counts as *near* when its 64-bit difference hash is at most `HASH_DISTANCE` bits away and its 16 x 16 grey
thumbnail confirms it; a caption when its longest common subsequence with a training caption is at least
`CAPTION_RATIO` of their mean length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from blip2idc.evaluation.benchmark.image_features import ImageFingerprints
from blip2idc.evaluation.metrics.corpus import References
from blip2idc.evaluation.metrics.ngrams import Ints
from blip2idc.evaluation.metrics.subsequences import SubsequenceTable

HASH_DISTANCE = 4
# Grey levels (of 255) by which thumbnails of one picture may differ after re-encoding: on the mean, and in any cell.
MEAN_DIFFERENCE, LARGEST_DIFFERENCE = 4.0, 24
CAPTION_RATIO = 0.9
# Distinct test captions looked up for near duplicates; more are sampled, and the report says so.
MOST_CAPTIONS = 4000
_EXAMPLES = 12
_BLOCK = 64


@dataclass(frozen=True)
class Overlap:
    """What one side shares with the other.

    Attributes:
        total: things looked up.
        exact: those found exactly.
        near: those found nearly, but not exactly.
        pairs: test pairs that at least one of them belongs to.
        whole_pairs: test pairs all of whose things were found.
        examples: (ours, theirs) by name, exact ones first.
    """

    total: int
    exact: int
    near: int
    pairs: int
    whole_pairs: int
    examples: tuple[tuple[str, str], ...]

    def to_dict(self) -> dict[str, object]:
        """The counts as JSON keeps them."""
        return asdict(self)


def image_overlap(ours: ImageFingerprints, owners: Sequence[int], theirs: ImageFingerprints) -> Overlap:
    """Which of our images the other side holds too.

    Args:
        ours: prints of the test images.
        owners: test pair of each of them.
        theirs: prints of the training images.
    """
    by_digest = {digest: index for index, digest in reversed(list(enumerate(theirs.digests)))}
    exact = np.array([by_digest.get(digest, -1) for digest in ours.digests], dtype=np.int64)
    near = near_images(ours, theirs)
    near[exact >= 0] = -1
    match = np.where(exact >= 0, exact, near)
    examples = [(ours.names[i], theirs.names[match[i]]) for i in _examples(exact, near)]
    return _overlap(exact >= 0, near >= 0, np.array(owners, dtype=np.int64), examples)


def near_images(ours: ImageFingerprints, theirs: ImageFingerprints) -> Ints:
    """`[I]` index of the nearest image of the other side that passes both tests; -1 for none."""
    found = np.full(len(ours), -1, np.int64)
    if not len(theirs):
        return found
    for start in range(0, len(ours), _BLOCK):
        hashes = ours.hashes[start : start + _BLOCK]
        distance = np.bitwise_count(hashes[:, None] ^ theirs.hashes[None, :])
        rows, columns = np.nonzero(distance <= HASH_DISTANCE)
        gaps = np.abs(ours.thumbnails[start + rows] - theirs.thumbnails[columns])
        means = gaps.mean(axis=1)
        passed = (means <= MEAN_DIFFERENCE) & (gaps.max(axis=1, initial=0) <= LARGEST_DIFFERENCE)
        for at in np.flatnonzero(passed)[np.argsort(-means[passed], kind="stable")].tolist():
            found[start + rows[at]] = columns[at]  # the smallest difference is written last
    return found


def caption_overlap(ours: References, theirs: References, seed: int = 0) -> tuple[Overlap, int]:
    """Which of our references the other side holds too, and how many distinct ones were looked up for near matches."""
    first = {tuple(tokens): index for index, tokens in reversed(list(enumerate(theirs.tokens)))}
    exact = np.array([first.get(tuple(tokens), -1) for tokens in ours.tokens], dtype=np.int64)
    distinct = sorted({tuple(t) for t, found in zip(ours.tokens, exact, strict=True) if found < 0 and t})
    looked_up = distinct
    if len(distinct) > MOST_CAPTIONS:
        chosen = np.random.default_rng(seed).choice(len(distinct), MOST_CAPTIONS, replace=False)
        looked_up = [distinct[index] for index in np.sort(chosen).tolist()]
    matches = near_captions(looked_up, theirs)
    near = np.array([matches.get(tuple(tokens), -1) for tokens in ours.tokens], dtype=np.int64)
    near[exact >= 0] = -1
    examples = [
        (" ".join(ours.tokens[i]), " ".join(theirs.tokens[exact[i] if exact[i] >= 0 else near[i]]))
        for i in _examples(exact, near)
    ]
    return _overlap(exact >= 0, near >= 0, ours.item, examples), len(looked_up)


def near_captions(captions: Sequence[tuple[str, ...]], theirs: References) -> dict[tuple[str, ...], int]:
    """Caption -> the reference of the other side that it nearly equals, for those that have one."""
    arrays = theirs.captions
    table = SubsequenceTable.build(arrays.pieces, arrays.piece_starts)
    lengths = np.diff(arrays.piece_starts)
    encoded = theirs.vocabulary.encode(captions)
    found: dict[tuple[str, ...], int] = {}
    for index, caption in enumerate(captions):
        pieces = encoded.pieces[encoded.piece_starts[index] : encoded.piece_starts[index + 1]]
        needed = CAPTION_RATIO * (lengths + len(pieces)) / 2
        if not np.any(table.shared(pieces) >= needed):  # an upper bound, quick to count
            continue
        ratio = table.lengths(pieces) / needed
        best = int(np.argmax(ratio))
        if ratio[best] >= 1:
            found[caption] = best
    return found


def _overlap(
    exact: NDArray[np.bool_], near: NDArray[np.bool_], owners: Ints, examples: Sequence[tuple[str, str]]
) -> Overlap:
    hit = exact | near
    touched = np.unique(owners[hit])
    missed = np.unique(owners[~hit])
    return Overlap(
        total=len(exact),
        exact=int(exact.sum()),
        near=int(near.sum()),
        pairs=len(touched),
        whole_pairs=len(np.setdiff1d(touched, missed)),
        examples=tuple(dict.fromkeys(examples)),
    )


def _examples(exact: Ints, near: Ints) -> list[int]:
    """Indices of the first matches, exact ones before near ones."""
    return [*np.flatnonzero(exact >= 0)[:_EXAMPLES].tolist(), *np.flatnonzero(near >= 0)[:_EXAMPLES].tolist()]
