"""The page of one pair: what changed, where the captioner looked, and with what it was made.

In: an `Explanation`, the pair and a run record. Out: one self-contained HTML document.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from blip2idc.difference import Explanation
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair
from blip2idc.images.pixels import Region
from blip2idc.report.html.page import flat_facts, picture_uri, render
from blip2idc.report.pictures.overlay import pair_layers
from blip2idc.report.pictures.regions import heatmap_regions


def explain_page(
    explanation: Explanation,
    pair: ImagePair,
    names: tuple[str, str],
    run: Mapping[str, Any],
    files: Sequence[Mapping[str, Any]] = (),
) -> str:
    """Write the page.

    Args:
        explanation: What was said of the pair, and where the captioner looked.
        pair: Both images.
        names: How to call them.
        run: Run record, with `model` and `adapter`.
        files: Facts of the two files, from `file_facts`.
    """
    changes = explanation.difference.changes
    boxes: Sequence[Sequence[Region]] = heatmap_regions(
        explanation.sentence, pair.before.size, pair.after.size
    )
    if changes:
        boxes = [
            [box for box in places if box]
            for places in ([one.before_box for one in changes], [one.after_box for one in changes])
        ]
    return render(
        "explain.html",
        title=explanation.difference.caption,
        by_word=" ".join(explanation.words) == explanation.difference.caption,
        explanation=explanation,
        difference=explanation.difference,
        method=explanation.method.replace("_", " "),
        files=files,
        pictures=[
            _picture(role, name, image, regions)
            for role, name, image, regions in zip(
                ("before", "after"), names, (pair.before, pair.after), boxes, strict=True
            )
        ],
        layers=[_layers(heatmap, pair) for heatmap in (explanation.sentence, *explanation.by_word)],
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
