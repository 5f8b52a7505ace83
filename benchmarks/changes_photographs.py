# ruff: noqa: E501
"""Photographs for measuring `find_changes`: each is disturbed as a whole, and half of them edited in one place.

    python benchmarks/changes_photographs.py --count 400 --json /tmp/p.json      # precision and recall of "changed"
    python benchmarks/changes_photographs.py --count 300 --facts                 # facts, on edits alone

Photographs are those of the package and of scikit-image, or of `--images FOLDER`. Disturbances: JPEG at quality 60 to
95, resizing by 0.5 to 2, cropping up to 10 % of each side, light by up to 10 %. Edits take 1 to 5 % of the area.
"""

from __future__ import annotations

import argparse
import io
import json
import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from changes_truth import box_iou, fact_is_right, fact_is_told, share
from PIL import Image

from blip2idc.images.changes import find_changes
from blip2idc.worlds.edits.photographs import packaged_photographs, photographs_in

Pixels = np.ndarray
SKIMAGE = ("astronaut", "chelsea", "coffee", "rocket", "hubble_deep_field", "retina", "immunohistochemistry")
SMALLEST_SIDE, LARGEST_SIDE = 380, 1400
VISIBLE = 8.0  # levels by which an edit has to change its place on average
SHARE = (0.01, 0.05)
DISTURBANCES = ("none", "jpeg", "resize", "crop", "light", "all")


def photographs(folder: Path | None) -> list[Image.Image]:
    """Photographs, none longer than `LARGEST_SIDE`."""
    if folder:
        images = [Image.open(path).convert("RGB") for path in photographs_in(folder)]
    else:
        from skimage import data

        images = [Image.open(path).convert("RGB") for path in packaged_photographs("test")]
        images += [Image.open(path).convert("RGB") for path in packaged_photographs("train")]
        images += [Image.fromarray(getattr(data, name)()).convert("RGB") for name in SKIMAGE]
    for image in images:
        image.thumbnail((LARGEST_SIDE, LARGEST_SIDE), Image.Resampling.LANCZOS)
    return [image for image in images if min(image.size) >= SMALLEST_SIDE * 0.75]


def spot(
    shape: tuple[int, ...], rng: random.Random, inside: float = 0.12
) -> tuple[np.ndarray, tuple[int, int, int, int]]:
    """A soft ellipse or rectangle of 1 to 5 % of the area: float32 [H, W] in 0..1, and its box.

    Args:
        shape: (H, W, ...).
        rng: Where it is drawn from.
        inside: Share of each side that stays free at the borders, so that a crop does not take it.
    """
    height, width = shape[:2]
    area = rng.uniform(*SHARE) * height * width
    aspect = rng.uniform(0.6, 1.6)
    w, h = int((area * aspect) ** 0.5), int((area / aspect) ** 0.5)
    x = rng.randint(int(inside * width), int((1 - inside) * width) - w)
    y = rng.randint(int(inside * height), int((1 - inside) * height) - h)
    mask = np.zeros((height, width), np.float32)
    if rng.random() < 0.5:
        w, h = int(w * 1.12), int(h * 1.12)
        cv2.ellipse(mask, (x + w // 2, y + h // 2), (w // 2, h // 2), 0, 0, 360, 1.0, -1)
    else:
        mask[y : y + h, x : x + w] = 1
    return cv2.GaussianBlur(mask, (0, 0), 0.8), box_of(mask > 0.5)


def box_of(mask: np.ndarray) -> tuple[int, int, int, int]:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


def mixed(before: Pixels, other: Pixels, mask: np.ndarray) -> Pixels:
    values = before.astype(np.float32)
    return np.clip(np.rint(values + mask[:, :, None] * (other.astype(np.float32) - values)), 0, 255).astype(
        np.uint8
    )


Edit = tuple[Pixels, Pixels, dict[str, Any]]


def paste(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    """Something of another photograph appears, or disappears."""
    mask, box = spot(image.shape, rng)
    other = rng.choice(others)
    x, y, w, h = box
    scale = max(1.0, (w + 12) / other.shape[1], (h + 12) / other.shape[0])
    if scale > 1:
        other = cv2.resize(other, None, fx=scale, fy=scale)
    ox, oy = rng.randint(0, other.shape[1] - w - 8), rng.randint(0, other.shape[0] - h - 8)
    layer = image.copy()
    layer[max(0, y - 4) : y + h + 4, max(0, x - 4) : x + w + 4] = other[oy : oy + h + 8, ox : ox + w + 8][
        : min(h + 8, image.shape[0] - y + 4), : min(w + 8, image.shape[1] - x + 4)
    ]
    after = mixed(image, layer, mask)
    if rng.random() < 0.5:
        return image, after, {"fact": "appeared", "before_box": box, "after_box": box, "values": {}}
    return after, image, {"fact": "disappeared", "before_box": box, "after_box": box, "values": {}}


def erase(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    """A place is filled from its surroundings."""
    mask, box = spot(image.shape, rng)
    filled = cv2.inpaint(image, (mask > 0.02).astype(np.uint8), 5, cv2.INPAINT_TELEA)
    return (
        image,
        mixed(image, filled, mask),
        {"fact": "disappeared", "before_box": box, "after_box": box, "values": {}},
    )


def recolour(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    """A place takes another hue."""
    mask, box = spot(image.shape, rng)
    hsv = cv2.cvtColor(image, cv2.COLOR_RGB2HSV).astype(np.int16)
    hsv[:, :, 0] = (hsv[:, :, 0] + rng.randint(35, 145)) % 180
    hsv[:, :, 1] = np.clip(hsv[:, :, 1] * 1.2 + 50, 0, 255)
    changed = cv2.cvtColor(hsv.astype(np.uint8), cv2.COLOR_HSV2RGB)
    return image, mixed(image, changed, mask), {
        "fact": "recoloured", "before_box": box, "after_box": box, "values": {}
    }  # fmt: skip


def blur(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    mask, box = spot(image.shape, rng)
    soft = mixed(image, cv2.GaussianBlur(image, (0, 0), rng.uniform(2.5, 6)), mask)
    if rng.random() < 0.5:
        return image, soft, {"fact": "blurred", "before_box": box, "after_box": box, "values": {}}
    return soft, image, {"fact": "sharpened", "before_box": box, "after_box": box, "values": {}}


def light(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    mask, box = spot(image.shape, rng)
    factor = rng.choice((0.5, 0.6, 0.7, 1.3, 1.45, 1.6))
    lit = np.clip(image.astype(np.float32) * factor, 0, 255)
    fact = "brighter" if factor > 1 else "darker"
    return image, mixed(image, lit, mask), {"fact": fact, "before_box": box, "after_box": box, "values": {}}


def cover(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    mask, box = spot(image.shape, rng)
    color = np.array([rng.randint(0, 255) for _ in range(3)], np.float32)
    layer = np.broadcast_to(color, image.shape)
    return image, mixed(image, layer, mask), {
        "fact": "covered", "before_box": box, "after_box": box, "values": {}
    }  # fmt: skip


def noise(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    mask, box = spot(image.shape, rng)
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, rng.uniform(18, 40), image.shape)
    return image, mixed(image, np.clip(image + grain, 0, 255), mask), {
        "fact": "noise", "before_box": box, "after_box": box, "values": {}
    }  # fmt: skip


def move(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    """A thing pasted in one place is in another place afterwards."""
    while True:
        mask, (x, y, w, h) = spot(image.shape, rng)
        dx = rng.choice((-1, 1)) * rng.randint(w // 4, image.shape[1] // 3)
        dy = rng.choice((-1, 1)) * rng.randint(0, image.shape[0] // 4)
        if (
            0.1 * image.shape[1] < x + dx < 0.9 * image.shape[1] - w
            and 0.1 * image.shape[0] < y + dy < 0.9 * image.shape[0] - h
        ):
            break
    other = cv2.resize(rng.choice(others), image.shape[1::-1])
    before = mixed(image, other, mask)
    step = np.array([[1.0, 0, dx], [0, 1.0, dy]])
    placed = [cv2.warpAffine(layer, step, image.shape[1::-1]) for layer in (other, mask)]
    after = mixed(image, placed[0], placed[1])
    return before, after, {
        "fact": "moved", "before_box": (x, y, w, h), "after_box": (x + dx, y + dy, w, h), "values": {"dx": dx, "dy": dy}
    }  # fmt: skip


def resize_thing(image: Pixels, others: list[Pixels], rng: random.Random) -> Edit:
    """A thing pasted in is larger or smaller afterwards, about its middle."""
    mask, (x, y, w, h) = spot(image.shape, rng, inside=0.2)
    factor = rng.choice((0.6, 0.7, 0.8, 1.25, 1.4, 1.6))
    other = cv2.resize(rng.choice(others), image.shape[1::-1])
    before = mixed(image, other, mask)
    cx, cy = x + w / 2, y + h / 2
    step = np.array([[factor, 0, cx - factor * cx], [0, factor, cy - factor * cy]])
    flags = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
    placed = [cv2.warpAffine(layer, step, image.shape[1::-1], flags=flags) for layer in (other, mask)]
    after = mixed(image, placed[0], np.clip(placed[1], 0, 1))
    box = (round(cx - w / 2 * factor), round(cy - h / 2 * factor), round(w * factor), round(h * factor))
    return before, after, {
        "fact": "resized", "before_box": (x, y, w, h), "after_box": box, "values": {"factor": factor}
    }  # fmt: skip


EDITS: dict[str, Callable[[Pixels, list[Pixels], random.Random], Edit]] = {
    "paste": paste, "erase": erase, "recolour": recolour, "blur": blur, "light": light, "cover": cover, "noise": noise,
    "move": move, "resize": resize_thing,
}  # fmt: skip


def edited(image: Pixels, others: list[Pixels], kind: str, rng: random.Random) -> Edit | None:
    """An edit that can be seen; None where none of some tries can."""
    for _ in range(12):
        before, after, truth = EDITS[kind](image, others, rng)
        x, y, w, h = truth["before_box"]
        gap = cv2.absdiff(before, after).max(axis=2)[y : y + h, x : x + w]
        if gap.mean() >= VISIBLE:
            return before, after, {"kind": kind, **truth}
    return None


def disturbed(image: Pixels, kind: str, rng: random.Random) -> tuple[Pixels, np.ndarray, dict[str, float]]:
    """A whole photograph after a disturbance, the map (2 x 3) from it to that, and what was drawn."""
    made: dict[str, float] = {}
    matrix = np.eye(3)
    values = image.astype(np.float32)
    height, width = image.shape[:2]
    if kind in ("crop", "all"):
        left, right = (rng.uniform(0, 0.05) * width for _ in range(2))
        top, bottom = (rng.uniform(0, 0.05) * height for _ in range(2))
        x0, y0, x1, y1 = round(left), round(top), round(width - right), round(height - bottom)
        values = values[y0:y1, x0:x1]
        matrix = np.array([[1.0, 0, -x0], [0, 1.0, -y0], [0, 0, 1]]) @ matrix
    if kind in ("light", "all"):
        made["gain"] = rng.uniform(0.9, 1.1)
        values = values * made["gain"]
    result = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    if kind in ("resize", "all"):
        made["factor"] = 2 ** rng.uniform(-1, 1)
        size = (round(result.shape[1] * made["factor"]), round(result.shape[0] * made["factor"]))
        resample = rng.choice((Image.Resampling.BICUBIC, Image.Resampling.LANCZOS, Image.Resampling.BILINEAR))
        fx, fy = size[0] / result.shape[1], size[1] / result.shape[0]
        matrix = np.array([[fx, 0, 0.5 * fx - 0.5], [0, fy, 0.5 * fy - 0.5], [0, 0, 1]]) @ matrix
        result = np.asarray(Image.fromarray(result).resize(size, resample))
    if kind != "none":
        made["quality"] = rng.randint(60, 95)
        buffer = io.BytesIO()
        Image.fromarray(result).save(buffer, "JPEG", quality=int(made["quality"]))
        result = np.asarray(Image.open(buffer))
    return result, matrix[:2], made


def mapped(box: Any, matrix: np.ndarray) -> tuple[float, float, float, float]:
    x, y, w, h = box
    left, top = matrix @ (x, y, 1)
    right, bottom = matrix @ (x + w, y + h, 1)
    return float(left), float(top), float(right - left), float(bottom - top)


def measure(number: int, images: list[Pixels], options: argparse.Namespace) -> dict[str, Any] | None:
    rng = random.Random(options.seed * 1_000_003 + number)
    image = images[number % len(images)]
    others = [other for other in images if other is not image]
    kinds = list(EDITS)
    disturbance = "none" if options.facts else DISTURBANCES[1 + (number // 2) % (len(DISTURBANCES) - 1)]
    real = options.facts or number % 2 == 0
    truth: dict[str, Any] = {
        "kind": "none",
        "fact": None,
        "before_box": None,
        "after_box": None,
        "values": {},
    }
    before = after = image
    if real:
        made = edited(image, others, kinds[rng.randrange(len(kinds))], rng)
        if made is None:
            return None
        before, after, truth = made
    after, matrix, drawn = disturbed(after, disturbance, rng)
    if truth["after_box"]:
        truth["after_box"] = mapped(truth["after_box"], matrix)
    found = find_changes(before, after)
    boxes = [
        min((box_iou(a, b) for a, b in ((c.before_box, truth["before_box"]), (c.after_box, truth["after_box"]))))
        for c in found.changes
    ] if real else []  # fmt: skip
    outcome = {
        "number": number, "kind": truth["kind"], "disturbance": disturbance, "real": real, "drawn": drawn,
        "flagged": found.judgement == "compact", "judgement": found.judgement, "alignment": found.alignment.kind,
        "iou": max(boxes, default=0.0), "boxes": len(found.changes), "facts": [fact.to_dict() for c in found.changes for fact in c.facts],
        "right": sum(fact_is_right(fact, truth) for c in found.changes for fact in c.facts),
        "fact": fact_is_told(found, truth), "true": truth["fact"], "strength": max((c.strength for c in found.changes), default=0),
    }  # fmt: skip
    if options.verbose and (
        outcome["flagged"] != real
        or (options.facts and (not outcome["fact"] or outcome["right"] < len(outcome["facts"])))
    ):
        print(outcome, flush=True)
        for change in found.changes[:3]:
            print(
                "      ",
                change.before_box,
                change.after_box,
                change.sentence,
                round(change.strength, 2),
                change.pixels,
                truth["before_box"],
            )
    return outcome


def summary(outcomes: list[dict[str, Any]]) -> dict[str, Any]:
    def counts(items: list[dict[str, Any]]) -> dict[str, Any]:
        real = [item for item in items if item["real"]]
        hits, alarms = (
            sum(item["flagged"] for item in real),
            sum(item["flagged"] for item in items if not item["real"]),
        )
        told = sum(len(item["facts"]) for item in items)
        return {
            "pairs": len(items), "edited": len(real), "recall": round(hits / max(1, len(real)), 4),
            "false_alarms": alarms, "precision": round(hits / max(1, hits + alarms), 4),
            "box_iou_over_half": share(item["iou"] > 0.5 for item in real), "one_change": share(item["boxes"] == 1 for item in real),
            "facts_told": told, "facts_right": round(sum(item["right"] for item in items) / max(1, told), 4),
            "with_fact": share(bool(item["facts"]) for item in real),
        }  # fmt: skip

    groups: dict[str, dict[str, list[dict[str, Any]]]] = {
        "disturbance": defaultdict(list),
        "kind": defaultdict(list),
    }
    for item in outcomes:
        for name, group in groups.items():
            group[item[name]].append(item)
    return {"all": counts(outcomes)} | {
        name: {key: counts(items) for key, items in sorted(group.items())} for name, group in groups.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--images", type=Path, default=None)
    parser.add_argument("--facts", action="store_true")
    parser.add_argument("--json", type=Path, default=None)
    parser.add_argument("--verbose", action="store_true")
    options = parser.parse_args()
    images = [np.asarray(image) for image in photographs(options.images)]
    outcomes = [made for number in range(options.count) if (made := measure(number, images, options))]
    result = summary(outcomes)
    print(json.dumps(result, indent=1))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
