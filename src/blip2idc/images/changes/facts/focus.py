"""The same picture less sharp, sharper, or with grain: `blurred`, `sharpened`, `noise`."""

from __future__ import annotations

import cv2
import numpy as np

from blip2idc.images.changes.facts.patch import Patch, inner_of, luma_of
from blip2idc.images.changes.result import Fact

_SIGMAS = (0.8, 1.2, 1.6, 2.0, 2.5, 3.0, 4.0, 5.0, 6.5)  # blurs that are tried, pixels


def focus(patch: Patch) -> Fact | None:
    """`blurred` where a blur of before is after, `sharpened` where it is the other way round."""
    inner = inner_of(patch.mask)
    if inner is None:
        return None
    one, other = luma_of(patch.before), luma_of(patch.after)
    if _is_blur(one, other, inner):
        return Fact("blurred")
    if _is_blur(other, one, inner):
        return Fact("sharpened")
    return None


def _is_blur(sharp: np.ndarray, soft: np.ndarray, mask: np.ndarray) -> bool:
    gap = float(np.square(soft - sharp)[mask].sum())
    details = [float(np.abs(cv2.Laplacian(image, cv2.CV_32F))[mask].mean()) for image in (sharp, soft)]
    if details[0] < 1.3 * details[1] or details[0] < 2:
        return False
    varied = float(np.square(soft[mask] - soft[mask].mean()).sum())
    left = min(
        float(np.square(soft - cv2.GaussianBlur(sharp, (0, 0), sigma))[mask].sum()) for sigma in _SIGMAS
    )
    return bool(left < 0.15 * min(gap, varied))


def grain(patch: Patch) -> Fact | None:
    """`noise` where what was added has no shape and no relation to what was there."""
    inner = inner_of(patch.mask)
    if inner is None:
        return None
    gap = luma_of(patch.after) - luma_of(patch.before)
    spread = float(gap[inner].std())
    smooth = cv2.GaussianBlur(gap, (0, 0), 2.0)
    if (
        spread < 4
        or float(smooth[inner].std()) > 0.33 * spread
        or abs(float(gap[inner].mean())) > 0.45 * spread
    ):
        return None
    before = luma_of(patch.before)
    detail = before - cv2.GaussianBlur(before, (0, 0), 1.5)
    if detail[inner].std() > 0.5 and abs(float(np.corrcoef(detail[inner], gap[inner])[0, 1])) > 0.25:
        return None
    neighbours = float(np.corrcoef(gap[:, 1:][inner[:, 1:]], gap[:, :-1][inner[:, 1:]])[0, 1])
    return Fact("noise") if neighbours < 0.3 else None
