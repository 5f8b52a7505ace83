"""What is said of a pair: plain data that every output tells, from the model to the page, without torch.

`Difference` is the whole answer, `Change` one place in which the two images differ, `Explanation` where the captioner
looked when it chose its words. Each has one `to_dict`, which alone rounds.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blip2idc.errors import ModelError
from blip2idc.images.changes.result import AlignmentKind, Box, Fact
from blip2idc.images.heatmap import PairHeatmap

_PROBABILITY_DIGITS = 6
_TELLING = 0.1  # share of the strongest word's weight below which a word's own map means little


def _stated(confidence: float | None) -> dict[str, float]:
    return {} if confidence is None else {"confidence": round(confidence, _PROBABILITY_DIGITS)}


@dataclass(frozen=True)
class Change:
    """One place in which the two images differ.

    Attributes:
        before_box: (x, y, width, height) in pixels of the upright image before; None where the thing is absent.
        after_box: Likewise in the image after.
        kind: As the worlds that teach it call it (`add`, `color`, `text`, ...), or `region` where that is not known.
        caption: One sentence about this place alone.
        probability: How probable it is that something changed here, in 0..1.
        facts: What was measured and is sure, most telling first.
        before_text: What was written here before; None where it was not read.
        after_text: Likewise after.
        place: Where in the whole image, such as `in the top right`.
        confidence: How probable it is that the sentence is right, in 0..1; None where the captioner states none.
    """

    before_box: Box | None
    after_box: Box | None
    kind: str
    caption: str
    probability: float
    facts: tuple[Fact, ...] = ()
    before_text: str | None = None
    after_text: str | None = None
    place: str = ""
    confidence: float | None = None

    def in_words(self) -> str:
        """One line: the sentence, and where.

        >>> Change(None, (2, 3, 10, 5), "add", "a cube was added", 0.98).in_words()
        'a cube was added (after: 10x5 at 2,3)'
        """
        boxes = {"before": self.before_box, "after": self.after_box}
        if self.before_box == self.after_box:
            boxes = {"": self.after_box}
        places = [
            f"{role}{': ' * bool(role)}{width}x{height} at {x},{y}"
            for role, box in boxes.items()
            if box is not None
            for x, y, width, height in [box]
        ]
        return f"{self.caption} ({'; '.join(places)})"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values.

        >>> Change((2, 3, 10, 5), None, "drop", "the cube is gone", 0.98765432).to_dict()["before_box"]
        [2, 3, 10, 5]
        """
        return {
            "before_box": list(self.before_box) if self.before_box else None,
            "after_box": list(self.after_box) if self.after_box else None,
            "kind": self.kind,
            "caption": self.caption,
            "probability": round(self.probability, _PROBABILITY_DIGITS),
            "before_text": self.before_text,
            "after_text": self.after_text,
            "place": self.place,
            "facts": [fact.to_dict() for fact in self.facts],
            **_stated(self.confidence),
        }


@dataclass(frozen=True)
class Difference:
    """What a captioner says about a pair.

    Attributes:
        caption: One sentence.
        change_probability: How probable it is that anything changed, in 0..1.
        changed: The verdict: whether that reaches the captioner's threshold.
        changes: The places that changed, the most telling first; empty where nothing did or nobody looked.
        alignment: How the two images lie on each other; None where only the whole was looked at.
        tokens: Ids of the tokens of the sentence about the whole, without special tokens at either end.
        confidence: How probable it is that the sentence is right, in 0..1; None where the captioner states none.
    """

    caption: str
    change_probability: float
    changed: bool
    changes: tuple[Change, ...] = ()
    alignment: AlignmentKind | None = None
    tokens: tuple[int, ...] = field(default=(), repr=False, compare=False)
    confidence: float | None = None
    _look: Callable[[str | None], Explanation] | None = field(default=None, repr=False, compare=False)

    def heatmaps(self, method: str | None = None) -> Explanation:
        """Where the captioner looked: a heatmap for the sentence and one for each word, computed when asked for.

        Args:
            method: One of `blip2idc.model.explain.choice.METHODS`; None for the default.

        Raises:
            ModelError: The difference comes from a stream, which keeps no images.
        """
        if self._look is None:
            raise ModelError(
                "heatmaps: a difference from a stream keeps no images to look at again; use explain_stream of the"
                " captioner for many pairs, or call the captioner with this one"
            )
        return self._look(method)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; `changes` and `alignment` only where the pair was looked at closely.

        >>> Difference("nothing has changed", 0.0123456789, False).to_dict()
        {'caption': 'nothing has changed', 'change_probability': 0.012346, 'changed': False}
        """
        values: dict[str, Any] = {
            "caption": self.caption,
            "change_probability": round(self.change_probability, _PROBABILITY_DIGITS),
            "changed": self.changed,
            **_stated(self.confidence),
        }
        if self.alignment is not None:
            values["changes"] = [change.to_dict() for change in self.changes]
            values["alignment"] = self.alignment
        return values


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a captioner said of a pair, and where it looked.

    Example::

        explanation = captioner("before.png", "after.png").heatmaps()
        explanation.sentence.before  # float32 [rows, columns]
        dict(zip(explanation.words, explanation.by_word, strict=True))

    Attributes:
        difference: Caption, change probability, verdict, changes.
        words: Of the sentence about the whole, in order.
        sentence: The map of the whole sentence; empty where the pair counts as unchanged.
        by_word: One map a word, each on its own scale; none where words were not asked for.
        method: One of `blip2idc.model.explain.choice.METHODS`.
        word_weights: How much each word owes to the change, in nats: how much likelier it is for this pair than for
            one image twice. Near 0 for function words, whose maps mean little; 0 for pairs that count as unchanged.
    """

    difference: Difference
    words: tuple[str, ...]
    sentence: PairHeatmap
    by_word: tuple[PairHeatmap, ...]
    method: str
    word_weights: tuple[float, ...] = ()

    @property
    def telling(self) -> list[bool]:
        """Which words owe something to the change; all of them where that is unknown."""
        strongest = max(self.word_weights, default=0.0)
        if strongest <= 0:
            return [True] * len(self.words)
        return [weight >= _TELLING * strongest for weight in self.word_weights]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values: the difference, the words and the method; maps are saved by `PairHeatmap.save`."""
        return {**self.difference.to_dict(), "words": list(self.words), "method": self.method}
