"""Where a captioner looked when it chose its words: one run to heatmaps on both images.

In: a captioner and pairs. Out: an `Explanation` a pair: the difference, one heatmap for the sentence and one for each
word of the caption.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImageSource
from blip2idc.model.captioner import BATCH_SIZE, Difference, DifferenceCaptioner, Pair

METHODS = ("cross_attention", "gradient_cross_attention", "rollout", "occlusion")
DEFAULT_METHOD = "gradient_cross_attention"


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a captioner said of a pair, and where it looked.

    Attributes:
        difference: Caption, change probability, changed.
        words: Of the caption, in order; `" ".join(words)` is the caption.
        sentence: The map of the whole sentence; empty where the pair counts as unchanged.
        by_word: One map a word.
        method: One of `METHODS`.
    """

    difference: Difference
    words: tuple[str, ...]
    sentence: PairHeatmap
    by_word: tuple[PairHeatmap, ...]
    method: str


def explain(
    captioner: DifferenceCaptioner, before: ImageSource, after: ImageSource, method: str = DEFAULT_METHOD
) -> Explanation:
    """Caption one pair and show where the captioner looked."""
    return next(explain_stream(captioner, [(before, after)], method))


def explain_stream(
    captioner: DifferenceCaptioner,
    pairs: Iterable[Pair],
    method: str = DEFAULT_METHOD,
    batch_size: int = BATCH_SIZE,
    *,
    words: bool = True,
) -> Iterator[Explanation]:
    """Explain many pairs, in their order; `words=False` leaves the maps of single words out."""
    raise NotImplementedError
