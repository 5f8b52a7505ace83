"""A contact sheet: pairs of images with what was said of them, as one picture.

In: opened pairs with caption, change probability and changes. Out: a PIL image, cards in columns, each with the image
before, the image after, boxes around what was found in parts of them, the caption and a bar for the change probability.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from blip2idc.difference import Difference
from blip2idc.images.changes.result import Box
from blip2idc.images.pair import ImagePair

_PAPER, _CARD, _INK, _FAINT = (238, 240, 243), (255, 255, 255), (28, 32, 40), (118, 126, 140)
_CHANGED, _SAME, _TRACK = (196, 74, 44), (52, 128, 92), (226, 229, 234)
_PICTURE = (264, 160)  # largest size of one image on a card
_MARGIN, _GAP, _LINE = 18, 10, 24
_ROOM = 4  # pixels between what is boxed and its box


@dataclass(frozen=True)
class Card:
    """One pair and what was said of it; `note` is a line in small print, such as where the pair is from."""

    pair: ImagePair
    difference: Difference
    note: str = ""


def contact_sheet(cards: Sequence[Card], title: str, columns: int = 3) -> Image.Image:
    """Draw cards in columns under a title.

    Args:
        cards: At least one.
        title: First line of the sheet.
        columns: Cards a row.

    Returns:
        An RGB image, about 580 pixels wide a column.
    """
    card_width = 2 * _PICTURE[0] + _GAP + 2 * _MARGIN
    card_height = _PICTURE[1] + 4 * _LINE + 2 * _MARGIN
    rows = math.ceil(len(cards) / columns)
    width = columns * card_width + (columns + 1) * _MARGIN
    top = 3 * _MARGIN + _LINE
    sheet = Image.new("RGB", (width, top + rows * (card_height + _MARGIN)), _PAPER)
    ImageDraw.Draw(sheet).text((2 * _MARGIN, _MARGIN + 4), title, fill=_INK, font=_font(24))
    for index, card in enumerate(cards):
        row, column = divmod(index, columns)
        place = (_MARGIN + column * (card_width + _MARGIN), top + row * (card_height + _MARGIN))
        sheet.paste(_draw_card(card, card_width, card_height), place)
    return sheet


def _draw_card(card: Card, width: int, height: int) -> Image.Image:
    image = Image.new("RGB", (width, height), _CARD)
    draw = ImageDraw.Draw(image)
    pictures = (card.pair.before, card.pair.after)
    changes = card.difference.changes
    boxes = ([change.before_box for change in changes], [change.after_box for change in changes])
    for k, (picture, found, word) in enumerate(zip(pictures, boxes, ("before", "after"), strict=True)):
        left = _MARGIN + k * (_PICTURE[0] + _GAP)
        draw.text((left, 8), word, fill=_FAINT, font=_font(13))
        image.paste(_fitted(picture, [box for box in found if box]), (left, _MARGIN + 10))
    y = _MARGIN + 10 + _PICTURE[1] + 10
    for line in _wrapped(card.difference.caption, _font(18), width - 2 * _MARGIN)[:2]:
        draw.text((_MARGIN, y), line, fill=_INK, font=_font(18))
        y += _LINE
    _draw_bar(draw, card, height - _MARGIN - 14, width)
    return image


def _draw_bar(draw: ImageDraw.ImageDraw, card: Card, y: int, width: int) -> None:
    """The change probability as words and as a bar."""
    said = card.difference
    color = _CHANGED if said.changed else _SAME
    words = (
        f"{'changed' if said.changed else 'no change'}: probability of change {said.change_probability:.0%}"
    )
    draw.text((_MARGIN, y - 6), words, fill=color, font=_font(14))
    left, right = _MARGIN + 252, _MARGIN + 362
    draw.rounded_rectangle((left, y, right, y + 8), 4, fill=_TRACK)
    end = left + round((right - left) * said.change_probability)
    if end - left >= 8:
        draw.rounded_rectangle((left, y, end, y + 8), 4, fill=color)
    if card.note:
        font = _font(12)
        draw.text((width - _MARGIN - font.getlength(card.note), y - 4), card.note, fill=_FAINT, font=font)


def _fitted(picture: Image.Image, boxes: Sequence[Box]) -> Image.Image:
    """The picture at the size of its place, with its aspect kept, on a pale ground; boxes smaller than it drawn in."""
    place = Image.new("RGB", _PICTURE, _PAPER)
    scale = min(_PICTURE[0] / picture.width, _PICTURE[1] / picture.height)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    shown = picture.resize(size, Image.Resampling.LANCZOS)
    draw = ImageDraw.Draw(shown)
    for x, y, width, height in (box for box in boxes if box[2:] != picture.size):
        corners = (
            scale * x - _ROOM,
            scale * y - _ROOM,
            scale * (x + width) + _ROOM,
            scale * (y + height) + _ROOM,
        )
        draw.rectangle(corners, outline=_CHANGED, width=2)
    place.paste(shown, ((_PICTURE[0] - size[0]) // 2, (_PICTURE[1] - size[1]) // 2))
    return place


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: int) -> list[str]:
    """Lines of whole words that fit into a width in pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)
