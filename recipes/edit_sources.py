"""Fetches what the world `edits` may be trained on beyond the package: photographs, cut-out objects, emoji.

    python recipes/edit_sources.py --output build-data/sources            # all of it, about 0.6 GB to download
    python recipes/edit_sources.py --output build-data/sources --only photographs

On Debian or a derivative: `apt-get download` fetches packages through the mirror that the system is set up with,
`dpkg-deb -x` unpacks them without installing anything. Nothing of it is shipped: the licences of each package hold
(`usr/share/doc/PACKAGE/copyright` in what is unpacked); the stamps are GPL-2. Cut-outs drawn as SVG need
`rsvg-convert` (librsvg2-bin). What it leaves:

    photographs/train/*.jpg   photographs/test/*.jpg     a fixed split: those for tests are never trained on
    objects/train/NAME.N.png  objects/test/NAME.N.png    a fixed tenth of the names is for tests, as is the file
    objects/names.json                                   file name -> the noun with its article
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import unicodedata
from hashlib import sha256
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

#: Longest side of a photograph that is kept, and of a cut-out object.
PHOTOGRAPH_SIDE, OBJECT_SIDE = 1280, 320

#: Debian packages and the photographs in them, by file name or (wallpapers) by folder name.
PHOTOGRAPHS: dict[str, tuple[str, ...]] = {
    "lomiri-wallpapers-16.04": (
        "Bridge_by_Sander_Klootwijk", "Dragonfly_by_Bolly", "Picture_0B_by_freespace", "Picture_1A_by_freespace",
        "Wine_by_Jakkub_Mede", "aitzgorri_by_Aitzol_Berasategi", "free_by_Peter_Nerlich",
        "friends_by_Aitzol_Berasategi", "greentock_by_Peter_Nerlich", "life_by_Aitzol_Berasategi",
        "picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt", "sunset_by_Aitzol_Berasategi",
    ),
    "mate-backgrounds": (
        "Aqua", "Blinds", "Dune", "FreshFlower", "Garden", "GreenMeadow", "LadyBird", "RainDrops", "Storm",
        "TwoWings", "Wood", "YellowFlower",
    ),
    "plasma-workspace-wallpapers": (
        "FallenLeaf", "Path", "DarkestHour", "EveningGlow", "Grey", "Kite", "ColorfulCups", "OneStandsOut",
        "ColdRipple", "BytheWater", "Autumn", "summer_1am",
    ),
    "opencv-doc": (
        "plant", "scenetext01", "scenetext02", "scenetext03", "scenetext04", "scenetext05", "scenetext06", "home",
        "butterfly", "fruits", "baboon", "leuvenA", "squirrel_cls", "aloeL", "board", "starry_night", "chicky_512",
        "rubberwhale2", "messi5", "basketball1", "graf1", "building", "000", "227943776_1", "corridor_fld",
        "230501201_1", "fusion_mertens", "fsrcnnOutput", "studentsSample_parvo", "ambush_5_left",
        "retina_TreeHdr_retina", "boat", "astra_color", "pexels_double_decker_bus", "newspaper",
    ),
}  # fmt: skip

#: Photographs that are for tests only.
TEST_PHOTOGRAPHS = frozenset({
    "Wine_by_Jakkub_Mede", "picosdeeuropa_by_Aitzol_Berasategi", "seeding_by_Clements_Engelhardt", "Garden", "Storm",
    "LadyBird", "EveningGlow", "FallenLeaf", "fruits", "building", "scenetext06", "000", "pexels_double_decker_bus",
    "chicky_512", "ambush_5_left", "leuvenA",
})  # fmt: skip

STAMPS = "tuxpaint-stamps-default"
EMOJI = "fonts-noto-color-emoji"

#: Words that tell of a state and not of a thing; a noun is shorter without them.
STATES = frozenset({
    "big", "small", "little", "large", "huge", "very", "old", "happy", "sleeping", "sitting", "dancing",
    "oncoming", "colorful", "modern", "male", "female", "long", "lit", "front-facing", "fairytale",
    "medieval", "common", "hatching", "spouting", "folded", "sliced", "roasted", "fried", "cooked",
    "wrapped", "used", "straight", "european", "american", "sumatran", "albino", "magellanic", "helmeted",
})  # fmt: skip

#: Lines that end up as no noun are recognised by these words.
NO_NOUNS = re.compile(
    r"\b(covered|used|worn|stands|is|playing|games|inside|ripe|bulk|arts|cooking|bowling|model|one|racing|hocho|oden|"
    r"custard|dancing|direct|low|facing|tabs|female|male|multiple|soccer|hatched|hit|streamer|index|tux)\b"
)

#: Names that people say otherwise.
PLAIN = {
    "automobile": "car", "articulated lorry": "truck", "sedan car": "car", "lady beetle": "ladybug",
    "aubergine": "eggplant",
    "motor bike": "motorcycle", "sail boat": "sailboat", "vw beetle": "car", "mobile telephone": "mobile phone",
    "personal computer": "computer", "athletic shoe": "shoe", "t shirt": "t-shirt", "womans hat": "hat",
    "mans shoe": "shoe",
    "womans clothes": "clothes", "bactrian camel": "camel", "dromedary camel": "camel", "dromedary": "camel",
    "double decker bus": "bus", "locomotive": "train", "steam locomotive": "train", "electric torch": "flashlight",
    "electric light bulb": "light bulb", "lightbulb": "light bulb", "baguette bread": "baguette", "silver garbage can":
    "garbage can", "toy tow truck": "toy truck", "toy cement truck": "toy truck", "container truck": "truck",
    "delivery truck": "truck", "dump truck": "truck", "great blue heron": "heron", "jack-o-lantern": "pumpkin",
    "jack-o'-lantern": "pumpkin", "father christmas": "santa claus", "head of lettuce": "lettuce",
}  # fmt: skip

#: Stamps that are no things: signs, letters, flags, coins.
NO_THINGS = re.compile(r"/(alphabets|math|money|flags|music|faces)/")


def unpacked(package: str, cache: Path) -> Path:
    """The files of a Debian package, fetched once and not installed."""
    folder = cache / package
    if not folder.is_dir():
        cache.mkdir(parents=True, exist_ok=True)
        subprocess.run(["apt-get", "download", "-q", package], cwd=cache, check=True)
        archive = next(cache.glob(f"{package}_*.deb"))
        part = cache / f"{package}.part"
        subprocess.run(["dpkg-deb", "-x", archive.name, part.name], cwd=cache, check=True)
        part.rename(folder)
        archive.unlink()
    return folder


def photographs(output: Path, cache: Path) -> None:
    """Writes the photographs, reduced, under `photographs/train` and `photographs/test`."""
    for package, names in PHOTOGRAPHS.items():
        files = [path for path in unpacked(package, cache).rglob("*") if path.suffix in (".jpg", ".png")]
        for name in names:
            fitting = [path for path in files if name == path.stem or name in path.parts]
            if not fitting:
                print(f"warning: {package} holds no photograph {name}", file=sys.stderr)
                continue
            image = Image.open(max(fitting, key=lambda path: path.stat().st_size)).convert("RGB")
            image.thumbnail((PHOTOGRAPH_SIDE, PHOTOGRAPH_SIDE), Image.Resampling.LANCZOS)
            split = "test" if name in TEST_PHOTOGRAPHS else "train"
            target = output / "photographs" / split / f"{package.split('-')[0]}_{name}.jpg"
            target.parent.mkdir(parents=True, exist_ok=True)
            image.save(target, quality=92)


def noun_of(line: str) -> str | None:
    """A short noun with its article from the English line of a stamp: "An eggplant with fruit." -> "an eggplant".

    >>> noun_of("A pair of blue jeans.")
    'blue jeans'
    >>> noun_of("Greater than or equal to.") is None
    True
    """
    text = re.sub(r"[“”\"(].*", "", line.split(".")[0]).strip().lower().replace("’", "'")
    text = re.split(
        r",| with | which | that | in | on | of the | from | at | for | made | called | by | – |—", text
    )[0]
    text = re.sub(r"^(the|this is|these are|here is) ", "", text)
    pair = re.match(r"an? (?:pair|bunch|bouquet|slice|piece|group|set|kind|type) of (.+)", text)
    text = pair[1] if pair else text
    words = text.split()
    if not words or len(words) > 5 or not re.fullmatch(r"[a-z' -]+", text):
        return None
    if words[0] in ("a", "an"):
        return _plain(words[1:][-3:])
    return _plain(words[-2:]) if words[-1].endswith("s") else None


def _plain(words: list[str]) -> str | None:
    """The noun that people say, with its article; None for what is no noun."""
    words = [word for word in words if word not in STATES]
    if not words or words[0] == "of" or NO_NOUNS.search(" ".join(words)):
        return None
    text = PLAIN.get(" ".join(words), " ".join(words))
    plural = re.search(r"(?<![su])s$", text) and text not in ("christmas", "hibiscus", "iris", "santa claus")
    if plural or text in ("santa claus", "jeans"):
        return text
    return f"{'an' if text[0] in 'aeio' or text.startswith('umb') else 'a'} {text}"


def held_out(noun: str) -> bool:
    """Whether a noun belongs to the fixed tenth that is for tests."""
    return sha256(noun.encode()).digest()[0] % 10 == 3


class Objects:
    """Writes cut-out objects and remembers their nouns."""

    def __init__(self, output: Path) -> None:
        self.folder = output / "objects"
        shutil.rmtree(self.folder, ignore_errors=True)
        self.names: dict[str, str] = {}

    def add(self, image: Image.Image, noun: str, source: str) -> None:
        """Writes one object, cut to what is not transparent; objects that fill their frame are left out."""
        image = image.convert("RGBA")
        solid = image.getchannel("A").point(lambda value: 255 if value > 40 else 0)
        box = solid.getbbox()
        if box is None:
            return
        image = image.crop(box)
        if min(image.size) < 24 or solid.crop(box).histogram()[255] > 0.985 * image.width * image.height:
            return
        image.thumbnail((OBJECT_SIDE, OBJECT_SIDE), Image.Resampling.LANCZOS)
        split = "test" if held_out(noun) else "train"
        stem = f"{source}.{noun.split(' ', 1)[-1].replace(' ', '_')}"
        count = sum(name.startswith(f"{split}/{stem}.") for name in self.names)
        name = f"{split}/{stem}.{count}.png"
        (self.folder / split).mkdir(parents=True, exist_ok=True)
        image.save(self.folder / name)
        self.names[name] = noun

    def close(self) -> None:
        """Writes the list of nouns."""
        text = json.dumps(self.names, indent=0, ensure_ascii=False, sort_keys=True)
        (self.folder / "names.json").write_text(text + "\n", encoding="utf-8")


def stamps(objects: Objects, cache: Path) -> None:
    """The stamps of Tux Paint that are things; SVG drawings are rendered."""
    root = unpacked(STAMPS, cache)
    for path in sorted([*root.rglob("*.png"), *root.rglob("*.svg")]):
        line = path.with_suffix(".txt")
        if not line.is_file() or NO_THINGS.search(str(path)) or path.stem.endswith("_mirror"):
            continue
        noun = noun_of(line.read_text(encoding="utf-8", errors="replace").splitlines()[0])
        if noun is None:
            continue
        if path.suffix == ".svg":
            drawn = cache / "drawn.png"
            command = ["rsvg-convert", "-w", str(OBJECT_SIDE), "-a", "-o", str(drawn), str(path)]
            if subprocess.run(command, stderr=subprocess.DEVNULL).returncode:
                continue
            objects.add(Image.open(drawn), noun, "stamp")
        else:
            objects.add(Image.open(path), noun, "stamp")


def emoji(objects: Objects, cache: Path) -> None:
    """Emoji that are things, animals, plants, food, vehicles or buildings."""
    path = next(unpacked(EMOJI, cache).rglob("*.ttf"))
    font = ImageFont.truetype(str(path), 109)
    ranges = ((0x1F32D, 0x1F393), (0x1F3A3, 0x1F3D3), (0x1F3F8, 0x1F43D), (0x1F451, 0x1F461), (0x1F4A1, 0x1F4A1),
              (0x1F4BA, 0x1F4DE), (0x1F511, 0x1F513), (0x1F525, 0x1F52D), (0x1F680, 0x1F6A4), (0x1F6B2, 0x1F6B2),
              (0x1F6F4, 0x1F6FC), (0x1F941, 0x1F945), (0x1F950, 0x1F96F), (0x1F980, 0x1F9AE),
              (0x1FA80, 0x1FAAC))  # fmt: skip
    for low, high in ranges:
        for code in range(low, high + 1):
            name = unicodedata.name(chr(code), "").lower()
            noun = _emoji_noun(name)
            if noun is None:
                continue
            canvas = Image.new("RGBA", (160, 160))
            ImageDraw.Draw(canvas).text((10, 10), chr(code), font=font, embedded_color=True)
            objects.add(canvas, noun, "emoji")


def _emoji_noun(name: str) -> str | None:
    words = name.removesuffix(" face").removesuffix(" symbol").split()
    if not words or len(words) > 3 or re.search(r"[^a-z -]|sign|with|and|arrow|selector|button|emoji", name):
        return None
    return _plain(words)


def main() -> None:
    """Reads the command line and fetches."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--cache", type=Path, default=None, help="where packages are unpacked; default OUTPUT/cache"
    )
    parser.add_argument("--only", choices=("photographs", "objects"), default=None)
    options = parser.parse_args()
    cache = (options.cache or options.output / "cache").resolve()
    if options.only != "objects":
        photographs(options.output, cache)
    if options.only != "photographs":
        objects = Objects(options.output)
        stamps(objects, cache)
        emoji(objects, cache)
        objects.close()


if __name__ == "__main__":
    main()
