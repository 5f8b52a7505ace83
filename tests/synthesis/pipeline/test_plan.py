"""The plan: keys and seeds decide by content alone, batches by the plan alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from blip2idc.synthesis.instructions.instruction import Instruction
from blip2idc.synthesis.pipeline.plan import (
    CandidatePlan,
    WorkItem,
    content_key,
    make_batches,
    read_plan,
    seed_of,
    spread,
    write_plan,
)


def item(key: str, size: tuple[int, int] = (64, 48)) -> WorkItem:
    return WorkItem(
        key=key * 64,
        path=f"photos/{key}.png",
        name=f"{key}.png",
        digest=key * 64,
        width=size[0],
        height=size[1],
        instruction=Instruction("make it “warm”", "it is warmer", None, "a warm photograph", "templates"),
        candidates=(CandidatePlan(seed_of(key, 0), 7.5, 1.5), CandidatePlan(seed_of(key, 1), 7.5, None)),
    )


def keys(batches: Sequence[Sequence[WorkItem]]) -> list[str]:
    return ["".join(item.key[0] for item in batch) for batch in batches]


def test_a_key_depends_on_content_and_not_on_the_order_of_names() -> None:
    assert content_key({"a": 1, "b": [2, None]}) == content_key({"b": [2, None], "a": 1})
    assert content_key({"a": 1}) != content_key({"a": 2})
    assert content_key(["é"]) != content_key(["e"])


def test_seeds_differ_between_edits_and_candidates_and_fit_every_generator() -> None:
    seeds = [seed_of(key, index) for key in map(str, range(200)) for index in range(5)]
    assert len(set(seeds)) == len(seeds)
    assert all(0 <= seed < 2**31 for seed in seeds)
    assert seed_of("7", 1) == seed_of("7", 1)


def test_batches_hold_one_size_and_are_full_but_for_the_last_of_each() -> None:
    wide, tall = (64, 48), (48, 64)
    items = [item(key, tall if key in "bdf" else wide) for key in "abcdefgh"]
    assert keys(make_batches(items, 2)) == ["ac", "eg", "h", "bd", "f"]
    assert keys(make_batches(items, 100)) == ["acegh", "bdf"]


def test_a_limited_number_of_edits_is_spread_over_the_images() -> None:
    items = [replace(item(key), digest=digest) for key, digest in zip("abcdef", "xxxyyz", strict=True)]
    chosen = {count: "".join(one.key[0] for one in spread(items, count)) for count in (1, 3, 4, 6, 9)}
    assert chosen == {1: "a", 3: "adf", 4: "abdf", 6: "abcdef", 9: "abcdef"}
    assert spread(items, None) == items


def test_the_plan_is_read_back_without_the_paths_of_the_sources(tmp_path: Path) -> None:
    items = [item("a"), item("b")]
    write_plan(tmp_path / "plan.jsonl", items)
    found = read_plan(tmp_path / "plan.jsonl")
    assert [(one.key, one.instruction, one.candidates) for one in found] == [
        (one.key, one.instruction, one.candidates) for one in items
    ]
    assert "photos" not in (tmp_path / "plan.jsonl").read_text()
    assert found[0].candidate_name(1) == items[0].candidate_name(1)
