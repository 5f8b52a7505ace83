# ruff: noqa: E501
"""What a person would say of a change of a page: the element by its role and words, and what happened to it.

In: what the page told of a change (`mutate.js`). Out: sentences; and of a sentence the kind that it tells.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from blip2idc.images.color_names import color_name

#: Colours that elements are given, red, green and blue in 0..255.
COLORS: Mapping[str, tuple[int, int, int]] = {
    "red": (214, 40, 40), "dark red": (105, 5, 15), "orange": (240, 130, 20), "yellow": (250, 210, 40),
    "light yellow": (252, 240, 150), "green": (40, 160, 70), "light green": (150, 230, 160), "dark green": (8, 75, 35),
    "turquoise": (20, 175, 180), "blue": (35, 90, 220), "light blue": (150, 200, 250), "dark blue": (10, 25, 95),
    "purple": (130, 60, 180), "pink": (240, 110, 170), "brown": (120, 72, 20), "black": (15, 15, 15),
    "white": (250, 250, 250), "grey": (130, 130, 130), "light grey": (215, 215, 215),
}  # fmt: skip

#: Of every kind the wordings, forwards and, where they differ, backwards (before and after exchanged).
#: `{it}` is the element, `{its}` its words or it, `{at}` where it is.
TEMPLATES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "text": (
        ('the {role} "{old}" now reads "{new}"', '"{old}" was changed to "{new}"', 'the {role} says "{new}" instead of "{old}"',
         'the wording of the {role} changed from "{old}" to "{new}"'), ()),
    "number": (
        ("{the_number} changed from {old} to {new}", "{the_number} is now {new} instead of {old}", "{the_number} went from {old} to {new}"), ()),
    "text_color": (
        ("the text of {it} turned from {old} to {new}", "{it} is written in {new} instead of {old}",
         "the text colour of {it} changed from {old} to {new}", "{it} has {new} letters now"), ()),
    "background": (
        ("{it} turned from {old} to {new}", "{it} is {new} instead of {old}", "the background of {it} changed from {old} to {new}",
         "{it} has a {new} background now"), ()),
    "font_size": (("the text of {it} became {new}", "{it} is written in {new} letters", "the letters of {it} are {new} now"), ()),
    "font_weight": (("{it} is now in {new} type", "the text of {it} changed from {old} to {new}", "{it} is set in {new} now"), ()),
    "text_style": (("{it} is {new} now", "the text of {it} is now {new}"), ("{it} is no longer {old}", "the text of {it} is not {old} any more")),
    "removed": (("{it} is missing", "{it} was removed", "{it} is gone", "{it} has disappeared"), ()),
    "added": (("{it} was added", "{it} appeared", "there is a new {bare}", "a new {bare} appeared"), ()),
    "moved": (("{it} moved {way}", "{it} was shifted {way}", "{it} is further {way} now"), ()),
    "swapped": (('{it} and {other} swapped places', 'the order of {it} and {other} was reversed', "{it} changed places with {other}"), ()),
    "resized": (("{it} became {new}", "{it} is {new} now", "the size of {it} changed, it is {new}"), ()),
    "image_replaced": (("{it} was replaced by another one", "{it} shows something else", "there is a different picture in the place of {it}"), ()),
    "image_missing": (("{it} does not load", "{it} is not shown any more", "the image of {it} is missing"), ("{it} is shown again", "{it} has loaded", "the image of {it} is back")),
    "opacity": (("{it} became fainter", "{it} has faded", "{it} is half transparent now"), ("{it} is no longer faded", "{it} became stronger", "{it} is fully visible again")),
    "border": (("{it} has a {new} border now", "a {new} border was added around {it}", "{it} got a {new} frame"), ("the {old} border of {it} is gone", "{it} lost its {old} border", "{it} has no {old} frame any more")),
    "rounded": (("the corners of {it} became {new}", "{it} has {new} corners now", "{it} got {new} corners instead of {old} ones"), ()),
    "shadow": (("{it} has a shadow now", "a shadow was added below {it}", "{it} casts a shadow"), ("the shadow of {it} is gone", "{it} lost its shadow", "{it} has no shadow any more")),
    "spacing": (("the {mode} of {it} are {new}", "the spacing of the {mode} of {it} changed, they are {new}"), ()),
    "gap": (
        (
            "the gap below {it} became {new}",
            "the space below {it} is {new} now",
            "what follows below {it} is at a {new} distance",
        ),
        (),
    ),
    "alignment": (("{it} is {new} instead of {old}", "the alignment of {it} changed from {old} to {new}", "{it} is {new} now"), ()),
    "theme": (("the page switched from the {old} to the {new} theme", "the page is in {new} mode now", "the whole page turned {new}"), ()),
    "checked": (("{it} was checked", "{it} is checked now", "{it} was turned on"), ("{it} was unchecked", "{it} is no longer checked", "{it} was turned off")),
    "disabled": (("{it} is disabled now", "{it} was greyed out", "{it} became inactive"), ("{it} is enabled now", "{it} is no longer greyed out", "{it} became active")),
    "focus": (("{it} has the focus", "{it} is highlighted by a focus ring", "{it} was focused"), ("{it} lost the focus", "the focus ring of {it} is gone", "{it} is no longer focused")),
    "menu": (("a menu opened below {it}", "the menu of {it} is open", "{it} shows its menu"), ("the menu below {it} was closed", "the menu of {it} is closed", "{it} hides its menu")),
    "dialog": (('a dialog "{name}" opened', "a dialog appeared over the page", 'the dialog "{name}" covers the page'), ('the dialog "{name}" was closed', "the dialog over the page is gone", 'the dialog "{name}" no longer covers the page')),
    "cookie_banner": (("a cookie banner appeared at the {mode}", "a cookie banner is shown", "the page asks about cookies"), ("the cookie banner at the {mode} is gone", "the cookie banner was closed", "the page no longer asks about cookies")),
    "language": (("the page is now in {new}", "the language of the page changed to {new}", "the texts of the page were translated to {new}"), ("the page is no longer in {old}", "the language of the page changed from {old} to another one", "the texts of the page are not in {old} any more")),
    "style_missing": (("the page lost its style sheet", "the page is shown without its styles", "the layout is broken, the style sheet is missing"), ("the page got its style sheet back", "the page is shown with its styles again", "the layout is repaired, the style sheet is back")),
    "overflow": (("the text of {it} runs out of its box", "{it} overflows", "{it} no longer fits into its box"), ("the text of {it} fits into its box again", "{it} no longer overflows", "{it} does not run out of its box any more")),
    "overlap": (("{it} overlaps {other}", "{it} lies on top of {other}", "{it} covers a part of {other}"), ("{it} no longer overlaps {other}", "{it} does not lie on top of {other} any more", "{it} no longer covers {other}")),
}  # fmt: skip

#: Kinds that are told as another one when before and after are exchanged.
REVERSED_KINDS: Mapping[str, str] = {"removed": "added", "added": "removed"}

_WAYS = {"left": "to the left", "right": "to the right", "up": "up", "down": "down"}


def color_of(css: str) -> tuple[int, int, int]:
    """Red, green and blue of `rgb(214, 40, 40)`, other forms that browsers compute included."""
    values = [float(value) for value in re.findall(r"-?[\d.]+", css)[:3]]
    if css.startswith("color("):
        values = [255 * value for value in values]
    red, green, blue = (min(255, max(0, round(value))) for value in [*values, 0, 0, 0][:3])
    return red, green, blue


def element(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What a person would call the element, the commonest first: `the "Continue" button`."""
    role, name, beginning, where = (
        str(told.get(key) or "") for key in ("role", "name", "beginning", "where")
    )
    name, beginning = name.replace('"', "'"), beginning.replace('"', "'")
    if name:
        found = (f'the "{name}" {role}', f'the {role} "{name}"')
        return (*found, f"{found[0]} {where}") if where else found
    plain = f"the {role} {where}" if where else f"the {role}"
    if beginning:
        return (f'the {role} that begins "{beginning}"', plain)
    return (plain,)


def captions_of(
    kind: str, told: Mapping[str, Any], size: tuple[int, int], backwards: bool = False
) -> tuple[str, ...]:
    """Every wording for a change, the plainest first.

    Args:
        kind: Kind of the change, as it is told forwards.
        told: What the page said of it: role, name, beginning, where, old, new, before, after and the kind's own.
        size: Width and height of the window, to name the place.
        backwards: Whether before and after were exchanged; `told` is as the page said it.
    """
    kind = REVERSED_KINDS.get(kind, kind) if backwards else kind
    forwards, reverse = TEMPLATES[kind]
    templates = reverse if backwards and reverse else forwards
    names = element(told)
    values = _values(told, backwards)
    box = told["after"] or told["before"]
    found = [
        template.format_map({**values, **_named(told, names[0])}) for template in _fitting(templates, values)
    ]
    found += [
        template.format_map({**values, **_named(told, name)})
        for name in names[1:]
        for template in _fitting(templates, values)[:2]
    ]
    if told["role"] != "page":
        found.append(f"{place_of(box, size)}, {found[0]}")
    return tuple(dict.fromkeys(found))


def _values(told: Mapping[str, Any], backwards: bool) -> dict[str, str]:
    """What stands in the templates, apart from the element."""
    old, new = (
        _worded(str(told.get(key) or "")) for key in (("new", "old") if backwards else ("old", "new"))
    )
    other = str(told.get("other") or "").replace('"', "'")
    noun = str(told.get("noun") or "number")
    label = str(told.get("name") or "").replace('"', "'")
    where = str(told.get("where") or "")
    return {
        "role": str(told["role"]), "name": label, "old": old, "new": new, "mode": str(told.get("mode") or ""),
        "way": _WAYS.get(new, new), "other": f'"{other}"' if other else "the element beside it",
        "the_number": f'the {noun} of "{label}"' if label else f"the {noun} {where}".strip(),
    }  # fmt: skip


def _named(told: Mapping[str, Any], name: str) -> dict[str, str]:
    return {"it": name, "bare": name.removeprefix("the ")}


def _fitting(templates: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The templates whose values are known; where there is none, those of the element alone."""
    known = [
        t for t in templates if ("{old}" not in t or values["old"]) and ("{new}" not in t or values["new"])
    ]
    return known or ["the text of {it} changed"]


def _worded(value: str) -> str:
    return color_name(color_of(value)) if value.startswith(("rgb", "color(")) else value.replace('"', "'")


def joined(parts: Sequence[Sequence[str]]) -> tuple[str, ...]:
    """Sentences for several changes at once, of the wordings of each."""
    first = [wordings[0] for wordings in parts]
    second = [wordings[min(1, len(wordings) - 1)] for wordings in parts]
    found = [" and ".join(first), ", and ".join(first), " and ".join(reversed(first)), " and ".join(second)]
    return tuple(dict.fromkeys(found))


def place_of(box: Sequence[float], size: tuple[int, int]) -> str:
    """Where a box lies, in words: `at the top left`, `in the middle`."""
    left, top, width, height = box
    across = ("left", "", "right")[max(0, min(2, int(3 * (left + width / 2) / size[0])))]
    down = ("top", "", "bottom")[max(0, min(2, int(3 * (top + height / 2) / size[1])))]
    if not across and not down:
        return "in the middle"
    return " ".join(part for part in ("at the" if down else "on the", down, across) if part)


def kinds_of_caption(caption: str) -> frozenset[str]:
    """The kinds of change that a sentence in the words of `captions_of` may tell; empty where it tells none.

    >>> sorted(kinds_of_caption('at the top left, the "Continue" button turned from blue to red'))
    ['background']
    """
    quoted = re.sub(r'"[^"]*"', '"q"', caption.strip().rstrip("."))
    parts = [part for part in re.split(r",? and (?=the |a |\"|there )", quoted) if part]
    found = [_kinds_of_part(part) for part in parts]
    whole = _kinds_of_part(quoted)
    if whole or len(parts) == 1:
        return whole
    return frozenset({"several"}) if all(found) else frozenset()


def _kinds_of_part(part: str) -> frozenset[str]:
    return frozenset(kind for kind, pattern in _patterns() if pattern.fullmatch(part))


@cache
def _patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    found = [("text", re.compile(rf"{_PLACE}the text of the {_BARE} changed"))]
    for kind, (forwards, reverse) in TEMPLATES.items():
        fields = {**_FIELDS, "old": _VALUES.get(kind, r".+"), "new": _VALUES.get(kind, r".+")}
        shortened = [_VALUES_TOLD.sub("", one) for one in forwards] if kind in ("text", "number") else []
        for template in dict.fromkeys((*forwards, *reverse, *shortened)):
            parts = re.split(
                r"\{(\w+)\}", re.sub(r'"\{\w+\}"', '"q"', template)
            )  # text, field, text, field, ...
            filled = [fields.get(part, ".+") if at % 2 else re.escape(part) for at, part in enumerate(parts)]
            found.append((kind, re.compile(_PLACE + "".join(filled) + _PLACE_AFTER)))
    return tuple(found)


#: What a sentence leaves out of a text or a number that was not read.
_VALUES_TOLD = re.compile(r'(?<=changed) from "?\{old\}"? to "?\{new\}"?$')

_PLACE = r"(?:(?:at|on|in) the [a-z ]+, )?"
_PLACE_AFTER = (
    r"(?:,? (?:at|on|in) the (?:top|bottom|middle|left|right|centre|[a-z]+ (?:left|right|half|corner)))?"
)
_COLOR = r"(?:(?:pale|light|dark) )?(?:black|white|grey|red|orange|yellow|green|turquoise|blue|purple|pink|brown|beige)"
_SIZES, _NUMBER = "(?:larger|smaller)", r"[\d.,]+"

#: What `{old}` and `{new}` may be, by kind, so that no sentence tells two kinds.
_VALUES: Mapping[str, str] = {
    "number": _NUMBER, "text_color": _COLOR, "background": _COLOR, "border": _COLOR, "font_size": _SIZES,
    "resized": _SIZES, "gap": _SIZES, "font_weight": "(?:bold|regular)", "text_style": "(?:italic|underlined|crossed out|in capitals)",
    "rounded": "(?:round|square)", "spacing": "(?:closer together|further apart)", "theme": "(?:light|dark)",
    "alignment": "(?:left-aligned|centered|right-aligned)",
    "language": "(?:German|French|Spanish|Italian|English|another language)",
}  # fmt: skip

#: What `element` calls elements: `P.role` of `elements.js`.
ROLES = (
    "logo", "portrait", "icon", "picture", "drawing", "chart", "switch", "checkbox", "radio button", "slider", "drop-down list",
    "field", "menu button", "button", "badge", "progress bar", "message", "column title", "row", "table cell", "heading", "menu item", "link",
    "label", "list item", "line", "navigation bar", "footer", "side bar", "table", "form", "card", "paragraph", "text", "box",
)  # fmt: skip

_ROLE = f"(?:{'|'.join(ROLES)})"
_WHERE = (
    '(?:(?:first|second|third|fourth|fifth|sixth) (?:row|card|list item)|(?:row|card) "q"'
    "|table|footer|side bar|navigation bar|form|page header)"
)  # `P.where` of `elements.js`
_BARE = rf'(?:"q" )?{_ROLE}(?: "q"| that begins "q")?(?: in the {_WHERE})?'

_FIELDS: Mapping[str, str] = {
    "it": f"the {_BARE}",
    "bare": _BARE,
    "role": _ROLE,
    "other": '(?:"q"|the element beside it)',
    "mode": "(?:top|bottom|lines|letters)",
    "the_number": "the (?:number|price|percentage|date).*",
    "way": "(?:to the left|to the right|up|down)",
}
