"""From a data set and its predictions to the entries of the gallery page.

In: a manifest, what was predicted by id, scores by metric and id, a folder of heatmaps. Out: `GalleryEntry` objects,
pictures made small one pair at a time, so that hundreds of pairs need the memory of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from blip2idc.data.records import NO_CHANGE, Manifest, PairRecord
from blip2idc.images.heatmap import PairHeatmap, heatmap_path
from blip2idc.images.pair import MAX_PIXELS, ImagePair
from blip2idc.report.html.gallery_page import GalleryEntry, same_words
from blip2idc.report.html.page import fit, picture_uri, thumbnail_uri
from blip2idc.report.pictures.overlay import pair_layers

CHANGED = 0.5  # change probability from which on a prediction counts as "changed"
_HEAT_SIDE = 48  # pixels of a layer's longer side; thumbnails need no more


@dataclass(frozen=True)
class Predicted:
    """What was predicted for the pairs of a data set.

    Attributes:
        captions: By id.
        probabilities: Of change, by id, where known.
        scores: By metric, then by id; higher is better.
        heatmaps: Folder of heatmaps; None for none.
    """

    captions: Mapping[str, str]
    probabilities: Mapping[str, float] = field(default_factory=dict)
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    heatmaps: Path | None = None


def choose_records(records: Sequence[PairRecord], predicted: Predicted, limit: int) -> list[PairRecord]:
    """The predicted records, in their order; of more than `limit`, as many of the worst as of the best.

    Worst and best are told by the first metric; without one the first records are taken.
    """
    known = [record for record in records if record.id in predicted.captions]
    if len(known) <= limit:
        return known
    ranking = list(known)
    for by_id in list(predicted.scores.values())[:1]:
        ranking.sort(key=lambda record: by_id.get(record.id, 0.0))
        ranking = ranking[: limit // 2] + ranking[len(ranking) - (limit - limit // 2) :]
    kept = {record.id for record in ranking[:limit]}
    return [record for record in known if record.id in kept]


def gallery_entries(
    manifest: Manifest, records: Sequence[PairRecord], predicted: Predicted, max_pixels: int = MAX_PIXELS
) -> Iterator[GalleryEntry]:
    """Make the entry of each record, whose images have at most `max_pixels`.

    Raises:
        ImageError: An image of the data set cannot be used.
        InputError: A heatmap file is missing or something else.
    """
    for record in records:
        pair = ImagePair.open(*manifest.paths(record), max_pixels=max_pixels)
        yield _entry(record, pair, predicted)


def _entry(record: PairRecord, pair: ImagePair, predicted: Predicted) -> GalleryEntry:
    caption = predicted.captions[record.id]
    probability = predicted.probabilities.get(record.id)
    scores = {name: by_id[record.id] for name, by_id in predicted.scores.items() if record.id in by_id}
    return GalleryEntry(
        id=record.id,
        thumbnails=(thumbnail_uri(pair.before), thumbnail_uri(pair.after)),
        sizes=(pair.before.size, pair.after.size),
        caption=caption,
        references=record.references,
        kind=record.kind,
        change_probability=probability,
        exact=same_words(caption, record.references),
        verdict_right=_verdict_right(record, probability),
        scores=scores,
        heat=_heat(record, pair, predicted.heatmaps),
    )


def _verdict_right(record: PairRecord, probability: float | None) -> bool | None:
    if record.kind is None or probability is None:
        return None
    return (probability >= CHANGED) == (record.kind != NO_CHANGE)


def _heat(record: PairRecord, pair: ImagePair, folder: Path | None) -> tuple[str, str] | None:
    if folder is None:
        return None
    layers: tuple[Image.Image, Image.Image] = pair_layers(
        PairHeatmap.load(heatmap_path(folder, record.id)), pair
    )
    before, after = (picture_uri(fit(layer, _HEAT_SIDE)) for layer in layers)
    return before, after
