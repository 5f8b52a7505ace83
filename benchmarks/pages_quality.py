# ruff: noqa: E501
r"""What a model says of web pages whose templates it never saw, alone and with what is measured.

    python recipes/page_sources.py build-data/pages
    blip2idc synthesize pages --pages build-data/pages/heldout --count 400 --seed 900 --no-change-share 0.25 \
        --size 800x560,390x700,640x480,1024x640,360x640,900x500 --output build-data/pages-heldout
    python benchmarks/pages_quality.py build-data/pages-heldout

Writes `pages_quality.json` beside this file. For each way of looking (the model alone, at the whole; its sentences of the whole
and of close looks at the places that differ; and what the program tells, with measured facts and texts):

- `kind`: share of the changed pairs whose kind is told: by a sentence that can tell it and no other kind, by a measured
  fact of that kind (`FACTS`), or by the old and the new text as they were read;
- `named`: share of the changed pairs with a name, old text or new text, in which one of them is told, letter by letter
  apart from case and one in ten letters;
- `false_alarms`: share of the unchanged pairs that are called changed; `missed`: of the changed that are not;
- `wrong_and_sure`: share of all pairs with a wrong verdict, or of which kinds are told but not the right one, with a
  confidence above 0.9. "Something changed in the top right" tells none; that the rest of a page gave way is true.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from blip2idc.data.records import NO_CHANGE_CAPTIONS, PairRecord, read_records
from blip2idc.difference import Difference
from blip2idc.images.changes.result import Fact
from blip2idc.model.captioner import DifferenceCaptioner
from blip2idc.worlds.pages.captions import kinds_of_caption
from blip2idc.worlds.pages.faults import REFLOWING

#: Kinds that the photographs alone cannot tell apart, so that one counts for the other.
ALIKE: Mapping[str, frozenset[str]] = {
    "image_missing": frozenset({"removed", "added"}),
    "removed": frozenset({"image_missing"}),
    "added": frozenset({"image_missing"}),
}

_LAID_OVER = frozenset({"menu", "dialog", "cookie_banner"})

#: Measured facts that tell a kind, whichever way round the pair is.
FACTS: Mapping[str, frozenset[str]] = {
    "appeared": frozenset({"added"}) | _LAID_OVER,
    "disappeared": frozenset({"removed", "image_missing"}) | _LAID_OVER,
    "panel": frozenset({"added", "removed"}) | _LAID_OVER,
    "moved": frozenset({"moved", "overlap"}),
    "aligned": frozenset({"alignment"}),
    "resized": frozenset({"resized", "font_size"}),
    "recoloured": frozenset({"text_color", "background"}),
    "outlined": frozenset({"border", "focus"}),
    "rounded": frozenset({"rounded"}),
    "shadowed": frozenset({"shadow"}),
    "theme": frozenset({"theme"}),
    "unstyled": frozenset({"style_missing"}),
    "swapped": frozenset({"swapped"}),
    "replaced": frozenset({"image_replaced"}),
    "broken": frozenset({"image_missing"}),
    "faded": frozenset({"opacity"}),
    "greyed": frozenset({"disabled"}),
    "bold": frozenset({"font_weight"}),
    "italic": frozenset({"text_style"}),
    "underlined": frozenset({"text_style"}),
    "capitals": frozenset({"text_style"}),
    "spaced": frozenset({"spacing"}),
    "checked": frozenset({"checked"}),
    "gap": frozenset({"gap"}),
    "overflow": frozenset({"overflow"}),
    "language": frozenset({"language"}),
}

#: Facts that are true of the rest of a page where a change of these kinds takes more or less room.
FOLLOWS = frozenset({"moved", "gap"})

SURE = 0.9
ALMOST = 0.9  # share of the letters of a name that have to be told


@dataclass(frozen=True)
class Said:
    """What was said of a pair: whether it changed, how surely, in which sentences, facts and texts."""

    changed: bool
    confidence: float
    sentences: tuple[str, ...]
    facts: tuple[Fact, ...] = ()
    texts: tuple[tuple[str | None, str | None], ...] = ()


def kinds_of_fact(fact: Fact) -> frozenset[str]:
    """The kinds that a measured fact tells; what moved along its line only is aligned otherwise."""
    kinds = FACTS.get(fact.kind, frozenset())
    return kinds | {"alignment"} if fact.kind == "moved" and not fact.values["dy"] else kinds


def claims_kind(record: PairRecord, said: Said) -> bool:
    """Whether a kind of change is told at all, apart from what a change makes of the rest of the page."""
    follows = FOLLOWS if (record.change or {})["kind"] in REFLOWING else frozenset()
    return (
        any(kinds_of_caption(sentence) for sentence in said.sentences)
        or any(kinds_of_fact(fact) for fact in said.facts if fact.kind not in follows)
        or any(before != after for before, after in said.texts)
    )


def kind_is_told(record: PairRecord, said: Said) -> bool:
    """Whether the kind of a changed pair is told by a sentence, a fact, or texts that were read."""
    change = record.change or {}
    kind = change["kind"]
    right = {kind} | ALIKE.get(kind, frozenset())
    told = [kinds_of_caption(sentence) for sentence in said.sentences]
    measured = frozenset().union(*(kinds_of_fact(fact) for fact in said.facts))
    if any(kinds and kinds <= right for kinds in told) or measured & right:
        return True
    if kind == "several":
        parts = {part["kind"] for part in change["changes"]}
        read = (
            {"text", "number"} if any(one and other and one != other for one, other in said.texts) else set()
        )
        return len(parts & (measured | frozenset().union(*told) | read)) > 1
    return kind in ("text", "number") and any(
        before and after and before != after for before, after in said.texts
    )


def is_named(record: PairRecord, said: Said) -> bool | None:
    """Whether the name or the texts of what changed are told; None where there are none."""
    change = record.change or {}
    if change["kind"] == "several":
        return None
    names = [str(change.get(key) or "") for key in ("name", "old", "new")]
    if change["kind"] not in ("text", "number"):
        names = names[:1]
    names = [name for name in names if name]
    if not names:
        return None
    told = " ".join([*said.sentences, *(text for pair in said.texts for text in pair if text)]).casefold()
    return any(_is_within(name.casefold(), told) for name in names)


def _is_within(name: str, told: str) -> bool:
    if name in told:
        return True
    found = SequenceMatcher(None, told, name, autojunk=False).find_longest_match().size
    return len(name) >= 6 and found >= ALMOST * len(name)


def score(records: Sequence[PairRecord], said: Sequence[Said]) -> dict[str, Any]:
    """The shares, over all pairs and by kind."""
    kinds: dict[str, list[bool]] = defaultdict(list)
    named: list[bool] = []
    alarms: list[bool] = []
    noises: dict[str, list[bool]] = defaultdict(list)
    missed: list[bool] = []
    sure: list[bool] = []
    for record, one in zip(records, said, strict=True):
        if (record.change or {})["kind"] == "none":
            alarms.append(one.changed)
            for noise in (record.change or {}).get("nuisances") or ["identical"]:
                noises[noise].append(one.changed)
            sure.append(one.changed and one.confidence > SURE)
            continue
        missed.append(not one.changed)
        right = one.changed and kind_is_told(record, one)
        kinds[str((record.change or {})["kind"])].append(right)
        if (found := is_named(record, one)) is not None:
            named.append(one.changed and found)
        sure.append(not right and one.confidence > SURE and (not one.changed or claims_kind(record, one)))
    return {
        "changed": len(missed),
        "unchanged": len(alarms),
        "kind": _share(right for one in kinds.values() for right in one),
        "named": _share(named),
        "false_alarms": _share(alarms),
        "missed": _share(missed),
        "wrong_and_sure": _share(sure),
        "by_kind": {kind: [sum(right), len(right)] for kind, right in sorted(kinds.items())},
        "alarms_by_nuisance": {noise: [sum(found), len(found)] for noise, found in sorted(noises.items())},
    }


def _share(values: Iterable[bool]) -> float | None:
    found = list(values)
    return round(sum(found) / len(found), 4) if found else None


def said_of(difference: Difference) -> Said:
    """What a captioner told of a pair, and of its places where it looked closely."""
    sentences = (difference.caption, *(change.caption for change in difference.changes))
    sure = difference.confidence
    if sure is None:
        sure = difference.change_probability if difference.changed else 1 - difference.change_probability
    return Said(
        difference.changed,
        sure,
        tuple(sentence for sentence in dict.fromkeys(sentences) if sentence not in NO_CHANGE_CAPTIONS),
        tuple(fact for change in difference.changes for fact in change.facts),
        tuple((change.before_text, change.after_text) for change in difference.changes),
    )


def said_alone(captioner: DifferenceCaptioner, before: Path, after: Path) -> Said:
    """What the network says of the whole and of every place that differs, and nothing that was measured there."""
    opened = captioner.open((before, after))
    crops = [crop for crop in opened.look.crops if crop is not None] if opened.look else []
    said = captioner.caption_joints([opened.joint, *crops])
    changed, probability = any(one.changed for one in said), max(one.change_probability for one in said)
    sentences = dict.fromkeys(one.caption for one in said if one.changed)
    return Said(changed, probability if changed else 1 - probability, tuple(sentences))


def main() -> None:
    """Captions a data set and scores it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("data", type=Path, help="folder that `blip2idc synthesize pages` wrote")
    parser.add_argument("--model", help="default: the model of the package")
    parser.add_argument("--adapter", default="default", help="'none' for none")
    parser.add_argument("--changed", type=int, default=300, help="most changed pairs")
    parser.add_argument("--unchanged", type=int, default=100, help="most unchanged pairs")
    parser.add_argument("--measured-only", action="store_true", help="leave out the model alone")
    parser.add_argument("--alone-only", action="store_true", help="leave out what is measured")
    parser.add_argument("--json", type=Path, default=Path(__file__).with_suffix(".json"))
    options = parser.parse_args()
    records = list(read_records(options.data))
    same = [record for record in records if (record.change or {})["kind"] == "none"][: options.unchanged]
    other = [record for record in records if (record.change or {})["kind"] != "none"][: options.changed]
    records = [*other, *same]
    pairs = [
        (options.data / record.before_file_name, options.data / record.after_file_name) for record in records
    ]

    adapter = None if options.adapter == "none" else options.adapter
    captioner = DifferenceCaptioner.from_pretrained(options.model, adapter)
    result: dict[str, Any] = {"model": captioner.describe()["model"], "pairs": len(records)}
    ways: dict[str, Iterable[Said]] = {
        "model alone": map(said_of, captioner.stream(pairs, max_changes=0)),
        "model alone, close looks": (said_alone(captioner, *pair) for pair in pairs),
        "model and measured facts": map(said_of, captioner.stream(pairs)),
    }
    for name, said in ways.items():
        if options.measured_only if name.startswith("model alone") else options.alone_only:
            continue
        result[name] = score(records, list(said))
    options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for name, values in result.items():
        print(
            name,
            {key: value for key, value in values.items() if not isinstance(value, dict)}
            if isinstance(values, dict)
            else values,
        )


if __name__ == "__main__":
    main()
