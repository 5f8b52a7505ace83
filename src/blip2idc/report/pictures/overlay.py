"""Heat on pictures: a heatmap as a transparent layer, and boxes drawn around regions.

In: a `PairHeatmap` and the sizes of its images. Out: RGBA layers that lie over the images, so that a page can fade
them, or pictures with everything painted in, for thumbnails and the web demo.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from blip2idc.images.heatmap import PairHeatmap
from blip2idc.images.pair import ImagePair
from blip2idc.images.pixels import Region

_WEAK, _STRONG = (255, 190, 40), (214, 20, 70)  # amber to crimson: apart in hue and in lightness
_OPAQUE = 0.82  # alpha of the strongest cell; the picture stays visible below it
_BOX, _BOX_EDGE = (255, 255, 255), (20, 24, 32)  # white on dark stands out from any picture
_LAYER_SIDE = 168  # pixels of a layer's longer side; a page stretches it over the image


def heat_layer(strength: npt.NDArray[np.float32]) -> Image.Image:
    """Turn strengths into a transparent layer.

    Args:
        strength: [height, width], 0 (fully transparent) to 1.

    Returns:
        RGBA image of that size.
    """
    strong = np.clip(strength, 0, 1)[..., None]
    colour = np.array(_WEAK) * (1 - strong) + np.array(_STRONG) * strong
    layer = np.concatenate([colour, 255 * _OPAQUE * strong], axis=2)
    return Image.fromarray(np.rint(layer).astype(np.uint8))


def pair_layers(heatmap: PairHeatmap, pair: ImagePair) -> tuple[Image.Image, Image.Image]:
    """Small layers for both images of a pair, with their aspect, on one scale."""
    before, after = heatmap.resized(_layer_size(pair.before), _layer_size(pair.after))
    return heat_layer(before), heat_layer(after)


def painted(
    pair: ImagePair,
    heatmap: PairHeatmap | None,
    regions: tuple[Sequence[Region], Sequence[Region]] = ((), ()),
) -> tuple[Image.Image, Image.Image]:
    """Both images with heat and boxes painted in, RGB, in their own sizes.

    Args:
        pair: The images; left as they are.
        heatmap: Where the captioner looked; None for no heat.
        regions: Boxes on the image before and on the image after.
    """
    images = [pair.before.copy(), pair.after.copy()]
    if heatmap is not None:
        maps = heatmap.resized(*((image.height, image.width) for image in images))
        for image, strength in zip(images, maps, strict=True):
            layer = heat_layer(strength)
            image.paste(layer.convert("RGB"), mask=layer.getchannel("A"))
    for image, boxes in zip(images, regions, strict=True):
        draw_boxes(image, boxes)
    return images[0], images[1]


def draw_boxes(image: Image.Image, regions: Sequence[Region]) -> None:
    """Draw boxes into an RGB image, a white line between two dark ones."""
    line = max(1, round(max(image.size) / 300))
    draw = ImageDraw.Draw(image)
    for x, y, width, height in regions:
        for inset, colour in ((0, _BOX_EDGE), (line, _BOX), (2 * line, _BOX_EDGE)):
            corners = (x + inset, y + inset, x + width - 1 - inset, y + height - 1 - inset)
            if corners[2] > corners[0] and corners[3] > corners[1]:
                draw.rectangle(corners, outline=colour, width=line)


def _layer_size(image: Image.Image) -> tuple[int, int]:
    """(height, width) of the layer of an image."""
    scale = _LAYER_SIDE / max(image.size)
    return max(1, round(image.height * scale)), max(1, round(image.width * scale))
