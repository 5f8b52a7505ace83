"""Edits of photographs by templates: what to change, and what is then to be seen, without any model.

In: the caption of an image, or none. Out: `Proposal`s, each an instruction in the imperative, a difference caption and
captions of the image before and after. The difference caption is a statement about what is now to be seen ("it is now
snowing", "the car is now red"), without a capital letter and full stop, as people write them. Templates of things need
the caption to name one plainly, with an article, once; templates of the whole image need no caption at all.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass

from blip2idc.synthesis.instructions.template_words import (
    COLORFUL,
    COLORS,
    FOLLOWERS,
    GADGETS,
    INDOORS,
    MADE_OF,
    MATERIALS,
    NO_SUN,
    OTHER_SOUND,
    PLAIN_BEFORE,
    SINGULARS,
    SWAPS,
    THINGS,
    VOWEL_SOUND,
    WEARERS,
    WHOLE,
    plural_of,
)

#: Said of an image whose caption is not known.
UNKNOWN = "a photograph"


@dataclass(frozen=True)
class Proposal:
    """One edit.

    Attributes:
        text: The instruction.
        caption: What has changed.
        before: What the image shows.
        after: What it shall show.
    """

    text: str
    caption: str
    before: str
    after: str


def propose(caption: str | None, chance: random.Random) -> Iterator[Proposal]:
    """All edits that the templates know for an image, in an order drawn by chance.

    Args:
        caption: What the image shows; None where that is not known.
        chance: Draws the order and the words; equal generators give equal proposals.

    Yields:
        Edits of things that the caption names and of the whole image by turns, then what is left of either.
    """
    caption = None if caption is None else caption.strip().rstrip(".!").strip() or None
    of_things = [] if caption is None else _shuffled(_of_things(caption, chance), chance)
    of_whole = _shuffled(_of_whole(caption), chance)
    for index in range(max(len(of_things), len(of_whole))):
        yield from of_things[index : index + 1]
        yield from of_whole[index : index + 1]


def with_article(words: str) -> str:
    """The words after `a` or `an`.

    Example:
        >>> with_article("umbrella"), with_article("unicorn"), with_article("red umbrella")
        ('an umbrella', 'a unicorn', 'a red umbrella')
    """
    return f"{_article(words)} {words}"


def _article(words: str) -> str:
    if words.startswith(OTHER_SOUND):
        return "a"
    return "an" if words[0] in "aeiou" or words.startswith(VOWEL_SOUND) else "a"


def _shuffled(proposals: Iterator[Proposal], chance: random.Random) -> list[Proposal]:
    listed = list(proposals)
    chance.shuffle(listed)
    return listed


@dataclass(frozen=True)
class _Found:
    """A thing that a caption names.

    Attributes:
        caption: The caption.
        start: Where its noun begins.
        end: Where its noun ends.
        color: Where the colour before the noun begins and ends; empty and at `start` where there is none.
        noun: As it stands there, in small letters.
        singular: The key of `THINGS`.
        many: Whether it is a plural.
    """

    caption: str
    start: int
    end: int
    color: tuple[int, int]
    noun: str
    singular: str
    many: bool

    @property
    def kind(self) -> str:
        return THINGS[self.singular]

    @property
    def now(self) -> str:
        """The beginning of a statement about it."""
        return f"the {self.noun} {'are' if self.many else 'is'} now"

    def put(self, start: int, end: int, words: str) -> str:
        """The caption with other words from `start` to `end`, and the article before them as they need it."""
        head, tail = self.caption[:start], self.caption[end:]
        article = re.search(r"\b(an?)\s+$", head, re.IGNORECASE)
        if article:
            right = _article(words.lower())
            right = right.capitalize() if article[1][0].isupper() else right
            head = f"{head[: article.start()]}{right} "
        return f"{head}{words}{tail}"


def _find(caption: str) -> list[_Found]:
    """Things that a caption names once, with an article or in the plural, and not as the first part of a compound."""
    words = list(re.finditer(r"[^\W\d_]+(?:['’-][^\W\d_]+)*", caption))
    plain = [word[0].lower() for word in words]
    found: list[_Found] = []
    named: list[str] = []
    index = 0
    while index < len(words):
        for length in (2, 1):
            noun = " ".join(plain[index : index + length])
            singular = SINGULARS.get(noun)
            if singular is not None and index + length <= len(words):
                one = _found(caption, words, plain, index, length)
                found += [one] if one is not None else []
                named.append(singular)
                index += length - 1
                break
        index += 1
    return [one for one in found if named.count(one.singular) == 1]


def _found(
    caption: str, words: list[re.Match[str]], plain: list[str], index: int, length: int
) -> _Found | None:
    noun = " ".join(plain[index : index + length])
    singular = SINGULARS[noun]
    many = noun != singular
    end = words[index + length - 1].end()
    follower = plain[index + length] if index + length < len(plain) else None
    apart = re.match(r"\s*(?:[,.;:!?)]|$)", caption[end:]) is not None
    if not (apart or follower in FOLLOWERS or (follower or "").endswith("ing")):
        return None
    before = plain[max(0, index - 3) : index]
    if not many and not {"a", "an", "the", "one", "his", "her", "their", "its"} & set(before):
        return None
    if before and before[-1] in SINGULARS:  # "a car door"
        return None
    if many and before[-1:] == ["of"]:  # "a herd of horses" stays one herd
        return None
    start = words[index].start()
    colored = bool(before) and before[-1] in COLORS
    color = words[index - 1].span() if colored else (start, start)
    return _Found(caption, start, end, color, noun, singular, many)


def _of_things(caption: str, chance: random.Random) -> Iterator[Proposal]:
    lower = caption.lower()
    for thing in _find(caption):
        tail = lower[thing.end :].split()
        said = bool(tail) and tail[0] in ("is", "are", "was", "were", "that", "which", "who", "made")
        yield from _swapped(thing, lower, chance)
        yield from _removed(thing)
        if not said:
            yield from _colored(thing, chance)
            yield from _made_of(thing, chance)
            yield from _dressed(thing, lower, chance)


def _swapped(thing: _Found, lower: str, chance: random.Random) -> Iterator[Proposal]:
    others = [other for other in SWAPS.get(thing.kind, ()) if other != thing.singular and other not in lower]
    for other in chance.sample(others, min(2, len(others))):
        new = plural_of(other) if thing.many else other
        named = new if thing.many else with_article(new)
        after = thing.put(thing.start, thing.end, new)
        text = f"Turn the {thing.noun} into {named}"
        yield Proposal(
            text, f"the {thing.noun} {'have' if thing.many else 'has'} become {named}", thing.caption, after
        )


def _removed(thing: _Found) -> Iterator[Proposal]:
    """Only where the caption stays a caption without the thing: at its end, after words such as `next to`."""
    head, tail = thing.caption[: thing.color[0]], thing.caption[thing.end :]
    link = re.search(
        r"^(.+?)\s+(?:and|with|next to|beside|near|by|holding|wearing|in front of|behind)\s+"
        r"(?:an?|the|one|two|three|some|several|his|her|their)\s+(?:(?:small|large|big|little|old|wooden)\s+)?$",
        head,
        re.IGNORECASE,
    )
    if link and not tail.strip() and " " in link[1] and thing.kind != "building":
        gone = f"the {thing.noun} {'are' if thing.many else 'is'} gone"
        yield Proposal(f"Remove the {thing.noun}", gone, thing.caption, link[1])


def _colored(thing: _Found, chance: random.Random) -> Iterator[Proposal]:
    if thing.kind not in COLORFUL:
        return
    old = thing.caption[slice(*thing.color)].lower()
    before = thing.caption[: thing.start].lower().split()
    if not old and before and before[-1] not in PLAIN_BEFORE:  # "a picnic red table"
        return
    for color in chance.sample([one for one in COLORS if one != old], 2):
        start, end = thing.color
        after = thing.put(start, end, color if old else f"{color} ")
        yield Proposal(f"Make the {thing.noun} {color}", f"{thing.now} {color}", thing.caption, after)


def _made_of(thing: _Found, chance: random.Random) -> Iterator[Proposal]:
    if thing.kind not in MADE_OF:
        return
    for material in chance.sample(MATERIALS, 1):
        after = thing.put(thing.end, thing.end, f" made of {material}")
        text = f"Make the {thing.noun} out of {material}"
        yield Proposal(text, f"{thing.now} made of {material}", thing.caption, after)


def _dressed(thing: _Found, lower: str, chance: random.Random) -> Iterator[Proposal]:
    if thing.kind not in WEARERS or thing.many or "wearing" in lower:
        return
    gadgets = [gadget for gadget in GADGETS if gadget.split()[-1] not in lower]
    for gadget in chance.sample(gadgets, min(2, len(gadgets))):
        after = thing.put(thing.end, thing.end, f" wearing {gadget}")
        yield Proposal(
            f"Put {gadget} on the {thing.noun}", f"{thing.now} wearing {gadget}", thing.caption, after
        )


def _of_whole(caption: str | None) -> Iterator[Proposal]:
    """Weather, season, time of day, light, medium and style."""
    words = set(re.findall(r"[^\W\d_]+", (caption or "").lower()))
    for text, now, alone, suffix, kind in WHOLE:
        if kind == "outdoors" and words & INDOORS:
            continue
        if kind == "dark" and words & NO_SUN:
            continue
        after = f"{caption}{suffix}" if caption is not None else alone
        if caption is None or suffix.strip(" ,").lower() not in caption.lower():
            yield Proposal(text, now, UNKNOWN if caption is None else caption, after)
