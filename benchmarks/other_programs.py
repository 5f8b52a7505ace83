# ruff: noqa: E501
"""Edits made by other programs than this package: Pillow's own operations, OpenCV, ImageMagick, GIMP in batch mode.

`RECIPES` lists for every kind the ways in which it is made, each with strengths of its own; `make` performs them.
ImageMagick's program is `convert-im6.q16` or `magick`, GIMP's `gimp-console-2.10`; what is missing is left out and said.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter, ImageFont, ImageOps

MAGICK = next((name for name in ("convert-im6.q16", "magick") if shutil.which(name)), None)
GIMP = next((name for name in ("gimp-console-2.10", "gimp-console") if shutil.which(name)), None)

Pillow = Callable[[Image.Image, Random, Image.Image], Image.Image]


@dataclass(frozen=True)
class Recipe:
    """One way to make a kind of edit.

    Attributes:
        kind: As the judge calls it.
        program: `pillow`, `opencv`, `imagemagick` or `gimp`.
        make: A function for Pillow and OpenCV; else a function that gives arguments of the command, or a script.
    """

    kind: str
    program: str
    make: Callable[..., object]


def _array(make: Callable[[np.ndarray, Random], np.ndarray]) -> Pillow:
    """A function of arrays as one of images."""
    return lambda image, rng, other: Image.fromarray(make(np.asarray(image), rng))


def _enhance(kind: type, low: float, high: float) -> Pillow:
    return lambda image, rng, other: kind(image).enhance(rng.uniform(low, high))


def _motion(pixels: np.ndarray, rng: Random) -> np.ndarray:
    length = rng.choice((13, 19, 27))
    kernel = np.zeros((length, length), np.float32)
    kernel[length // 2] = 1 / length
    return cv2.filter2D(pixels, -1, kernel if rng.random() < 0.5 else kernel.T)


def _gaussian(pixels: np.ndarray, rng: Random) -> np.ndarray:
    grain = np.random.default_rng(rng.randrange(1 << 30)).normal(0, rng.uniform(20, 55), pixels.shape)
    return np.clip(pixels + grain, 0, 255).astype(np.uint8)


def _salted(pixels: np.ndarray, rng: Random) -> np.ndarray:
    drawn = np.random.default_rng(rng.randrange(1 << 30)).random(pixels.shape[:2])
    share = rng.uniform(0.02, 0.12)
    result = pixels.copy()
    result[drawn < share / 2], result[drawn > 1 - share / 2] = 0, 255
    return result


def _pixelated(image: Image.Image, rng: Random, other: Image.Image) -> Image.Image:
    block = rng.choice((8, 12, 18))
    small = image.resize(
        (max(1, image.width // block), max(1, image.height // block)), Image.Resampling.BILINEAR
    )
    return small.resize(image.size, Image.Resampling.NEAREST)


def _cropped(image: Image.Image, rng: Random, other: Image.Image) -> Image.Image:
    share = rng.uniform(0.5, 0.8)
    wide, high = int(share * image.width), int(share * image.height)
    left, top = rng.randint(0, image.width - wide), rng.randint(0, image.height - high)
    return image.crop((left, top, left + wide, top + high))


def _written(image: Image.Image, rng: Random, other: Image.Image) -> Image.Image:
    result = image.copy()
    font = ImageFont.load_default(image.height // rng.choice((6, 8, 10)))
    at = (rng.uniform(0.05, 0.4) * image.width, rng.uniform(0.05, 0.8) * image.height)
    word, color = (
        rng.choice(("Hello", "Lisbon 2019", "for sale", "Anna")),
        rng.choice(("white", "black", "red", "yellow")),
    )
    ImageDraw.Draw(result).text(at, word, fill=color, font=font)
    return result


def _watermarked(image: Image.Image, rng: Random, other: Image.Image) -> Image.Image:
    layer = Image.new("RGBA", image.size)
    font = ImageFont.load_default(image.height // 6)
    ImageDraw.Draw(layer).text(
        (image.width * 0.1, image.height * 0.4), "SAMPLE", fill=(255, 255, 255, 140), font=font
    )
    layer = layer.rotate(rng.choice((0, 25, 35)))
    return Image.alpha_composite(image.convert("RGBA"), layer).convert("RGB")


def _rounded(image: Image.Image, rng: Random, other: Image.Image) -> Image.Image:
    mask = Image.new("L", image.size)
    radius = int(rng.uniform(0.1, 0.25) * min(image.size))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.width - 1, image.height - 1), radius, fill=255)
    return Image.composite(image, Image.new("RGB", image.size, "white"), mask)


def _lined(pixels: np.ndarray, rng: Random) -> np.ndarray:
    result, step = pixels.copy(), rng.choice((24, 36, 50))
    color = rng.choice(((255, 255, 255), (0, 0, 0), (220, 30, 30)))
    for at in range(step, max(pixels.shape[:2]), step):
        cv2.line(result, (at, 0), (at, pixels.shape[0]), color, 2)
        cv2.line(result, (0, at), (pixels.shape[1], at), color, 2)
    return result


def _warmed(sign: int) -> Pillow:
    def make(pixels: np.ndarray, rng: Random) -> np.ndarray:
        gain = 1 + sign * rng.uniform(0.12, 0.3)
        return np.clip(pixels * np.array([gain, 1.0, 2 - gain]), 0, 255).astype(np.uint8)

    return _array(make)


def _tilted(pixels: np.ndarray, rng: Random) -> np.ndarray:
    height, width = pixels.shape[:2]
    by = rng.uniform(0.1, 0.25) * width
    source = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    target = np.array([[by, 0], [width - by, 0], [width, height], [0, height]], np.float32)
    return cv2.warpPerspective(pixels, cv2.getPerspectiveTransform(source, target), (width, height))


def _clipped(pixels: np.ndarray, rng: Random) -> np.ndarray:
    lines = cv2.Canny(pixels, 60, 160)
    return np.repeat((255 - lines if rng.random() < 0.5 else lines)[..., None], 3, axis=-1)


RECIPES: tuple[Recipe, ...] = (
    Recipe("brighten", "pillow", _enhance(ImageEnhance.Brightness, 1.25, 2.0)),
    Recipe("brighten", "imagemagick", lambda rng: ["-gamma", f"{rng.uniform(1.4, 2.4):.2f}"]),
    Recipe("brighten", "opencv", _array(lambda p, rng: cv2.convertScaleAbs(p, alpha=1, beta=rng.uniform(25, 80)))),
    Recipe("darken", "pillow", _enhance(ImageEnhance.Brightness, 0.35, 0.8)),
    Recipe("darken", "imagemagick", lambda rng: ["-modulate", str(rng.randint(40, 80))]),
    Recipe("contrast_up", "pillow", _enhance(ImageEnhance.Contrast, 1.4, 2.3)),
    Recipe("contrast_up", "imagemagick", lambda rng: ["-sigmoidal-contrast", f"{rng.randint(5, 10)}x50%"]),
    Recipe("contrast_down", "pillow", _enhance(ImageEnhance.Contrast, 0.3, 0.7)),
    Recipe("contrast_down", "imagemagick", lambda rng: ["-brightness-contrast", f"0x-{rng.randint(25, 55)}"]),
    Recipe("saturate", "pillow", _enhance(ImageEnhance.Color, 1.8, 3.0)),
    Recipe("saturate", "imagemagick", lambda rng: ["-modulate", f"100,{rng.randint(160, 260)}"]),
    Recipe("desaturate", "pillow", _enhance(ImageEnhance.Color, 0.15, 0.5)),
    Recipe("desaturate", "imagemagick", lambda rng: ["-modulate", f"100,{rng.randint(20, 50)}"]),
    Recipe("black_and_white", "pillow", lambda image, rng, other: image.convert("L").convert("RGB")),
    Recipe("black_and_white", "imagemagick", lambda rng: ["-colorspace", "Gray"]),
    Recipe("invert", "pillow", lambda image, rng, other: ImageOps.invert(image)),
    Recipe("invert", "imagemagick", lambda rng: ["-negate"]),
    Recipe("sepia", "imagemagick", lambda rng: ["-sepia-tone", f"{rng.randint(75, 90)}%"]),
    Recipe("tint", "imagemagick", lambda rng: ["-fill", rng.choice(("red", "blue", "green")), "-colorize", f"{rng.randint(20, 45)}%"]),
    Recipe("warmer", "opencv", _warmed(1)),
    Recipe("cooler", "opencv", _warmed(-1)),
    Recipe("hue", "imagemagick", lambda rng: ["-modulate", f"100,100,{rng.choice((40, 60, 150, 170))}"]),
    Recipe("blur", "pillow", lambda image, rng, other: image.filter(ImageFilter.GaussianBlur(rng.uniform(2.5, 8)))),
    Recipe("blur", "opencv", _array(lambda p, rng: cv2.blur(p, (rng.choice((9, 13, 19)),) * 2))),
    Recipe("blur", "imagemagick", lambda rng: ["-blur", f"0x{rng.randint(3, 8)}"]),
    Recipe("motion_blur", "opencv", _array(_motion)),
    Recipe("motion_blur", "imagemagick", lambda rng: ["-motion-blur", f"0x{rng.randint(10, 20)}+{rng.choice((0, 45, 90))}"]),
    Recipe("circular_blur", "imagemagick", lambda rng: ["-rotational-blur", str(rng.randint(6, 16))]),
    Recipe("sharpen", "pillow", lambda image, rng, other: image.filter(ImageFilter.UnsharpMask(rng.choice((2, 3, 5)), rng.randint(150, 350), 2))),
    Recipe("sharpen", "imagemagick", lambda rng: ["-sharpen", f"0x{rng.choice((2, 3, 4))}"]),
    Recipe("noise", "opencv", _array(_gaussian)),
    Recipe("noise", "imagemagick", lambda rng: ["-attenuate", f"{rng.uniform(0.5, 1.5):.1f}", "+noise", "Gaussian"]),
    Recipe("salt_and_pepper", "opencv", _array(_salted)),
    Recipe("salt_and_pepper", "imagemagick", lambda rng: ["-attenuate", f"{rng.uniform(0.3, 1):.1f}", "+noise", "Impulse"]),
    Recipe("pixelate", "pillow", _pixelated),
    Recipe("pixelate", "gimp", lambda rng: f"(plug-in-pixelize RUN-NONINTERACTIVE image drawable {rng.randint(8, 20)})"),
    Recipe("posterize", "pillow", lambda image, rng, other: ImageOps.posterize(image, rng.choice((1, 2)))),
    Recipe("posterize", "imagemagick", lambda rng: ["-posterize", str(rng.randint(2, 5))]),
    Recipe("solarize", "pillow", lambda image, rng, other: ImageOps.solarize(image, rng.randint(90, 150))),
    Recipe("solarize", "imagemagick", lambda rng: ["-solarize", f"{rng.randint(40, 60)}%"]),
    Recipe("emboss", "pillow", lambda image, rng, other: image.filter(ImageFilter.EMBOSS)),
    Recipe("emboss", "gimp", lambda rng: f"(plug-in-emboss RUN-NONINTERACTIVE image drawable {rng.randint(20, 160)} 45 {rng.randint(5, 25)} 1)"),
    Recipe("edges", "pillow", lambda image, rng, other: image.filter(ImageFilter.FIND_EDGES)),
    Recipe("edges", "opencv", _array(_clipped)),
    Recipe("edges", "gimp", lambda rng: f"(plug-in-edge RUN-NONINTERACTIVE image drawable {rng.randint(2, 5)} 1 0)"),
    Recipe("sketch", "imagemagick", lambda rng: ["-charcoal", str(rng.randint(1, 4))]),
    Recipe("sketch", "opencv", _array(lambda p, rng: np.repeat(cv2.pencilSketch(p, sigma_s=60, sigma_r=0.07, shade_factor=0.05)[0][..., None], 3, -1))),
    Recipe("oil_paint", "imagemagick", lambda rng: ["-paint", str(rng.randint(3, 7))]),
    Recipe("oil_paint", "gimp", lambda rng: f"(plug-in-oilify RUN-NONINTERACTIVE image drawable {rng.randint(8, 18)} 0)"),
    Recipe("scatter", "imagemagick", lambda rng: ["-spread", str(rng.randint(4, 12))]),
    Recipe("flip", "pillow", lambda image, rng, other: rng.choice((ImageOps.mirror, ImageOps.flip))(image)),
    Recipe("flip", "imagemagick", lambda rng: [rng.choice(("-flip", "-flop"))]),
    Recipe("rotate", "pillow", lambda image, rng, other: image.rotate(rng.choice((-1, 1)) * rng.uniform(6, 30), expand=rng.random() < 0.5, resample=Image.Resampling.BICUBIC)),
    Recipe("rotate", "imagemagick", lambda rng: ["-background", "white", "-rotate", str(rng.choice((-20, -12, 9, 15, 25)))]),
    Recipe("quarter_turn", "pillow", lambda image, rng, other: image.transpose(rng.choice((Image.Transpose.ROTATE_90, Image.Transpose.ROTATE_270)))),
    Recipe("crop", "pillow", _cropped),
    Recipe("crop", "imagemagick", lambda rng: ["-gravity", "center", "-crop", f"{rng.randint(50, 80)}%x{rng.randint(50, 80)}%+0+0", "+repage"]),
    Recipe("stretch", "imagemagick", lambda rng: ["-resize", rng.choice(("150%x100%", "100%x160%", "60%x100%", "100%x55%")) + "!"]),
    Recipe("border", "pillow", lambda image, rng, other: ImageOps.expand(image, rng.randint(8, 40), fill=rng.choice(("black", "white", "red", "blue", "gold")))),
    Recipe("border", "imagemagick", lambda rng: ["-bordercolor", rng.choice(("black", "white", "navy", "brown")), "-border", str(rng.randint(8, 40))]),
    Recipe("border", "opencv", _array(lambda p, rng: cv2.copyMakeBorder(p, *(rng.randint(10, 36),) * 4, cv2.BORDER_CONSTANT, value=rng.choice(((0, 0, 0), (255, 255, 255), (20, 120, 20)))))),
    Recipe("vignette", "imagemagick", lambda rng: ["-background", "black", "-vignette", f"0x{rng.randint(15, 40)}"]),
    Recipe("swirl", "imagemagick", lambda rng: ["-swirl", str(rng.choice((-140, -90, 70, 120, 180)))]),
    Recipe("swirl", "gimp", lambda rng: f"(plug-in-whirl-pinch RUN-NONINTERACTIVE image drawable {rng.choice((-130, 90, 150))} 0 1)"),
    Recipe("waves", "imagemagick", lambda rng: ["-background", "black", "-wave", f"{rng.randint(5, 15)}x{rng.randint(50, 120)}", "+repage"]),
    Recipe("waves", "gimp", lambda rng: f"(plug-in-ripple RUN-NONINTERACTIVE image drawable {rng.randint(30, 70)} {rng.randint(8, 20)} {rng.randint(0, 1)} 1 1 TRUE FALSE)"),
    Recipe("ripple", "gimp", lambda rng: f"(plug-in-waves RUN-NONINTERACTIVE image drawable {rng.randint(6, 16)} 0 {rng.randint(18, 40)} 0 0)"),
    Recipe("lens_distortion", "imagemagick", lambda rng: ["-virtual-pixel", "black", "-distort", "Barrel", f"0 {rng.uniform(0.08, 0.2):.2f} {rng.uniform(0.1, 0.3):.2f}"]),
    Recipe("perspective", "opencv", _array(_tilted)),
    Recipe("drop_shadow", "imagemagick", lambda rng: ["(", "+clone", "-background", "black", "-shadow", f"{rng.randint(60, 90)}x{rng.randint(4, 9)}+{rng.randint(8, 16)}+{rng.randint(8, 16)}", ")", "+swap", "-background", "white", "-layers", "merge", "+repage"]),
    Recipe("round_corners", "pillow", _rounded),
    Recipe("polaroid", "imagemagick", lambda rng: ["-bordercolor", "snow", "-background", "gray40", "-polaroid", str(rng.randint(-9, 9)), "-background", rng.choice(("white", "gray70")), "-flatten"]),
    Recipe("old_photo", "gimp", lambda rng: f"(script-fu-old-photo image drawable TRUE {rng.randint(15, 30)} TRUE TRUE FALSE)"),
    Recipe("page_curl", "gimp", lambda rng: f"(plug-in-pagecurl RUN-NONINTERACTIVE image drawable 0 {rng.randint(1, 4)} 0 TRUE)"),
    Recipe("mosaic", "gimp", lambda rng: f"(plug-in-mosaic RUN-NONINTERACTIVE image drawable {rng.randint(12, 24)} 4 1 0.65 TRUE 45 0.2 TRUE TRUE {rng.randint(0, 2)} 0 1)"),
    Recipe("cartoon", "gimp", lambda rng: f"(plug-in-cartoon RUN-NONINTERACTIVE image drawable {rng.randint(7, 20)} 0.3)"),
    Recipe("halftone", "gimp", lambda rng: f"(plug-in-newsprint RUN-NONINTERACTIVE image drawable {rng.randint(6, 12)} 1 0 15 0 75 0 0 0 45 0 4)"),
    Recipe("jigsaw", "gimp", lambda rng: f"(plug-in-jigsaw RUN-NONINTERACTIVE image drawable {rng.randint(4, 7)} {rng.randint(3, 5)} 0 4 0.8)"),
    Recipe("glass_tiles", "gimp", lambda rng: f"(plug-in-glasstile RUN-NONINTERACTIVE image drawable {rng.randint(14, 40)} {rng.randint(14, 40)})"),
    Recipe("text", "pillow", _written),
    Recipe("text", "imagemagick", lambda rng: ["-gravity", rng.choice(("north", "south", "center")), "-pointsize", str(rng.randint(36, 60)), "-fill", rng.choice(("white", "yellow", "black")), "-annotate", "+0+20", rng.choice(("Holiday", "Marseille", "No parking"))]),
    Recipe("watermark", "pillow", _watermarked),
    Recipe("grid_lines", "opencv", _array(_lined)),
    Recipe("double_exposure", "pillow", lambda image, rng, other: Image.blend(image, other.resize(image.size), rng.uniform(0.3, 0.55))),
)  # fmt: skip


@dataclass(frozen=True)
class Job:
    """One pair to be made: from which picture, by which recipe, with which seed, to which file."""

    recipe: Recipe
    before: Path
    other: Path
    after: Path
    seed: int


def usable(recipe: Recipe) -> bool:
    """Whether the program of a recipe is there."""
    return {"imagemagick": MAGICK, "gimp": GIMP}.get(recipe.program, "yes") is not None


def make(jobs: list[Job]) -> None:
    """Performs every job; GIMP is started once for all that are its own. A job that fails leaves no file."""
    scripts = []
    for job in jobs:
        rng = Random(job.seed)
        if job.recipe.program == "gimp":
            scripts.append(_script(job, str(job.recipe.make(rng))))
        elif job.recipe.program == "imagemagick":
            arguments = [str(part) for part in job.recipe.make(rng)]  # type: ignore[attr-defined]
            command = [str(MAGICK), str(job.before), "-seed", str(job.seed), *arguments, str(job.after)]
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL)
        else:
            image, other = (Image.open(path).convert("RGB") for path in (job.before, job.other))
            result = job.recipe.make(image, rng, other)
            result.save(job.after)  # type: ignore[attr-defined]
    if scripts:
        command = [str(GIMP), "-i", "-d", "-f", *[part for script in scripts for part in ("-b", script)]]
        subprocess.run([*command, "-b", "(gimp-quit 0)"], check=False, capture_output=True)


def _script(job: Job, body: str) -> str:
    before, after = job.before, job.after
    return (
        f'(let* ((image (car (gimp-file-load RUN-NONINTERACTIVE "{before}" "{before}")))'
        f" (drawable (car (gimp-image-get-active-drawable image)))) {body}"
        " (set! drawable (car (gimp-image-flatten image)))"
        f' (gimp-file-save RUN-NONINTERACTIVE image drawable "{after}" "{after}") (gimp-image-delete image))'
    )
