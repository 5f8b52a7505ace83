# ruff: noqa: E501
"""Pages for measuring `find_changes`: written here, drawn by headless Chromium, one change each, with exact truth.

    python benchmarks/changes_pages.py --output /tmp/pages --changed 100 --unchanged 50 --seed 1

Out: a folder with `NNN_before.png`, `NNN_after.png` and `truth.json`, a list of objects with the names, `kind`, the
boxes, the fact that is true and its values. Pages are put together at random from sections (navigation, prices, cards,
tables, articles, messages, charts, forms) in random colours and sizes. A change is made in the living page, so all else
stays to the pixel. Boxes are those of the pixels that differ between the two undisturbed drawings, but for things that
moved, grew or entered the flow, whose boxes are the elements' own. `--pages FOLDER` takes the HTML files of a folder
instead (a template's, a manual's), each scrolled to a random place.
"""

from __future__ import annotations

import argparse
import base64
import io
import json
import random
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from blip2idc.worlds.edits.photographs import packaged_photographs

WIDTH, HEIGHT = 1280, 800
KINDS = (
    "text", "number", "recolour", "text_colour", "remove", "add", "move", "nudge", "resize", "blur", "sharpen",
    "brighter", "darker", "cover", "insert", "delete", "image", "icon",
)  # fmt: skip
FACT_OF_KIND = {
    "recolour": "recoloured", "text_colour": "recoloured", "remove": "disappeared", "add": "appeared", "move": "moved",
    "nudge": "moved", "resize": "resized", "blur": "blurred", "sharpen": "sharpened", "brighter": "brighter",
    "darker": "darker", "cover": "covered", "insert": "appeared", "delete": "disappeared",
    "image": "replaced",
}  # fmt: skip
NOISES = ("jpeg", "half_pixel", "jpeg", "supersampled", "edges", "text_half_pixel", "twice")
WORDS = [
    "account",
    "orders",
    "shipping",
    "north",
    "river",
    "market",
    "open",
    "early",
    "evening",
    "garden",
    "window",
    "letter",
    "station",
    "bridge",
    "harbour",
    "report",
    "summer",
    "quiet",
    "engine",
    "paper",
    "silver",
    "yellow",
    "morning",
    "travel",
    "music",
    "family",
    "kitchen",
    "forest",
    "ticket",
    "number",
    "winter",
    "office",
    "street",
    "coffee",
    "signal",
    "value",
    "update",
    "member",
    "health",
    "school",
    "table",
    "method",
    "result",
    "city",
    "village",
    "mountain",
    "weather",
    "plan",
]
PALETTES = (
    ("#ffffff", "#1f2933", "#0d6efd", "#f1f5f9"), ("#fbf7f0", "#3b2f2f", "#b45309", "#f3e8d7"),
    ("#101418", "#e5e7eb", "#10b981", "#1f2730"), ("#ffffff", "#222222", "#c2185b", "#fdf2f8"),
    ("#f4f6f8", "#102a43", "#6b46c1", "#ffffff"), ("#eef7ee", "#14361f", "#2f855a", "#ffffff"),
)  # fmt: skip
FONTS = ("Liberation Sans", "DejaVu Sans", "Liberation Serif", "DejaVu Serif", "DejaVu Sans Mono")


def words(rng: random.Random, low: int, high: int) -> str:
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(low, high))).capitalize()


def picture(rng: random.Random, width: int, height: int) -> str:
    """A crop of a packaged photograph as a data address."""
    with Image.open(rng.choice(packaged_photographs("train") + packaged_photographs("test"))) as image:
        image = image.convert("RGB")
    share = rng.uniform(0.5, 1)
    w = int(min(image.width, image.height * width / height) * share)
    h = int(w * height / width)
    x, y = rng.randint(0, image.width - w), rng.randint(0, image.height - h)
    buffer = io.BytesIO()
    image.crop((x, y, x + w, y + h)).resize((width, height)).save(buffer, "JPEG", quality=88)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def page(rng: random.Random) -> str:
    """The HTML of one page; elements that may change carry `data-k`."""
    back, ink, accent, panel = rng.choice(PALETTES)
    sections = [
        navigation,
        *rng.sample((prices, cards, table, article, messages, chart, form, hero), 4),
        footer,
    ]
    body = "".join(section(rng, accent) for section in sections)
    size = rng.choice((13, 14, 15, 16, 18))
    return f"""<!doctype html><meta charset=utf-8><style>
*{{box-sizing:border-box}} body{{margin:0;background:{back};color:{ink};font:{size}px/1.45 '{rng.choice(FONTS)}'}}
section{{padding:14px 40px;position:relative}} .row{{display:flex;gap:18px;align-items:flex-start}}
.card{{background:{panel};border:1px solid {accent}44;border-radius:{rng.choice((0, 6, 12))}px;padding:14px;flex:1 1 0;min-width:0}}
.button{{background:{accent};color:#fff;padding:8px 18px;border-radius:6px;display:inline-block;font-weight:bold}}
.badge{{background:#d64545;color:#fff;border-radius:10px;padding:1px 9px;font-size:12px;display:inline-block}}
table{{border-collapse:collapse;width:100%;table-layout:fixed}} td,th{{padding:5px 12px;border-bottom:1px solid {ink}33;text-align:left}}
nav{{display:flex;gap:26px;align-items:center;padding:12px 40px;background:{panel};border-bottom:2px solid {accent}}}
.bubble{{background:{panel};border-radius:14px;padding:8px 14px;margin:7px 0;width:fit-content;max-width:640px}}
p{{margin:6px 0}} h1,h2,h3{{margin:4px 0 8px}} img{{display:block}} input{{padding:6px;width:240px;font:inherit}}
</style><body>{body}"""


def text(rng: random.Random, low: int, high: int, tag: str = "p") -> str:
    return f"<{tag} data-k=text>{words(rng, low, high)}</{tag}>"


def navigation(rng: random.Random, accent: str) -> str:
    links = "".join(f"<span data-k=text>{words(rng, 1, 1)}</span>" for _ in range(rng.randint(3, 6)))
    icon = f"<svg data-k=icon width=28 height=28><circle cx=14 cy=14 r=12 fill='{accent}'/></svg>"
    return (
        f"<nav>{icon}<b data-k=text>{words(rng, 1, 2)}</b>{links}"
        f"<span data-k=badge class=badge>{rng.randint(1, 99)}</span></nav>"
    )


def prices(rng: random.Random, accent: str) -> str:
    cells = "".join(
        f"<div class=card data-k=box>{text(rng, 1, 2, 'h3')}<h2 data-k=number>{rng.randint(5, 499)}.{rng.randint(10, 99)} €</h2>"
        f"{text(rng, 4, 9)}<span class=button data-k=button>{words(rng, 1, 2)}</span></div>"
        for _ in range(rng.randint(2, 4))
    )
    return f"<section><div class=row>{cells}</div></section>"


def cards(rng: random.Random, accent: str) -> str:
    width = rng.choice((180, 220, 260))
    cells = "".join(
        f"<div class=card><img data-k=image src='{picture(rng, width, 120)}' width={width} height=120>"
        f"{text(rng, 2, 3, 'h3')}{text(rng, 5, 12)}</div>"
        for _ in range(rng.randint(2, 4))
    )
    return f"<section><div class=row>{cells}</div></section>"


def table(rng: random.Random, accent: str) -> str:
    rows = "".join(
        f"<tr data-k=flow><td data-k=text>{words(rng, 2, 3)}</td><td data-k=number>{rng.randint(100, 99999):,}</td>"
        f"<td data-k=number>{rng.randint(1, 99)} %</td><td><span class=badge data-k=badge>{words(rng, 1, 1)}</span></td></tr>"
        for _ in range(rng.randint(4, 8))
    )
    return (
        f"<section><table><tr><th>{words(rng, 1, 1)}<th>Total<th>Share<th>State</tr>{rows}</table></section>"
    )


def article(rng: random.Random, accent: str) -> str:
    paragraphs = "".join(
        f"<p data-k=flow>{words(rng, 25, 60)}. {words(rng, 8, 30)}.</p>" for _ in range(rng.randint(2, 4))
    )
    return f"<section style='max-width:900px'>{text(rng, 3, 6, 'h2')}{paragraphs}</section>"


def messages(rng: random.Random, accent: str) -> str:
    bubbles = "".join(
        f"<div class=bubble data-k=flow><span data-k=text>{words(rng, 3, 14)}</span></div>"
        for _ in range(rng.randint(3, 5))
    )
    return f"<section>{bubbles}</section>"


def chart(rng: random.Random, accent: str) -> str:
    bars = "".join(
        f"<rect data-k=icon x={20 + 52 * index} y={150 - height} width=34 height={height} fill='{accent}'/>"
        for index, height in enumerate(rng.randint(20, 130) for _ in range(rng.randint(6, 14)))
    )
    return (
        f"<section>{text(rng, 2, 4, 'h3')}<svg width=780 height=160 overflow=visible>{bars}</svg></section>"
    )


def form(rng: random.Random, accent: str) -> str:
    fields = "".join(
        f"<p data-k=flow><span data-k=text style='display:inline-block;width:160px'>{words(rng, 1, 2)}</span>"
        f"<input value='{words(rng, 1, 3)}'></p>"
        for _ in range(rng.randint(2, 4))
    )
    return f"<section>{fields}<span class=button data-k=button>{words(rng, 1, 2)}</span></section>"


def hero(rng: random.Random, accent: str) -> str:
    return (
        f"<section class=row><div>{text(rng, 3, 5, 'h1')}{text(rng, 10, 18)}"
        f"<span class=button data-k=button>{words(rng, 1, 2)}</span></div>"
        f"<img data-k=image src='{picture(rng, 420, 200)}' width=420 height=200></section>"
    )


def footer(rng: random.Random, accent: str) -> str:
    return f"<section style='border-top:1px solid #8886'>{text(rng, 5, 10)}</section>"


TARGETS = {  # which elements a kind may take
    "text": ("text",), "number": ("number",), "recolour": ("button", "badge", "icon"), "text_colour": ("text",),
    "remove": ("button", "badge", "image", "text", "icon"), "add": ("button", "badge", "image", "icon"),
    "move": ("button", "badge", "icon", "image"), "nudge": ("button", "badge", "icon", "text"),
    "resize": ("button", "badge", "icon", "image"), "blur": ("image",), "sharpen": ("image",), "brighter": ("image",),
    "darker": ("image",), "cover": ("image", "text", "box"), "insert": ("flow",), "delete": ("flow",),
    "image": ("image",), "icon": ("icon",),
}  # fmt: skip

SCRIPT = """
const [kind, names, pick, v] = arguments;
const inside = e => {const r = e.getBoundingClientRect(); return r.width > 3 && r.height > 3 && r.top >= 2 && r.left >= 2
  && r.bottom < innerHeight - 70 && r.right < innerWidth - 4};
const found = [...document.querySelectorAll('[data-k]')].filter(e => names.includes(e.dataset.k) && inside(e));
if (!found.length) return null;
const e = found[Math.floor(pick * found.length)];
const plain = e => {const s = getComputedStyle(e); return s.backgroundColor == 'rgba(0, 0, 0, 0)' && s.borderStyle == 'none'};
const box = () => {let r = e.getBoundingClientRect();
  if (!['IMG', 'TR'].includes(e.tagName) && !(e instanceof SVGElement) && plain(e)) {
    const range = document.createRange(); range.selectNodeContents(e); r = range.getBoundingClientRect(); }
  return [r.x, r.y, r.width, r.height]};
window.__target = e;
if (kind == 'move' || kind == 'nudge') { e.style.position = 'relative'; e.style.zIndex = 9;
  if (e instanceof SVGElement && e.tagName != 'svg') e.parentNode.append(e); else { const s = e.closest('section, nav'); if (s) { s.style.position = 'relative'; s.style.zIndex = 9; } } }
if (kind == 'text' || kind == 'number') { const w = e.getBoundingClientRect().width; e.style.minWidth = e.style.maxWidth = w + 'px';
  e.style.whiteSpace = 'nowrap'; if (getComputedStyle(e).display == 'inline') e.style.display = 'inline-block'; }
const hide = () => e.style.visibility = 'hidden', show = () => e.style.visibility = '';
if (kind == 'add') hide();
if (kind == 'insert') e.style.display = 'none';
if (kind == 'sharpen') e.style.filter = `blur(${v.radius}px)`;
const before = box();
window.__do = () => {
  if (kind == 'text' || kind == 'number') { const h = e.getBoundingClientRect().height; const old = e.textContent;
    if (kind == 'number') e.textContent = old.replace(/[0-9]/g, (d, i) => i % 2 ? d : (+d + 1 + v.dy * v.dy % 8) % 10);
    else { const list = old.split(' '); list[Math.floor(pick * 997) % list.length] = v.text.split(' ')[0]; e.textContent = list.join(' '); }
    if (e.textContent == old) return null;
    if (Math.abs(e.getBoundingClientRect().height - h) > 0.5) return null; }
  if (kind == 'recolour') { if (e instanceof SVGElement) (e.querySelector('circle') || e).setAttribute('fill', v.color);
    else e.style.background = v.color; }
  if (kind == 'text_colour') e.style.color = v.color;
  if (kind == 'remove') hide();
  if (kind == 'add') show();
  if (kind == 'move' || kind == 'nudge') { e.style.transform = `translate(${v.dx}px,${v.dy}px)`; }
  if (kind == 'resize') { e.style.transformBox = 'fill-box'; e.style.transformOrigin = 'center';
    e.style.transform = `scale(${v.factor})`; }
  if (kind == 'blur') e.style.filter = `blur(${v.radius}px)`;
  if (kind == 'sharpen') e.style.filter = '';
  if (kind == 'brighter' || kind == 'darker') e.style.filter = `brightness(${v.light})`;
  if (kind == 'cover') { const r = e.getBoundingClientRect(), d = document.createElement('div');
    d.style.cssText = `position:fixed;left:${r.x}px;top:${r.y}px;width:${r.width}px;height:${r.height}px;background:${v.color}`;
    document.body.append(d); }
  if (kind == 'insert') e.style.display = '';
  if (kind == 'delete') e.style.display = 'none';
  if (kind == 'image') { const r = e.getBoundingClientRect(); e.style.width = r.width + 'px'; e.style.height = r.height + 'px'; e.src = v.src; }
  if (kind == 'icon') { e.innerHTML = e.tagName == 'svg' ? `<path d="M4 4 L24 14 L4 24 Z" fill="${v.color}"/>` : '';
    if (e.tagName != 'svg') e.setAttribute('height', Math.max(4, e.getAttribute('height') * v.factor)); }
  return box();
};
return before;
"""


def values(kind: str, rng: random.Random) -> dict[str, Any]:
    """What a change of a kind is made with."""
    color = rng.choice(
        ("#d64545", "#14a046", "#0d6efd", "#e0a800", "#6f42c1", "#f8f9fa", "#222222", "#17a2b8")
    )
    return {
        "text": f"{rng.randint(5, 499)}.{rng.randint(10, 99)} €" if kind == "number" else words(rng, 1, 4),
        "color": color,
        "dx": rng.choice((-1, 1)) * (rng.randint(3, 12) if kind == "nudge" else rng.randint(0, 160)),
        "dy": rng.randint(0, 4) if kind == "nudge" else rng.choice((-1, 1)) * rng.randint(24, 120),
        "factor": rng.choice((0.6, 0.7, 0.8, 1.25, 1.4, 1.6)),
        "radius": rng.choice((1.5, 2, 3, 4)),
        "light": rng.choice((1.2, 1.3, 1.5) if kind == "brighter" else (0.8, 0.7, 0.5)),
        "src": picture(rng, 300, 200) if kind == "image" else "",
    }


TAGS = """
document.head.insertAdjacentHTML('beforeend', `<style>*, *::before, *::after {animation: none !important;
  transition: none !important; caret-color: transparent !important; scroll-behavior: auto !important}</style>`);
const own = e => [...e.childNodes].filter(n => n.nodeType == 3).map(n => n.textContent.trim()).join('');
for (const e of document.body.querySelectorAll('*')) {
  const r = e.getBoundingClientRect(), text = e.children.length ? '' : own(e);
  if (r.width < 4 || r.height < 4 || getComputedStyle(e).visibility != 'visible') continue;
  if (e.closest('svg')) { if (e.tagName == 'svg' && r.width < 80) e.dataset.k = 'icon_whole'; continue; }
  if (e.tagName == 'IMG') e.dataset.k = 'image';
  else if (e.matches('.btn, button')) e.dataset.k = 'button';
  else if (e.matches('.badge')) e.dataset.k = 'badge';
  else if (e.matches('.card, .alert') && r.height < 300) e.dataset.k = 'box';
  else if (e.matches('p, tr, li') && r.width > 200 && r.height < 160) e.dataset.k = 'flow';
  else if (text && /^[^a-z]*[0-9][^a-z]*$/.test(text)) e.dataset.k = 'number';
  else if (text && text.length < 60) e.dataset.k = 'text';
}
scrollTo(0, arguments[0] * Math.max(0, document.documentElement.scrollHeight - innerHeight));
"""


class Drawer:
    """Chromium, one page at a time: those of `pages`, or where there are none such as `page` makes."""

    pages: tuple[Path, ...] = ()

    def __init__(self, driver: Any, folder: Path) -> None:
        self.driver, self.folder = driver, folder

    def draw(self, rng: random.Random) -> tuple[str, float]:
        """A page's address and how far it is scrolled, 0..1."""
        path, scrolled = self.folder / "page.html", 0.0
        if self.pages:  # without its scripts, which fade and count and draw while the page is photographed
            source = rng.choice(self.pages).resolve()
            text = re.sub(r"<script.*?</script>", "", source.read_text(encoding="utf-8"), flags=re.S | re.I)
            text, scrolled = f"<!doctype html><base href='{source.as_uri()}'>{text}", rng.random()
        else:
            text = page(rng)
        path.write_text(text, encoding="utf-8")
        return path.as_uri(), scrolled

    def open(self, address: str, scrolled: float) -> None:
        """Show a page."""
        self.driver.get(address)
        self.driver.execute_async_script(
            "const done = arguments[0]; Promise.allSettled([...document.images].map(i => i.decode())).then(() => done())"
        )
        if self.pages:
            self.run(TAGS, scrolled)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script in the page."""
        return self.driver.execute_script(script, *arguments)

    @contextmanager
    def scaled(self, factor: int) -> Iterator[None]:
        """Draw with more pixels for a while."""
        metrics = {"width": WIDTH, "height": HEIGHT, "mobile": False}
        command = "Emulation.setDeviceMetricsOverride"
        self.driver.execute_cdp_cmd(command, {**metrics, "deviceScaleFactor": factor})
        try:
            yield
        finally:
            self.driver.execute_cdp_cmd(command, {**metrics, "deviceScaleFactor": 1})

    def shot(self) -> Image.Image:
        """Photograph the page."""
        return Image.open(io.BytesIO(self.driver.get_screenshot_as_png())).convert("RGB")


@contextmanager
def chromium(*flags: str) -> Iterator[Drawer]:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb",
        "--disable-dev-shm-usage", "--disable-background-networking", "--disable-component-update", *flags,
    ):  # fmt: skip
        options.add_argument(flag)
    with tempfile.TemporaryDirectory() as folder:
        driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        try:
            driver.execute_cdp_cmd(
                "Emulation.setDeviceMetricsOverride",
                {"width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": False},
            )
            yield Drawer(driver, Path(folder))
        finally:
            driver.quit()


def bounds(before: Image.Image, after: Image.Image) -> list[int] | None:
    mask = (np.asarray(before) != np.asarray(after)).any(axis=2)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if not rows.size:
        return None
    return [int(columns[0]), int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1]


def is_seen(before: Image.Image, after: Image.Image, box: list[int]) -> bool:
    """Whether anything of what moved is seen where it went."""
    x, y, width, height = box
    there = [image.crop((x, y, x + width, y + height)) for image in (before, after)]
    return bounds(*there) is not None


def whole(box: list[float]) -> list[int]:
    x, y, width, height = box
    left, top = int(np.floor(x)), int(np.floor(y))
    return [left, top, int(np.ceil(x + width)) - left, int(np.ceil(y + height)) - top]


def changed(
    drawer: Drawer, kind: str, rng: random.Random
) -> tuple[Image.Image, Image.Image, dict[str, Any]] | None:
    """One changed pair, or None where the page has nothing for this kind."""
    made = values(kind, rng)
    drawer.open(*drawer.draw(rng))
    before_box = drawer.run(SCRIPT, kind, TARGETS[kind], rng.random(), made)
    if before_box is None:
        return None
    before = drawer.shot()
    after_box = drawer.run("return window.__do()")
    if after_box is None:
        return None
    if kind == "image":
        drawer.driver.execute_async_script("const d = arguments[0]; window.__target.decode().then(() => d())")
    after = drawer.shot()
    box = bounds(before, after)
    if box is None or box[2] * box[3] < 12:
        return None
    boxes: tuple[Any, Any] = (box, box)
    if kind in ("move", "nudge") and not is_seen(before, after, whole(after_box)):
        return None  # it lies outside of what is shown of its parent, or behind something
    if kind in ("move", "nudge", "resize"):
        boxes = whole(before_box), whole(after_box)
    if kind == "insert":
        boxes = None, whole(after_box)
    if kind == "delete":
        boxes = whole(before_box), None
    for one in boxes:
        if one and (one[0] < 0 or one[1] < 0 or one[0] + one[2] > WIDTH or one[1] + one[3] > HEIGHT):
            return None
    truth = {"kind": kind, "before_box": boxes[0], "after_box": boxes[1], "fact": FACT_OF_KIND.get(kind)}
    truth["values"] = {key: made[key] for key in ("dx", "dy", "factor", "color", "radius", "light")}
    return before, after, truth


def unchanged(
    drawer: Drawer, noise: str, rng: random.Random
) -> tuple[Image.Image, Image.Image, dict[str, Any]]:
    """One pair in which nothing changed but what `noise` says."""
    shown = drawer.draw(rng)
    drawer.open(*shown)
    before = drawer.shot()
    truth: dict[str, Any] = {
        "kind": "none",
        "before_box": None,
        "after_box": None,
        "fact": None,
        "noise": noise,
    }
    if noise == "jpeg":
        truth["quality"] = rng.choice((75, 80, 85, 90, 95))
        return before, encoded(before, truth["quality"]), truth
    if noise == "half_pixel":
        drawer.run("document.body.style.transform = 'translate(0.5px, 0)'")
    elif noise == "text_half_pixel":
        drawer.run("for (const e of document.querySelectorAll('[data-k=text]')) {"
                   "e.style.position = 'relative'; e.style.left = arguments[0] + 'px'; e.style.willChange = 'transform'}",
                   rng.choice((0.25, 0.5, 0.75)))  # fmt: skip
    elif noise == "supersampled":
        with drawer.scaled(2):
            return before, drawer.shot().resize(before.size, Image.Resampling.LANCZOS), truth
    elif noise == "edges":
        return before, flickering(before, rng), truth
    else:
        drawer.open(*shown)
    return before, drawer.shot(), truth


def flickering(image: Image.Image, rng: random.Random) -> Image.Image:
    """The picture with another antialiasing of its edges: their pixels are mixed with a neighbour at random."""
    pixels = np.asarray(image).astype(np.float32)
    noise = np.random.default_rng(rng.randrange(1 << 30))
    padded = np.pad(pixels, ((1, 1), (1, 1), (0, 0)), mode="edge")
    dy, dx = ((0, 1), (2, 1), (1, 0), (1, 2))[noise.integers(4)]
    neighbour = padded[dy : dy + pixels.shape[0], dx : dx + pixels.shape[1]]
    weight = noise.uniform(0, rng.choice((0.15, 0.3)), pixels.shape[:2])[:, :, None]
    return Image.fromarray(np.rint(pixels + weight * (neighbour - pixels)).astype(np.uint8))


def encoded(image: Image.Image, quality: int) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=quality)
    return Image.open(buffer).convert("RGB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--changed", type=int, default=100)
    parser.add_argument("--unchanged", type=int, default=50)
    parser.add_argument("--kinds", nargs="*", default=list(KINDS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pages", type=Path, default=None, help="folder of HTML files")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    truths = []
    with chromium("--allow-file-access-from-files") as drawer:
        drawer.pages = tuple(sorted(options.pages.rglob("*.html"))) if options.pages else ()
        turn = 0
        while len(truths) < options.changed + options.unchanged:
            rng = random.Random(options.seed * 1_000_003 + turn)
            if len(truths) < options.changed:
                pair = changed(drawer, options.kinds[turn % len(options.kinds)], rng)
            else:
                pair = unchanged(drawer, NOISES[turn % len(NOISES)], rng)
            turn += 1
            if pair is None:
                continue
            name = f"{len(truths):03d}"
            for image, side in zip(pair[:2], ("before", "after"), strict=True):
                image.save(options.output / f"{name}_{side}.png", compress_level=1)
            truths.append({"id": name, **pair[2]})
            # after every pair, so that what was drawn can be measured whenever it ends
            (options.output / "truth.json").write_text(json.dumps(truths, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
