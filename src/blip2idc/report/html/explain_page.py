"""The page of one pair: what changed, where the captioner looked, and with what it was made.

In: an `ExplainedPair` and a run record. Out: one self-contained HTML document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair
from blip2idc.images.pixels import Region
from blip2idc.report.html.page import flat_facts, picture_uri, render
from blip2idc.report.pictures.overlay import pair_layers
from blip2idc.report.pictures.regions import heatmap_regions

_TELLING = 0.1  # share of the strongest word's weight below which a word's own map means little


@dataclass(frozen=True, eq=False)
class ExplainedPair:
    """A pair, what was said of it, and where the captioner looked.

    Attributes:
        pair: Both images.
        names: How to call them.
        caption: One sentence.
        change_probability: 0 to 1.
        changed: The verdict.
        words: Of the caption, in order.
        sentence: The map of the whole sentence.
        by_word: One map a word.
        method: How the maps were made.
        files: Facts of the two files, from `file_facts`.
        word_weights: How much each word owes to the change; empty where unknown.
    """

    pair: ImagePair
    names: tuple[str, str]
    caption: str
    change_probability: float
    changed: bool
    words: tuple[str, ...]
    sentence: PairHeatmap
    by_word: tuple[PairHeatmap, ...]
    method: str
    files: Sequence[Mapping[str, Any]] = field(default=())
    word_weights: Sequence[float] = ()

    @property
    def telling(self) -> list[bool]:
        """Which words owe something to the change; all of them where that is unknown."""
        strongest = max(self.word_weights, default=0.0)
        if strongest <= 0:
            return [True] * len(self.words)
        return [weight >= _TELLING * strongest for weight in self.word_weights]


def explain_page(explained: ExplainedPair, run: Mapping[str, Any]) -> str:
    """Write the page.

    Args:
        explained: What to show.
        run: Run record, with `model` and `adapter`.
    """
    pair = explained.pair
    boxes = heatmap_regions(explained.sentence, pair.before.size, pair.after.size)
    return render(
        "explain.html",
        title=explained.caption,
        explained=explained,
        pictures=[
            _picture(role, name, image, regions)
            for role, name, image, regions in zip(
                ("before", "after"), explained.names, (pair.before, pair.after), boxes, strict=True
            )
        ],
        layers=[_layers(heatmap, pair) for heatmap in (explained.sentence, *explained.by_word)],
        facts=flat_facts(run),
    )


def _picture(role: str, name: str, image: Any, regions: Sequence[Region]) -> dict[str, Any]:
    return {
        "role": role,
        "name": name,
        "width": image.width,
        "height": image.height,
        "uri": picture_uri(image),
        "regions": regions,
    }


def _layers(heatmap: PairHeatmap, pair: ImagePair) -> list[str]:
    """Addresses of the layers of both images."""
    return [picture_uri(layer) for layer in pair_layers(heatmap, pair)]
