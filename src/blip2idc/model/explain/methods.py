"""Where a captioner looked when it chose its words: every method, one batch to heatmaps on both images.

In: encoded joint images and what the captioner said of them. Out: an `Explanation` a pair: the difference, one heatmap
for the sentence and one for each word of it. Looking changes nothing that was said.

A pair that counts as unchanged (its change probability is below the captioner's threshold) has empty maps: there is
nothing to point at, and a map that always points somewhere says nothing. Which method points best is measured, see
`docs/localization.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ModelError
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.model.explain.choice import ATTENTION_METHODS, DEFAULT_METHOD, check_method
from blip2idc.model.explain.gradient import gradient
from blip2idc.model.explain.occlusion import occlusion
from blip2idc.model.explain.relevance import relevance
from blip2idc.model.explain.token_scores import CaptionTokens, dependence_on_change
from blip2idc.model.joint_model import Encoded, JointModel


def explain_encoded(
    model: JointModel,
    encoded: Encoded,
    differences: Sequence[Difference],
    method: str = DEFAULT_METHOD,
    *,
    words: bool = True,
    suppress_unchanged: bool = True,
    roughly: bool = False,
) -> list[Explanation]:
    """Explain what was already said of one batch of joint images.

    Args:
        model: That said it.
        encoded: B joint images, as they were encoded for the captions.
        differences: What was said of them, with tokens.
        method: One of `METHODS`.
        words: Whether single words get maps too; the sentence alone is several times faster.
        suppress_unchanged: Whether pairs that count as unchanged have empty maps; off to study the maps themselves.
        roughly: Whether a box is all that is wanted of the map, see `token_scores.dependence_on_change`.

    Raises:
        ConfigError: The method is unknown.
        ModelError: The model shows no attention; the method `occlusion` needs none.
    """
    check_method(method)
    if method in ATTENTION_METHODS and not model.backbone.cross_attention:
        raise ModelError(
            f"method of explanation {method}: the vision encoder of '{model.backbone.source.name}' is not read by"
            " cross-attention, so there is none to show; use the method gradient or occlusion"
        )
    looked = [row for row, said in enumerate(differences) if said.changed or not suppress_unchanged]
    found: dict[int, Explanation] = {}
    if looked:
        part = encoded.rows(looked), [differences[row] for row in looked]
        found = dict(zip(looked, _look(model, *part, method, words, roughly), strict=True))
    return [
        found[row] if row in found else _nothing_to_show(model, said, method, words)
        for row, said in enumerate(differences)
    ]


def _look(
    model: JointModel,
    encoded: Encoded,
    differences: Sequence[Difference],
    method: str,
    words: bool,
    roughly: bool,
) -> Iterator[Explanation]:
    """Explain pairs whatever was said of them."""
    spoken = CaptionTokens.of(model.backbone, [difference.tokens for difference in differences])
    weights = dependence_on_change(model, encoded, spoken, roughly=roughly)
    if method == "occlusion":
        found = occlusion(model, encoded, spoken, weights, words=words)
    elif method == "gradient":
        found = gradient(model, encoded, spoken, weights, words=words)
    else:
        found = relevance(model, encoded, spoken, weights, method, words=words)
    cells = torch.cat([found.sentence[:, None], found.by_word], dim=1).cpu().numpy()  # [B, 1 + W, P]
    of_words = (spoken.word_masks() @ weights[..., None])[..., 0].tolist()  # [B][W]
    for row, difference in enumerate(differences):
        said = spoken.words[row]
        wanted = cells[row, : 1 + len(said)].reshape(-1, *model.cells)
        maps = [PairHeatmap.from_joint(values, model.layout) for values in wanted]
        told = tuple(of_words[row][: len(said)])
        yield Explanation(difference, said, maps[0], tuple(maps[1:]), method, told)


def _nothing_to_show(model: JointModel, difference: Difference, method: str, words: bool) -> Explanation:
    """Empty maps for a pair that counts as unchanged."""
    empty = PairHeatmap.from_joint(np.zeros(model.cells, dtype=np.float32), model.layout)
    (said,) = CaptionTokens.of(model.backbone, [difference.tokens]).words
    return Explanation(difference, said, empty, (empty,) * (len(said) * words), method, (0.0,) * len(said))
