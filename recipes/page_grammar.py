# ruff: noqa: E501
"""Web pages made of a small grammar: many kinds of parts, fonts, colours, widths and languages, each page another.

In: style sheets (themes of Bootstrap), a count and a seed. Out: HTML files that need nothing from the web; half of them
with a theme, half with a style of their own drawn from the same chance.
"""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from blip2idc.worlds.edits.photographs import packaged_photographs
from blip2idc.worlds.pages.texts import PHRASES, WORDS

FONTS = (
    "Roboto", "Open Sans", "Lato", "Inter", "DejaVu Sans", "DejaVu Serif", "Liberation Sans", "Liberation Serif",
    "Liberation Sans Narrow", "Noto Sans", "Noto Serif", "Liberation Mono",
)  # fmt: skip
NAMES = ("Anna Miller", "Paul Weber", "Chen Wei", "Maria Rossi", "Omar Haddad", "Julia Novak", "Tom Becker", "Ines Costa",
         "Lena Fischer", "Noah Smith", "Aiko Tanaka", "Ravi Patel")  # fmt: skip
THINGS = ("Desk lamp", "Running shoes", "Coffee beans", "Garden chair", "Wool scarf", "City bike", "Rain jacket", "Tea pot",
          "Notebook", "Headphones", "Backpack", "Cast iron pan", "Table clock", "Board game", "Hiking boots")  # fmt: skip
STATES = (
    "Pending",
    "Approved",
    "Completed",
    "Rejected",
    "In progress",
    "Draft",
    "New",
    "Paid",
    "Overdue",
    "Shipped",
)
SENTENCES = (
    "We deliver to your door within two days.", "Every product is checked by hand before it leaves our workshop.",
    "The meeting starts at the town hall and ends by the river.", "Prices include all taxes.", "Read how it was made.",
    "Our team answers questions on every day of the week.", "The old mill has been open to visitors since spring.",
    "Results of the last quarter were better than expected.", "Bring warm clothes and good shoes.",
    "The exhibition shows two hundred pictures from five countries.", "You can cancel at any time.",
    "A short walk leads from the station to the harbour.", "Members receive the magazine four times a year.",
)  # fmt: skip


class Page:
    """One page in the making: its chance, its language, and its pictures."""

    def __init__(self, rng: random.Random, pictures: Sequence[str]) -> None:
        self.rng, self.pictures = rng, pictures
        language = rng.choice(["English"] * 4 + list(PHRASES))
        self.words = WORDS if language == "English" else PHRASES[language]

    def word(self) -> str:
        """A few words, as on a button."""
        return escape(self.rng.choice(self.words))

    def sentences(self, count: int) -> str:
        """Some sentences."""
        return " ".join(self.rng.choice(SENTENCES) for _ in range(count))

    def picture(self, style: str = "") -> str:
        """A photograph, or an emblem drawn in one colour."""
        name = self.rng.choice(self.pictures)
        return f'<img src="{name}" alt="{self.rng.choice(THINGS) if self.rng.random() < 0.5 else ""}" style="{style}">'

    def icon(self) -> str:
        """A simple drawn sign."""
        shape = self.rng.choice(
            [
                '<circle cx="8" cy="8" r="7"/>',
                '<path d="M8 1l7 14H1z"/>',
                '<path d="M1 1h14v14H1z"/>',
                '<path d="M8 0l2 6h6l-5 4 2 6-5-4-5 4 2-6-5-4h6z"/>',
            ]
        )
        return f'<svg width="18" height="18" viewBox="0 0 16 16" fill="{self.color()}">{shape}</svg>'

    def color(self) -> str:
        """Any colour that is neither very pale nor very dark."""
        return f"hsl({self.rng.randrange(360)},{self.rng.randrange(35, 95)}%,{self.rng.randrange(28, 62)}%)"

    def price(self) -> str:
        """A price as shops write it."""
        value = self.rng.choice([self.rng.randrange(2, 99), self.rng.randrange(100, 2000)])
        return self.rng.choice(
            [f"${value}", f"{value}.99 €", f"£{value}.50", f"{value} EUR", f"${value},000"]
        )


def nav(page: Page) -> str:
    """A navigation bar."""
    links = "".join(
        f'<li class="nav-item"><a class="nav-link" href="#">{page.word()}</a></li>'
        for _ in range(page.rng.randrange(3, 7))
    )
    tone = page.rng.choice(["navbar-dark bg-dark", "navbar-dark bg-primary", "navbar-light bg-light"])
    return (
        f'<nav class="navbar navbar-expand {tone} px-3"><a class="navbar-brand" href="#">{page.icon()} {page.word()}</a>'
        f'<ul class="navbar-nav me-auto">{links}</ul><a class="btn btn-secondary" href="#">{page.word()}</a></nav>'
    )


def hero(page: Page) -> str:
    """A large heading with buttons, at times beside a picture."""
    picture = page.picture("max-width:100%;height:260px;object-fit:cover") if page.rng.random() < 0.6 else ""
    return (
        f'<header class="p-5 masthead hero"><h1 class="display-5">{page.word()} {page.word()}</h1><p class="lead">{page.sentences(1)}</p>'
        f'<p><a class="btn btn-primary" href="#">{page.word()}</a> <a class="btn btn-outline-secondary" href="#">{page.word()}</a></p>{picture}</header>'
    )


def cards(page: Page) -> str:
    """Cards in a row, as shops and magazines have them."""
    shown = page.rng.random() < 0.75
    made = []
    for _ in range(page.rng.choice([2, 3, 3, 4, 6])):
        top = page.picture("width:100%;height:130px;object-fit:cover") if shown else page.icon()
        badge = (
            f'<span class="badge bg-{page.rng.choice(["danger", "success", "info"])}">{page.word()}</span>'
            if page.rng.random() < 0.4
            else ""
        )
        made.append(
            f'<div class="col"><div class="card">{top}<div class="card-body"><h5 class="card-title">{page.rng.choice(THINGS)} {badge}</h5>'
            f'<p class="card-text">{page.sentences(1)}</p><p class="price"><b>{page.price()}</b></p><a class="btn btn-primary" href="#">{page.word()}</a></div></div></div>'
        )
    return (
        f'<section class="p-3"><h2>{page.word()}</h2><div class="row cards">{"".join(made)}</div></section>'
    )


def table(page: Page) -> str:
    """A table of orders."""
    heads = "".join(f"<th>{page.word()}</th>" for _ in range(4))
    rows = "".join(
        f"<tr><td>{name}</td><td>{page.rng.choice(THINGS)}</td><td>{page.price()}</td>"
        f'<td><span class="badge bg-{page.rng.choice(["success", "warning", "danger", "secondary"])}">{page.rng.choice(STATES)}</span></td></tr>'
        for name in page.rng.sample(NAMES, page.rng.randrange(3, 9))
    )
    look = page.rng.choice(["", "table-striped", "table-bordered", "table-hover table-sm"])
    return f'<section class="p-3"><h3>{page.word()}</h3><table class="table {look}"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></section>'


def form(page: Page) -> str:
    """A form with fields, boxes to tick and buttons."""
    fields = "".join(
        f'<div class="mb-3"><label class="form-label" for="f{n}">{page.word()}</label><input class="form-control" id="f{n}" placeholder="{page.word()}"></div>'
        for n in range(page.rng.randrange(2, 5))
    )
    boxes = "".join(
        f'<div class="form-check {page.rng.choice(["", "form-switch"])}"><input class="form-check-input" type="checkbox" id="c{n}" {page.rng.choice(["", "checked"])}>'
        f'<label class="form-check-label" for="c{n}">{page.word()}</label></div>'
        for n in range(page.rng.randrange(1, 4))
    )
    radios = "".join(
        f'<label class="me-3"><input type="radio" name="r" {"checked" if n == 0 else ""}> {page.word()}</label>'
        for n in range(3)
    )
    options = "".join(f"<option>{page.word()}</option>" for _ in range(3))
    return (
        f'<section class="p-3"><form class="card p-3"><h4>{page.word()}</h4>{fields}<select class="form-select mb-3">{options}</select>{boxes}<p>{radios}</p>'
        f'<p><button type="button" class="btn btn-success">{page.word()}</button> <button type="button" class="btn btn-light">{page.word()}</button></p></form></section>'
    )


def figures(page: Page) -> str:
    """Numbers of a dashboard, with bars."""
    made = "".join(
        f'<div class="col"><div class="card small-box"><div class="card-body">{page.icon()} <h6>{page.word()}</h6>'
        f"<h3>{page.rng.choice([page.price(), f'{page.rng.randrange(1, 100)}%', f'{page.rng.randrange(1000, 99999):,}'])}</h3>"
        f'<div class="progress"><div class="progress-bar" style="width:{page.rng.randrange(10, 95)}%"></div></div></div></div></div>'
        for _ in range(page.rng.choice([3, 4]))
    )
    bars = "".join(
        f'<rect x="{20 + 40 * n}" y="{120 - h}" width="26" height="{h}" fill="{page.color()}"/>'
        for n in range(8)
        for h in [page.rng.randrange(10, 110)]
    )
    chart = f'<svg class="chart" width="360" height="130">{bars}</svg>' if page.rng.random() < 0.5 else ""
    return f'<section class="p-3"><div class="row cards">{made}</div>{chart}</section>'


def article(page: Page) -> str:
    """A text with headings, a picture and a quotation."""
    parts = []
    for _ in range(page.rng.randrange(1, 4)):
        parts.append(f"<h3>{page.word()}</h3><p>{page.sentences(page.rng.randrange(2, 6))}</p>")
    where = page.rng.randrange(len(parts) + 1)
    parts.insert(where, page.picture("max-width:60%;max-height:240px"))
    quote = f"<blockquote class='blockquote'>{page.sentences(1)}<footer class='blockquote-footer'>{page.rng.choice(NAMES)}</footer></blockquote>"
    return f'<article class="p-3"><h2>{page.word()}</h2><p class="text-muted">{page.rng.choice(NAMES)}, {page.rng.randrange(1, 29)}.{page.rng.randrange(1, 13)}.20{page.rng.randrange(10, 26)}</p>{"".join(parts)}{quote}</article>'


def people(page: Page) -> str:
    """Portraits with names."""
    made = "".join(
        f'<div class="col text-center">{page.picture("width:90px;height:90px;border-radius:50%;object-fit:cover")}<h5>{name}</h5><p class="text-muted">{page.word()}</p></div>'
        for name in page.rng.sample(NAMES, page.rng.choice([3, 4]))
    )
    return f'<section class="p-3"><h2>{page.word()}</h2><div class="row cards">{made}</div></section>'


def lists(page: Page) -> str:
    """A list with counts, and a message above."""
    items = "".join(
        f'<li class="list-group-item d-flex justify-content-between">{page.word()} <span class="badge bg-primary">{page.rng.randrange(1, 99)}</span></li>'
        for _ in range(page.rng.randrange(3, 8))
    )
    tone = page.rng.choice(["success", "warning", "danger", "info"])
    return f'<section class="p-3"><div class="alert alert-{tone}">{page.sentences(1)}</div><ul class="list-group">{items}</ul></section>'


def pricing(page: Page) -> str:
    """Plans beside each other."""
    made = "".join(
        f'<div class="col"><div class="card text-center p-3"><h4>{plan}</h4><h2>{page.price()}</h2><ul>{"".join(f"<li>{page.word()}</li>" for _ in range(3))}</ul><a class="btn btn-primary" href="#">{page.word()}</a></div></div>'
        for plan in ("Basic", "Premium", "Enterprise")
    )
    return f'<section class="p-3"><h2>{page.word()}</h2><div class="row cards">{made}</div></section>'


def foot(page: Page) -> str:
    """The end of a page."""
    links = " · ".join(f'<a href="#">{page.word()}</a>' for _ in range(4))
    return f'<footer class="p-4 bg-light border-top"><p>{links}</p><small>© 20{page.rng.randrange(10, 26)} {page.word()}</small></footer>'


PARTS: tuple[Callable[[Page], str], ...] = (
    hero,
    cards,
    table,
    form,
    figures,
    article,
    people,
    lists,
    pricing,
)


def own_style(rng: random.Random) -> str:
    """A style of its own: palette, font, roundness, spacing, light or dark."""
    hue, dark = rng.randrange(360), rng.random() < 0.35
    ground, ink = (
        (f"hsl({hue},{rng.randrange(0, 30)}%,{rng.randrange(8, 16)}%)", "#e8e8e8")
        if dark
        else (
            f"hsl({hue},{rng.randrange(0, 60)}%,{rng.randrange(95, 101)}%)",
            f"hsl({hue},30%,{rng.randrange(8, 25)}%)",
        )
    )
    plate = f"hsl({hue},15%,{20 if dark else 100}%)"
    main = f"hsl({(hue + rng.choice([0, 30, 180])) % 360},{rng.randrange(45, 95)}%,{rng.randrange(32, 52)}%)"
    radius, pad, size = (
        rng.choice([0, 3, 6, 12, 24]),
        rng.choice([8, 12, 20]),
        rng.choice([13, 14, 15, 16, 18]),
    )
    shadow = rng.choice(["none", "none", "0 2px 6px rgba(0,0,0,.2)"])
    line = rng.choice(["none", f"1px solid hsl({hue},15%,{35 if dark else 82}%)"])
    return f"""
body{{margin:0;background:{ground};color:{ink};font:{size}px/1.5 '{rng.choice(FONTS)}',sans-serif}}
h1,h2,h3,h4,h5,h6{{font-family:'{rng.choice(FONTS)}',serif;margin:.4em 0;font-weight:{rng.choice([400, 600, 700])}}}
a{{color:{main}}} img{{max-width:100%}} section,article,header{{padding:{pad}px {2 * pad}px}}
nav{{display:flex;flex-wrap:wrap;gap:{pad}px;align-items:center;padding:{pad}px {2 * pad}px;background:{rng.choice([main, plate, "#222"])};color:#fff}}
nav ul{{display:flex;flex-wrap:wrap;gap:{pad}px;list-style:none;margin:0;padding:0;flex:1}} nav a{{color:{rng.choice(["#fff", "#ccc", "#9bd"])};text-decoration:none}}
.btn{{display:inline-block;border:0;padding:{pad // 2}px {pad}px;border-radius:{radius}px;background:{main};color:#fff;font:inherit;text-decoration:none}}
.btn-light,.btn-outline-secondary{{background:transparent;color:{ink};border:1px solid {ink}}} .btn-success{{background:hsl(140,60%,35%)}}
.cards{{display:flex;flex-wrap:wrap;gap:{pad}px}} .col{{flex:1 1 {rng.choice([150, 200, 240])}px;min-width:0}}
.card{{background:{plate};border:{line};border-radius:{radius}px;box-shadow:{shadow};padding:{pad // 2}px}} .card-body{{padding:{pad // 2}px}}
.badge{{background:{main};color:#fff;border-radius:{radius}px;padding:2px 8px;font-size:.8em}} .bg-danger{{background:#c33}} .bg-warning{{background:#c80}}
table{{border-collapse:collapse;width:100%}} td,th{{padding:{pad // 2}px;border-bottom:1px solid #8886;text-align:{rng.choice(["left", "left", "center"])}}}
.form-control,.form-select{{display:block;width:100%;box-sizing:border-box;padding:{pad // 2}px;font:inherit;border:1px solid #888;border-radius:{radius}px;background:{plate};color:{ink}}}
.mb-3{{margin-bottom:{pad}px}} .progress{{height:10px;background:#8884;border-radius:9px}} .progress-bar{{height:10px;background:{main};border-radius:9px}}
.alert{{padding:{pad}px;border-left:5px solid {main};background:{plate}}} .list-group{{list-style:none;padding:0}} .list-group-item{{padding:{pad // 2}px;border-bottom:1px solid #8886;display:flex;justify-content:space-between}}
footer{{padding:{2 * pad}px;border-top:1px solid #8886}} .text-center,.hero{{text-align:{rng.choice(["center", "left"])}}} blockquote{{font-style:italic}}
"""


def write_pages(folder: Path, sheets: Sequence[Path], count: int, seed: int) -> None:
    """Writes `count` pages, and the pictures and style sheets that they need, into a folder."""
    if folder.exists():
        return
    (folder / "images").mkdir(parents=True)
    pictures = []
    for path in packaged_photographs("train"):
        with Image.open(path) as image:
            image.thumbnail((480, 480))
            image.convert("RGB").save(folder / "images" / f"{path.stem}.jpg", quality=88)
        pictures.append(f"images/{path.stem}.jpg")
    for sheet in sheets:
        shutil.copy(sheet, folder / f"{sheet.parent.name}.css")
    for index in range(count):
        rng = random.Random(f"{seed} {index}")
        page = Page(rng, pictures)
        if rng.random() < 0.5:
            sheet = rng.choice(sheets).parent.name
            font = f"<style>body{{font-family:'{rng.choice(FONTS)}'}}</style>" if rng.random() < 0.4 else ""
            style = f'<link rel="stylesheet" href="{sheet}.css">{font}'
        else:
            style = f"<style>{own_style(rng)}</style>"
        theme = ' data-bs-theme="dark"' if rng.random() < 0.2 else ""
        body = "\n".join(part(page) for part in (nav, *rng.sample(PARTS, rng.randrange(2, 5)), foot))
        width = rng.choice(["", "", 'style="max-width:900px;margin:0 auto"'])
        html = f'<!doctype html><html{theme}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{page.word()}</title>{style}</head><body><div {width}>{body}</div></body></html>\n'
        (folder / f"page-{index:03d}.html").write_text(html, encoding="utf-8")
