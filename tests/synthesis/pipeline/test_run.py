"""The pipeline as a whole: killed and resumed, failing parts, filtering again, and what the data set holds."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import datasets
import pytest
from tests.fixtures.synthesis_run import (
    CANDIDATES_EACH,
    CONFIG,
    IMAGES,
    INSTRUCTIONS,
    config,
    contents,
    put_photographs,
    run_logged,
    seeds,
)

from blip2idc.data.records import NO_CHANGE_CAPTIONS, read_records
from blip2idc.errors import ConfigError, InputError
from blip2idc.images.pair import open_image
from blip2idc.runs.folder import STATE
from blip2idc.synthesis.filters.filters import Thresholds
from blip2idc.synthesis.pipeline.recipe import CandidateGrid
from blip2idc.synthesis.pipeline.run import refilter, synthesize
from blip2idc.synthesis.pipeline.selection import CANDIDATES
from blip2idc.synthesis.pipeline.sources import read_sources

ROOT = Path(__file__).parents[3]
KILLS = 4


def test_the_data_set_holds_the_accepted_pairs_and_nothing_else(undisturbed: Path, photographs: Path) -> None:
    manifest = read_records(undisturbed)
    assert 0 < len(manifest) <= IMAGES * len(INSTRUCTIONS)
    named = set()
    for record in manifest:
        before, after = (open_image(path) for path in manifest.paths(record))
        assert before.size == after.size
        assert before.tobytes() != after.tobytes()
        assert record.captions[0] in INSTRUCTIONS
        assert record.change == {"kind": "edit", "instruction": record.captions[0]}
        assert record.source == "edits"
        assert (photographs / record.extra["picture"]).is_file()
        assert record.extra["synthesis"]["change_share"] > 0
        named |= {record.before_file_name, record.after_file_name}
    there = {path.relative_to(undisturbed).as_posix() for path in (undisturbed / "images").iterdir()}
    assert there == named


def test_every_candidate_is_kept_with_its_numbers_and_its_own_seed(undisturbed: Path) -> None:
    lines = [json.loads(line) for line in (undisturbed / STATE / "journal.jsonl").read_text().splitlines()]
    candidates = [one for line in lines if line["kind"] == "edited" for one in line["candidates"]]
    assert len(candidates) == IMAGES * len(INSTRUCTIONS) * CANDIDATES_EACH  # image guidance values
    assert len({candidate["seed"] for candidate in candidates}) == len(candidates)
    store = {path.name for path in (undisturbed / STATE / CANDIDATES).iterdir()}
    assert {candidate["file"] for candidate in candidates if candidate["file"]} <= store
    assert all(candidate["measures"]["change_share"] >= 0 for candidate in candidates if candidate["file"])
    report = json.loads((undisturbed / STATE / "report.json").read_text())["report"]
    assert sum(report["candidates"].values()) == len(candidates)


def test_datasets_opens_it_as_it_is(undisturbed: Path, tmp_path: Path) -> None:
    loaded = datasets.load_dataset("imagefolder", data_dir=str(undisturbed), cache_dir=str(tmp_path))["train"]
    assert len(loaded) == len(read_records(undisturbed))
    assert loaded[0]["after"].size == loaded[0]["before"].size


def killed_again_and_again(
    undisturbed: Path,
    photographs: Path,
    instructions: Path,
    tmp_path: Path,
    kills: int,
    ray: str | None = None,
) -> None:
    """Kills runs at random, then lets one end: nothing is lost, orphaned, or made twice but what was in flight."""
    output, log = tmp_path / "out", tmp_path / "log"
    arguments = [str(photographs), str(instructions), str(output), str(log), "0.02"] + ([ray] if ray else [])
    command = [sys.executable, "-m", "tests.fixtures.synthesis_run", *arguments]
    in_a_batch = CONFIG.batch_size * CANDIDATES_EACH
    rng, killed = random.Random(17), 0
    whole = len(seeds(photographs.parent / "undisturbed.log"))
    for kill in range(kills):
        before = len(seeds(log))
        goal = before + rng.randrange(max(1, 2 * whole // kills)) if kill else 0
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
        while process.poll() is None and len(seeds(log)) < goal:
            try:
                process.wait(rng.uniform(0.001, 0.05))
            except subprocess.TimeoutExpired:
                continue
        killed += process.poll() is None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert killed >= kills // 2  # a loaded machine may let some runs end first
    subprocess.run(command, cwd=ROOT, check=True)
    assert contents(output) == contents(undisturbed)
    twice = sum(count - 1 for count in Counter(seeds(log)).values())
    assert set(seeds(log)) == set(seeds(photographs.parent / "undisturbed.log"))
    assert twice <= killed * in_a_batch


def test_killed_at_random_and_resumed_is_undisturbed(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    killed_again_and_again(undisturbed, photographs, instructions, tmp_path, KILLS)


@pytest.mark.slow
def test_killed_twenty_times_and_resumed_is_undisturbed(tmp_path: Path) -> None:
    photographs = put_photographs(tmp_path / "photos", 20)
    instructions = tmp_path / "instructions.txt"
    instructions.write_text("\n".join(INSTRUCTIONS) + "\n")
    run_logged(photographs, instructions, tmp_path / "undisturbed", tmp_path / "undisturbed.log")
    killed_again_and_again(tmp_path / "undisturbed", photographs, instructions, tmp_path / "killed", 20)


def test_another_seed_gives_other_images(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    """The comparisons above can fail."""
    settings = config(instructions, seed=6)
    synthesize(read_sources(images=photographs), tmp_path / "out", settings)
    assert contents(tmp_path / "out") != contents(undisturbed)


def test_a_finished_run_generates_nothing_again(
    photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    for _ in range(2):
        run_logged(photographs, instructions, tmp_path / "out", tmp_path / "log")
    assert max(Counter(seeds(tmp_path / "log")).values()) == 1


def test_photographs_may_be_added_and_only_they_are_edited(instructions: Path, tmp_path: Path) -> None:
    photographs = put_photographs(tmp_path / "photos", 2)
    first = run_logged(photographs, instructions, tmp_path / "out", tmp_path / "log")
    put_photographs(photographs, 3)
    second = run_logged(photographs, instructions, tmp_path / "out", tmp_path / "log")
    assert max(Counter(seeds(tmp_path / "log")).values()) == 1
    assert (first.report.images, second.report.images) == (2, 3)
    ids = [{record.id for record in read_records(tmp_path / "out")}]
    assert len(ids[0]) == second.report.pairs > first.report.pairs


def test_other_settings_into_the_same_folder_are_refused(
    undisturbed: Path, photographs: Path, instructions: Path
) -> None:
    kept = contents(undisturbed)
    with pytest.raises(ConfigError, match="was begun with seed 5, not 6"):
        synthesize(read_sources(images=photographs), undisturbed, config(instructions, seed=6))
    assert contents(undisturbed) == kept


def test_filters_are_set_anew_without_generating(
    photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    run_logged(photographs, instructions, output, tmp_path / "log")
    whole, generated = contents(output), len(seeds(tmp_path / "log"))
    strict = refilter(output, replace(CONFIG.filters, largest_change=0.9, smallest_change=0.5))
    assert 0 < strict.report.pairs < len(whole)
    assert contents(output) != whole
    assert strict.report.candidates["too-much-changed"] > 0
    assert strict.report.images == IMAGES
    back = refilter(output, CONFIG.filters)
    assert contents(output) == whole
    assert back.report.pairs == len(read_records(output))
    assert len(seeds(tmp_path / "log")) == generated


def test_when_nothing_is_accepted_it_says_why_and_keeps_the_candidates(
    photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    nothing = Thresholds(smallest_change=0.001, largest_change=0.001)
    settings = config(instructions, filters=nothing)
    with pytest.raises(
        InputError, match=r"not one of \d+ candidates is accepted .*too-much-changed \d+.*--refilter"
    ):
        synthesize(read_sources(images=photographs), tmp_path / "out", settings)
    assert not (tmp_path / "out" / "metadata.jsonl").exists()
    assert refilter(tmp_path / "out", CONFIG.filters).report.pairs > 0
    with pytest.raises(InputError, match="holds no edited pairs"):
        refilter(tmp_path, CONFIG.filters)


def test_a_share_of_the_pairs_shows_no_change(photographs: Path, instructions: Path, tmp_path: Path) -> None:
    settings = config(instructions, no_change_share=0.2)
    made = synthesize(read_sources(images=photographs), tmp_path / "out", settings)
    plan = [json.loads(line) for line in (tmp_path / "out" / STATE / "plan.jsonl").read_text().splitlines()]
    kept = [item for item in plan if item["instruction"]["text"] == ""]
    # wanted of each of 6 images: 0.2 / 0.8 * 3 = 0.75
    assert 2 <= len(kept) < IMAGES
    assert all(len(item["candidates"]) == 1 for item in kept)
    assert made.report.instructions == IMAGES * len(INSTRUCTIONS)
    same = [record for record in read_records(tmp_path / "out") if record.kind == "none"]
    assert 0 < len(same) <= len(kept)
    assert all(record.captions == NO_CHANGE_CAPTIONS for record in same)
    assert all(record.extra["synthesis"]["change_share"] <= 0.3 for record in same)
    strict = refilter(tmp_path / "out", replace(CONFIG.filters, largest_kept_change=0.0))
    assert strict.report.candidates["too-much-changed"] >= 1
    with pytest.raises(ConfigError, match=r"no_change_share is 0\.2 and the editor 'flux-kontext' cannot"):
        replace(settings, editor=replace(CONFIG.editor, name="flux-kontext", size=None))
    with pytest.raises(ConfigError, match=r"no_change_share is 1\.0"):
        replace(settings, no_change_share=1.0)


def test_candidates_cover_the_grid(photographs: Path, instructions: Path, tmp_path: Path) -> None:
    grid = CandidateGrid(guidance=(5.0, 7.5), image_guidance=(1.0, 2.0), repeats=2)
    assert len(grid.combinations(image_guided=True)) == 8
    assert grid.combinations(image_guided=False) == [(5.0, None), (5.0, None), (7.5, None), (7.5, None)]
    with pytest.raises(ConfigError, match="guidance"):
        CandidateGrid(guidance=())


@pytest.mark.slow
def test_ray_makes_the_same_data_set(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "tests.fixtures.synthesis_run", str(photographs), str(instructions)]
    command += [str(tmp_path / "out"), str(tmp_path / "log"), "0", "local"]
    subprocess.run(command, cwd=ROOT, check=True)
    assert contents(tmp_path / "out") == contents(undisturbed)
    workers = {line.split()[0] for line in (tmp_path / "log").read_text().splitlines()}
    assert str(os.getpid()) not in workers


@pytest.mark.slow
def test_a_killed_ray_worker_costs_nothing(
    undisturbed: Path, photographs: Path, instructions: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-m", "tests.fixtures.synthesis_run", str(photographs), str(instructions)]
    process = subprocess.Popen([*command, str(tmp_path / "out"), str(log), "0.05", "local"], cwd=ROOT)
    while len(seeds(log)) < 20 and process.poll() is None:
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    assert process.poll() is None
    os.kill(int(log.read_text().split()[0]), signal.SIGKILL)
    assert process.wait() == 0
    assert len({line.split()[0] for line in log.read_text().splitlines()}) >= 2  # another worker took over
    assert contents(tmp_path / "out") == contents(undisturbed)
    twice = sum(count - 1 for count in Counter(seeds(log)).values())
    assert twice <= CONFIG.batch_size * CANDIDATES_EACH
