"""Cleans and checks what a language model or a file says as one sentence.

In: text as it was said, perhaps with list markers, quotes, labels, code fences or chatter around it. Out: the sentence
alone (`clean`), and a short code where it must not be used (`fault_of`, `imperative_fault`), so that every refusal can
be counted. `same_words` is the key by which two sentences count as the same. No torch.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus

#: What `fault_of` may say.
FAULTS = ("empty", "not-text", "refusal", "chatter", "several-sentences", "too-short", "too-long")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Verbs that edit instructions begin with.
EDIT_VERBS = _words(
    """
    adapt add adjust age airbrush align allow alter animate apply arrange attach bathe beautify bend
    blacken blank bleach bleed blend blow blur boost brighten bring build burn cartoonize carve center
    centre change clean clear clone close color colorize colour colourize combine compress convert copy
    correct cover create crop cut darken decorate decrease deepen delete depict desaturate despeckle dim
    disguise display distort divide do double draw dress drop duplicate dust dye edit elevate eliminate
    elongate embed emphasize empty enhance enlarge erase exchange expand extend fade feed fill filter fit
    fix flatten flip flood focus fold form frame freeze get give glue grayscale grow hang have hide
    highlight hold illuminate imitate improve include increase infuse insert intensify introduce invert
    isolate keep lean lengthen let let's lets lift light lighten lower make map mask match melt merge
    minimize mirror mix modify morph move multiply narrow need open outline overlay paint park paste
    photoshop pixelate place plant play point polish pose posterize pour print pull push put raise
    rearrange recolor recolour reconstruct recreate redden redo reduce reface reflect refocus remake
    remodel remove render repaint repair replace reposition reshape resize restore restyle retouch reveal
    reverse rid rotate round saturate scale seat seed select separate set shade shape sharpen shift
    shorten show shred shrink sketch slim smooth soften speed split spray spread sprinkle squish stack
    stain stand start stick stop straighten stretch style substitute superimpose surround swap swing
    switch take tattoo tidy tilt tint tone touch transfer transform translate transplant trim try turn
    twist unblur uncrop undo use warm warp wash whiten widen wrap write zoom
    """
)
#: Past forms that do not end in -ed.
_PAST = _words(
    """
    became began brought built came chose did drew fell gave gone got grew had held hid kept left lost
    made ran rode said sat saw seen shown stood taken took was went were won wore written wrote
    """
)
#: Words that no command begins with: articles, pronouns, question words, auxiliaries, plain nouns and adjectives.
_NO_COMMAND = _words(
    """
    a all also am an and another any are as background be beautiful because been being best better big
    bigger black blue both boy bright brighter brown but can cloudy could dark darker different each
    either every everyone everything few five foggy foreground four girl golden good gray green grey happy
    has he he's her here hers him his how i i'd i'm i've id if image images is it it's its large larger
    less lighter long longer man many may me men might mine more most much must my neither new nice no
    nobody none not nothing old one only or orange other others our people person photo photograph photos
    picture pictures pink purple rainy red sad same scene several shall she she's short shorter should
    silver sky small smaller snowy so some sunny tall taller than that the their them there these they
    they're this those three too two us was we we're were what when where which white who whom whose why
    will woman women would yellow you you're young your youre
    """
)
#: Words that may stand before the verb, beside adverbs in -ly.
_LEADING = _words(
    """
    also basically finally first just kindly next now ok okay please simply so then
    """
)
_PREPOSITIONS = _words(
    """
    above across along alongside around at atop before behind below beneath beside between by for from in
    inside instead into near next off on onto opposite outside over through throughout to under underneath
    upon where with within
    """
)
_FINITE = _words(
    """
    appears are can could had has is looks must needs seems should was were will would
    """
)
_WISHES = _words("should shouldn't must want wants")
_LY_VERBS = _words("apply fly multiply rely supply")
_ING_VERBS = _words("bring cling fling ring sing sling spring sting string swing wing")
_ED_VERBS = _words("bed bleed embed feed need seed shed shred speed wed weed")

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"  # what a tokenizer puts for bytes that are no UTF-8
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"(?:```|~~~)[\w+-]*[ \t]*(?=\n|$)|```|~~~")
_LINES = re.compile(r"[\r\n\x0b\x0c\x85\u2028\u2029]+")
_MARKER = re.compile(r"(?:\(?\d{1,2}[.):]|[a-zA-Z]\)|[-*+•·‣–—]|#{1,6}|>)\s+")
_LABEL = re.compile(
    r"(?:\*\*|__)?(?:the\s+)?"
    r"(?:(?:edit(?:ing|ed)?|image|new|final|rewritten|revised|rephrased|paraphrased|alternative|difference)\s+){0,2}"
    r"(?:instruction|variation|variant|answer|output|caption|paraphrase|version|response|sentence|rewrite|edit|result"
    r"|option|reworded|rephrased|rewritten)"
    r"(?:\s*#?\d{1,2})?(?:\*\*|__)?\s*[:：](?:\*\*|__)?\s*",
    re.IGNORECASE,
)
_PAIRS = {'"': '"', "“": "”", "„": "“", "'": "'", "‘": "’", "`": "`", "«": "»", "**": "**", "__": "__"}
_STRAIGHT = ("'", '"')

_QUOTED = re.compile(
    r"\"[^\"]*(?:\"|$)|“[^”]*”|„[^“”]*[“”]|«[^»]*»|(?<!\w)['‘](?:[^'’]|(?<=\w)['’](?=\w))*['’](?!\w)"
)
_ABBREVIATION = re.compile(
    r"(?<!\w)(?:mr|mrs|ms|dr|st|mt|jr|sr|vs|no|etc|approx|ft|inc|co|prof|gen|capt|e\.g|i\.e|u\.s|a\.m|p\.m|[a-z])\.",
    re.IGNORECASE,
)
_BOUNDARY = re.compile(r"[.…][)\]]*\s+[^\W_]|[!?][)\]]*\s+[A-Z]|\n\s*\S")
_REFUSAL = re.compile(
    r"^(?:(?:unfortunately|however|but|well)\s*,?\s*)?(?:"
    r"(?:i'm|i am|we're|we are)\s+(?:\w+\s+)?(?:sorry|afraid|unable|not able|not allowed)"
    r"|sorry\b|my apologies|apologies\b|(?:i|we)\s+apologi[sz]e"
    r"|(?:i|we)\s+(?:can\s?not|can't|won't|will not|could not|couldn't|do not|don't|must decline|am not)\b)"
    r"|\bas an? (?:ai|artificial|(?:large )?language model)\b|\bi(?:'m| am) (?:just )?an? (?:ai|language model)\b"
    r"|\b(?:can\s?not|can't|unable to) (?:assist|help|comply|fulfil|process)"
)
_CHATTER = re.compile(
    r"^(?:sure(?:ly)?|certainly|of course|absolutely|definitely)\b"
    r"|^(?:ok|okay|great|alright|all right|yes|no|no problem|got it|thanks|thank you|hello|hi)\s*[,.!:]"
    r"|^here(?:'s| is| are| you go)\b"
    r"|\bnote that\b|^(?:please )?note\s*[:,]|\blet me know\b|\bfeel free\b|\bi hope\b|\bhope this\b"
    r"|\b(?:please|could you|can you) (?:provide|specify|clarify|share)\b|\bwould you like\b|\bdo you want\b"
    r"|\bthe (?:original|given|above|provided|following|source|same) (?:caption|instruction|sentence|prompt|text)s?\b"
    r"|(?<!add )(?<!change )(?<!delete )(?<!erase )(?<!insert )(?<!remove )(?<!replace )"
    r"\bthe (?:caption|instruction)s?\b"
    r"|\b(?:paraphras|rephras|reword)"
    r"|https?://|\bwww\.|[?]$"
    r"|[{}]|\\[nrtu]|</?[a-z|]|\]\(|^\[|\]$|\*\*|__|^#{1,6}\s|```|~~~|^\||(?<!\w)\*\w|\w\*(?!\w)"
)


def clean(text: str) -> str:
    """The sentence without what models and lists put around it.

    Args:
        text: As it was said. Several lines become one; where a line without a mark at its end is followed by a line
            that starts anew, a full stop joins them, so that `fault_of` sees two sentences.

    Returns:
        Unicode NFC on one line: no control characters, single spaces, no code fences, no reasoning between think tags,
        no list marker, label or quotes around the whole. Quotes inside stay. Cleaning twice changes nothing more.

    Example:
        >>> clean('1. **Instruction:** "Add a red hat to the dog."')
        'Add a red hat to the dog.'
    """
    text = unicodedata.normalize("NFC", text)
    while True:
        bare = _FENCE.sub("\n", _THOUGHT.sub("\n", text))
        bare = _on_one_line(_LINES.split(bare))
        decoration = _MARKER.match(bare) or _LABEL.match(bare)
        bare = bare[decoration.end() :] if decoration else bare
        bare = _without_quotes(bare).strip()
        if bare == text:
            return text
        text = bare


def fault_of(text: str, *, longest_words: int = 30, shortest_words: int = 2) -> str | None:
    """Why a text must not be used as a sentence; quoted words inside it are looked at only to count words.

    Args:
        text: From `clean`.
        longest_words: Most words a sentence may have.
        shortest_words: Fewest words it may have.

    Returns:
        One of `FAULTS`: `empty`; `not-text` (fewer than half of its characters are letters, or bytes
        that no letter is made of); `refusal` of a model;
        `chatter` (talk around the answer, questions back, talk of the caption, markdown, JSON, addresses);
        `several-sentences`; `too-short`; `too-long`. None where nothing is wrong.
    """
    if not text.strip():
        return "empty"
    if _REPLACEMENT in text:
        return "not-text"
    unquoted = _QUOTED.sub("quoted", text).replace("’", "'").strip()
    visible = [character for character in unquoted if not character.isspace()]
    if 2 * sum(character.isalpha() for character in visible) < len(visible):
        return "not-text"
    plain = unquoted.lower()
    if _REFUSAL.search(plain):
        return "refusal"
    if _CHATTER.search(plain):
        return "chatter"
    if _BOUNDARY.search(_ABBREVIATION.sub("x", unquoted)):
        return "several-sentences"
    words = sum(any(character.isalnum() for character in word) for word in text.split())
    if words < shortest_words:
        return "too-short"
    return "too-long" if words > longest_words else None


def imperative_fault(text: str) -> str | None:
    """Whether a sentence asks for an edit.

    It begins with a verb, after `please`, adverbs or a phrase of place at most, or it says what should be, what is
    wanted, or asks whether it can be. A word that is not known is taken for a verb unless its form or what follows it
    speaks against that: lists of verbs are never complete, and people misspell.

    Args:
        text: From `clean`.

    Returns:
        `not-imperative`, or None.

    Example:
        >>> imperative_fault("Please add a hat"), imperative_fault("The dog should wear a hat")
        (None, None)
        >>> imperative_fault("The dog wears a hat")
        'not-imperative'
    """
    words = re.findall(r"[^\W_]+(?:['’-][^\W_]+)*", text.lower().replace("’", "'"))
    while words and (words[0] in _LEADING or (words[0].endswith("ly") and words[0] not in _LY_VERBS)):
        words = words[1:]
    if not words:
        return "not-imperative"
    if words[0] in ("can", "could") or not _WISHES.isdisjoint(words):
        return None
    first, later = words[0], words[1:]
    if first in _PREPOSITIONS:  # "On the table put a vase"
        return (
            None
            if any(word in EDIT_VERBS - {"light", "color", "need"} for word in later)
            else "not-imperative"
        )
    if later and later[0] in _FINITE:  # "color is gone"
        return "not-imperative"
    return None if first in EDIT_VERBS or _may_be_verb(first) else "not-imperative"


def same_words(text: str) -> tuple[str, ...]:
    """A key for duplicates: sentences that are equal after tokenization, as the metrics see them, have equal keys.

    Example:
        >>> same_words("Add a hat.") == same_words("add a hat")
        True
    """
    return tuple(token.lower() for token in tokenize_corpus([text])[0])


def _on_one_line(lines: Iterable[str]) -> str:
    """Lines as one, without control characters and needless space."""
    joined = ""
    for line in lines:
        kept = "".join(
            " " if c.isspace() else c for c in line if c.isspace() or unicodedata.category(c)[0] != "C"
        )
        kept = " ".join(kept.split())
        if not kept:
            continue
        anew = kept[0].isupper() or kept[0].isdigit() or _MARKER.match(kept)
        stop = "." if joined and anew and joined[-1].isalnum() else ""
        joined = f"{joined}{stop} {kept}" if joined else kept
    return joined


def _without_quotes(text: str) -> str:
    """The text without one pair of quotes around the whole; a mark after the closing quote stays."""
    for opening, closing in _PAIRS.items():
        if not text.startswith(opening):
            continue
        body = text.rstrip(".,;") if text[-1:] in ".,;" and not text.endswith(closing) else text
        if len(body) < len(opening) + len(closing) or not body.endswith(closing):
            continue
        inside, mark = body[len(opening) : -len(closing)], text[len(body) :]
        if _closes_within(inside, opening, closing):
            continue
        return inside + ("." if "." in mark and inside[-1:] not in ".!?…" else "")
    return text


def _closes_within(inside: str, opening: str, closing: str) -> bool:
    """Whether the quote that opens the text is closed before its end, as in `"A" and "B"`."""
    at = inside.find(closing)
    while at >= 0:
        before, after = inside[at - 1 : at] if at else " ", inside[at + len(closing) :][:1]
        apostrophe = closing in ("'", "’") and before.isalnum() and after.isalnum()
        if not apostrophe:
            # straight quotes do not say which side they are; the first one inside opens if it follows a space
            return (
                not (opening == closing and (before.isspace() or before in "(["))
                and opening not in inside[:at]
            )
        at = inside.find(closing, at + 1)
    return False


def _may_be_verb(word: str) -> bool:
    """Whether a word that is not known may be a verb in the imperative."""
    if word in _NO_COMMAND or word in _PAST or word[0].isdigit():
        return False
    if (word.endswith("ing") and word not in _ING_VERBS) or (word.endswith("ed") and word not in _ED_VERBS):
        return False
    return not (
        word.endswith("s") and (word[:-1] in EDIT_VERBS or word[:-2] in EDIT_VERBS)
    )  # "adds", "touches"
