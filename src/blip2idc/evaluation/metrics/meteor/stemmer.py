"""The stems of METEOR's stem module: Snowball's English stemmer (Porter 2) as it was in 2010.

In: a lower-case word. Out: its stem. Written from the published algorithm
(https://snowballstem.org/algorithms/english/stemmer.html). The algorithm has changed since, and METEOR's program holds
the older one (`added` gives `ad`), so that it is written here, not taken from a package. Equal to the program's on
the 154,471 words recorded beside the checkout.
"""

from __future__ import annotations

_VOWELS = frozenset("aeiouy")
_DOUBLES = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
_BEFORE_LI = frozenset("cdeghkmnrt")
_WHOLE_WORDS = {
    "skis": "ski", "skies": "sky", "dying": "die", "lying": "lie", "tying": "tie",
    "idly": "idl", "gently": "gentl", "ugly": "ugli", "early": "earli", "only": "onli", "singly": "singl",
    "sky": "sky", "news": "news", "howe": "howe", "atlas": "atlas", "cosmos": "cosmos", "bias": "bias",
    "andes": "andes",
}  # fmt: skip
_WHOLE_AFTER_PLURAL = frozenset(
    ("inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed")
)
_FIRST_REGION = ("gener", "commun", "arsen")
# Suffixes of steps 2 to 4, longest first, with what takes their place; None: by a rule of its own.
_STEP_2 = (
    ("ational", "ate"), ("fulness", "ful"), ("iveness", "ive"), ("ization", "ize"), ("ousness", "ous"),
    ("biliti", "ble"),
    ("lessli", "less"), ("tional", "tion"), ("alism", "al"), ("aliti", "al"), ("ation", "ate"), ("entli", "ent"),
    ("fulli", "ful"), ("iviti", "ive"), ("ousli", "ous"), ("abli", "able"), ("alli", "al"), ("anci", "ance"),
    ("ator", "ate"), ("enci", "ence"), ("izer", "ize"), ("bli", "ble"), ("ogi", None), ("li", None),
)  # fmt: skip
_STEP_3 = (
    ("ational", "ate"), ("tional", "tion"), ("alize", "al"), ("ative", None), ("icate", "ic"), ("iciti", "ic"),
    ("ical", "ic"), ("ness", ""), ("ful", ""),
)  # fmt: skip
_STEP_4 = (
    "ement", "able", "ance", "ence", "ible", "ment", "ant", "ate", "ent", "ion", "ism", "iti", "ive", "ize", "ous",
    "al", "er", "ic",
)  # fmt: skip


def stem(word: str) -> str:
    """The stem of a lower-case word; what is not a word of letters comes back much as it is.

    >>> stem("running"), stem("added"), stem("generously"), stem("...")
    ('run', 'ad', 'generous', '...')
    """
    if word in _WHOLE_WORDS:
        return _WHOLE_WORDS[word]
    if len(word) < 3:
        return word
    word = _mark_consonant_y(word.removeprefix("'"))
    first, second = _regions(word)
    word = _plural(word)
    if word in _WHOLE_AFTER_PLURAL:
        return word
    word = _past_and_progressive(word, first)
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in _VOWELS:
        word = word[:-1] + "i"
    word = _derived(word, first, second)
    return word.replace("Y", "y")


def _mark_consonant_y(word: str) -> str:
    """The word with `Y` for each y that stands for a consonant: at the start and after a vowel."""
    if "y" not in word:
        return word
    letters = list(word)
    for at, letter in enumerate(letters):
        if letter == "y" and (at == 0 or letters[at - 1] in _VOWELS):
            letters[at] = "Y"
    return "".join(letters)


def _regions(word: str) -> tuple[int, int]:
    """Where R1 and R2 begin: after the first consonant that follows a vowel, and after the next such."""
    prefix = next((prefix for prefix in _FIRST_REGION if word.startswith(prefix)), None)
    first = len(prefix) if prefix else _after_syllable(word, 0)
    return first, _after_syllable(word, first)


def _after_syllable(word: str, start: int) -> int:
    for at in range(start + 1, len(word)):
        if word[at] not in _VOWELS and word[at - 1] in _VOWELS:
            return at + 1
    return len(word)


def _plural(word: str) -> str:
    """Steps 0 and 1a: apostrophes and plurals."""
    for suffix in ("'s'", "'s", "'"):
        if word.endswith(suffix):
            word = word[: -len(suffix)]
            break
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith("s") and not word.endswith(("us", "ss")) and not _VOWELS.isdisjoint(word[:-2]):
        return word[:-1]
    return word


def _past_and_progressive(word: str, first: int) -> str:
    """Step 1b: -eed, -ed, -ing and their adverbs."""
    for suffix in ("eedly", "eed"):
        if word.endswith(suffix):
            return word[: -len(suffix)] + "ee" if len(word) - len(suffix) >= first else word
    suffix = next((suffix for suffix in ("ingly", "edly", "ing", "ed") if word.endswith(suffix)), "")
    if not suffix or _VOWELS.isdisjoint(word[: -len(suffix)]):
        return word
    word = word[: -len(suffix)]
    if word.endswith(("at", "bl", "iz")):
        return word + "e"
    if word.endswith(_DOUBLES):
        return word[:-1]
    return word + "e" if len(word) <= first and _ends_short(word) else word


def _ends_short(word: str) -> bool:
    """Whether the last syllable is short, as in `hop` and `at`."""
    if len(word) == 2:
        return word[0] in _VOWELS and word[1] not in _VOWELS
    return (
        len(word) > 2
        and word[-1] not in _VOWELS
        and word[-1] not in "wxY"
        and word[-2] in _VOWELS
        and word[-3] not in _VOWELS
    )


def _derived(word: str, first: int, second: int) -> str:
    """Steps 2 to 5: suffixes that derive words from words."""
    word = _replace_suffix(word, _STEP_2, first, second)
    word = _replace_suffix(word, _STEP_3, first, second)
    for suffix in _STEP_4:
        if word.endswith(suffix):
            cut = len(word) - len(suffix)
            if cut >= second and (suffix != "ion" or word[:cut].endswith(("s", "t"))):
                word = word[:cut]
            break
    if word.endswith("e"):
        cut = len(word) - 1
        if cut >= second or (cut >= first and not _ends_short(word[:-1])):
            return word[:-1]
    elif word.endswith("ll") and len(word) - 1 >= second:
        return word[:-1]
    return word


def _replace_suffix(word: str, table: tuple[tuple[str, str | None], ...], first: int, second: int) -> str:
    """The word with its longest suffix of the table replaced, where that lies in R1 and its own rule holds."""
    for suffix, replacement in table:
        if not word.endswith(suffix):
            continue
        cut = len(word) - len(suffix)
        if cut < first:
            return word
        before = word[:cut]
        if replacement is not None:
            return before + replacement
        if suffix == "ogi":
            return before + "og" if before.endswith("l") else word
        if suffix == "li":
            return before if before[-1:] in _BEFORE_LI else word
        return before if cut >= second else word  # ative
    return word
