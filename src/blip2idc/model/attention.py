"""Where a captioner looked when it chose its words: one run to heatmaps on both images.

In: a captioner and pairs. Out: an `Explanation` a pair: the difference, one heatmap for the sentence and one for each
word of the caption. Looking changes nothing: the difference is the one that the captioner gives without it.

A pair that counts as unchanged (its change probability is below the captioner's threshold) has empty maps: there is
nothing to point at, and a map that always points somewhere says nothing. Which method points best is measured, see
`docs/localization.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from blip2idc.difference import Difference, Explanation
from blip2idc.errors import ConfigError
from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImageSource
from blip2idc.model.occlusion import occlusion
from blip2idc.model.relevance import relevance
from blip2idc.model.wording import Spoken, dependence_on_change

if TYPE_CHECKING:
    import numpy.typing as npt

    from blip2idc.model.captioner import DifferenceCaptioner, Pair

METHODS = ("cross_attention", "gradient_cross_attention", "rollout", "occlusion")
"""The mean attention; two gradient-weighted ones; and the slow check by filling in."""

DEFAULT_METHOD = "cross_attention"
"""The one that points best on both worlds with the tiny model, see `docs/localization.md`."""

BATCH_SIZE = 8
"""Pairs explained together; gradients need far more memory than captions."""


def explain(
    captioner: DifferenceCaptioner,
    before: ImageSource,
    after: ImageSource,
    method: str = DEFAULT_METHOD,
    **decoding: Any,
) -> Explanation:
    """Caption one pair and show where the captioner looked.

    Args:
        captioner: The captioner.
        before: Path, bytes, PIL image or array.
        after: Likewise.
        method: One of `METHODS`.
        **decoding: Fields of `Decoding`.

    Raises:
        ConfigError: The method is unknown.
        ModelError: The model shows no attention; the method `occlusion` needs none.
    """
    return next(explain_stream(captioner, [(before, after)], method, **decoding))


def explain_stream(
    captioner: DifferenceCaptioner,
    pairs: Iterable[Pair],
    method: str = DEFAULT_METHOD,
    batch_size: int = BATCH_SIZE,
    *,
    words: bool = True,
    suppress_unchanged: bool = True,
    **decoding: Any,
) -> Iterator[Explanation]:
    """Explain many pairs, in their order.

    Args:
        captioner: The captioner.
        pairs: Opened pairs, or tuples (before, after) of anything that opens; read as they are needed.
        method: One of `METHODS`.
        batch_size: Pairs that go through the model together.
        words: Whether single words get maps too; the sentence alone is several times faster.
        suppress_unchanged: Whether pairs that count as unchanged have empty maps; off to study the maps themselves.
        **decoding: Fields of `Decoding`.
    """
    check_method(method)
    joints = captioner.open_ahead(pairs, ahead=2 * batch_size)
    while batch := list(islice(joints, batch_size)):
        differences = captioner.caption_joints(batch, **decoding)
        yield from explain_joints(
            captioner, batch, differences, method, words=words, suppress_unchanged=suppress_unchanged
        )


def explain_joints(
    captioner: DifferenceCaptioner,
    joints: Sequence[npt.NDArray[np.uint8]],
    differences: Sequence[Difference],
    method: str = DEFAULT_METHOD,
    *,
    words: bool = True,
    suppress_unchanged: bool = True,
) -> list[Explanation]:
    """Explain what was already said of one batch of joint images.

    Args:
        captioner: That said it.
        joints: B joint images of its layout, uint8 [H, W, 3].
        differences: From `DifferenceCaptioner.caption_joints`.
        method: One of `METHODS`.
        words: Whether single words get maps too.
        suppress_unchanged: Whether pairs that count as unchanged have empty maps.
    """
    check_method(method)
    looked = [row for row, said in enumerate(differences) if said.changed or not suppress_unchanged]
    found: dict[int, Explanation] = {}
    if looked:
        part = [joints[row] for row in looked], [differences[row] for row in looked]
        found = dict(zip(looked, _look(captioner, *part, method, words), strict=True))
    return [
        found[row] if row in found else _nothing_to_show(captioner, said, method, words)
        for row, said in enumerate(differences)
    ]


def _look(
    captioner: DifferenceCaptioner,
    joints: Sequence[npt.NDArray[np.uint8]],
    differences: Sequence[Difference],
    method: str,
    words: bool,
) -> Iterator[Explanation]:
    """Explain pairs whatever was said of them."""
    spoken = Spoken.of(captioner.backbone, differences)
    weights = dependence_on_change(captioner, joints, spoken)
    if method == "occlusion":
        found = occlusion(captioner, joints, spoken, weights, words=words)
    else:
        found = relevance(captioner, joints, spoken, weights, method, words=words)
    grid = captioner.layout.grid(captioner.backbone.patch_size)
    cells = torch.cat([found.sentence[:, None], found.by_word], dim=1).cpu().numpy()  # [B, 1 + W, P]
    of_words = (spoken.word_masks() @ weights[..., None])[..., 0].tolist()  # [B][W]
    for row, difference in enumerate(differences):
        said = spoken.words[row]
        wanted = cells[row, : 1 + len(said)].reshape(-1, *grid)
        maps = [PairHeatmap.from_joint(values, captioner.layout) for values in wanted]
        told = tuple(of_words[row][: len(said)])
        yield Explanation(difference, said, maps[0], tuple(maps[1:]), method, told)


def _nothing_to_show(
    captioner: DifferenceCaptioner, difference: Difference, method: str, words: bool
) -> Explanation:
    """Empty maps for a pair that counts as unchanged."""
    grid = captioner.layout.grid(captioner.backbone.patch_size)
    empty = PairHeatmap.from_joint(np.zeros(grid, dtype=np.float32), captioner.layout)
    said = tuple(difference.caption.split())
    return Explanation(difference, said, empty, (empty,) * (len(said) * words), method, (0.0,) * len(said))


def check_method(method: str) -> None:
    """Refuse a method that does not exist.

    Raises:
        ConfigError: It is not among `METHODS`.
    """
    if method not in METHODS:
        raise ConfigError(f"method of explanation is {method!r}; expected one of {', '.join(METHODS)}")
