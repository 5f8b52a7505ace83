"""How captions say that nothing changed: the wordings of every benchmark, kept in one table.

In: a caption, or what is known of a pair. Out: whether it says, or is, no change. Readers use it to tell contradictions
between captions and flags, `blip2idc.evaluation.no_change` to judge systems.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from blip2idc.data.records import NO_CHANGE, NO_CHANGE_CAPTIONS

# The wordings of each benchmark's references, lower-cased and without final stops.
WORDINGS: dict[str, tuple[str, ...]] = {
    "clevr-change": NO_CHANGE_CAPTIONS,
    # Kim et al., ICCV 2021, take CLEVR-Change's wordings.
    "clevr-dc": NO_CHANGE_CAPTIONS,
    # Jhamtani and Berg-Kirkpatrick, EMNLP 2018: free text, these are the frequent ones.
    "spot-the-diff": (
        "there are no differences",
        "there is no difference",
        "no differences",
        "no difference",
        "i see no differences",
        "i see no differences between the two images",
        "i see no difference",
        "there are no changes",
        "there is no change",
        "nothing has changed",
        "nothing changed",
        "no change",
        "no changes",
    ),
    # Liu et al., TGRS 2022 (LEVIR-CC), as the Change-Agent test program lists them.
    "levir-cc": (
        "the scene is the same as before",
        "there is no difference",
        "the two scenes seem identical",
        "no change has occurred",
        "almost nothing has changed",
    ),
}
# The list in the released BLIP2IDC code: one wording is misspelt ("occured") and "there is no difference"
# is absent.
RELEASED_WORDINGS = (
    "the scene remains the same",
    "nothing has changed",
    "nothing was modified",
    "the two scenes seem identical",
    "the scene is the same as before",
    "no change was made",
    "no change has occured",
    "there is no change",
)
ALL_WORDINGS = frozenset(wording for wordings in WORDINGS.values() for wording in wordings)
_NOT_WORDS = re.compile(r"[^\w\s']+")
_ASCII_SPACES = str.maketrans({chr(code): " " for code in range(128) if _NOT_WORDS.match(chr(code))})


def normalize(caption: str) -> str:
    """A caption without case, punctuation and superfluous white space.

    >>> normalize(" There is NO change. ")
    'there is no change'
    """
    small = caption.lower()
    plain = small.translate(_ASCII_SPACES) if small.isascii() else _NOT_WORDS.sub(" ", small)
    return " ".join(plain.split())


def says_no_change(caption: str, wordings: Collection[str] = ALL_WORDINGS) -> bool:
    """Whether a caption is one of the wordings, up to case, punctuation and white space.

    >>> says_no_change("There is no difference."), says_no_change("there is no difference in the car")
    (True, False)
    """
    return normalize(caption) in wordings


def is_unchanged(
    kind: str | None, references: Sequence[str], wordings: Collection[str] = ALL_WORDINGS
) -> bool:
    """Whether nothing changed in an item: by its kind, else where all its references that hold a word say so."""
    if kind is not None:
        return kind == NO_CHANGE
    said = [reference for reference in references if reference.strip()]
    return bool(said) and all(says_no_change(reference, wordings) for reference in said)
