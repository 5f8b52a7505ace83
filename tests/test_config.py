"""Settings are strict: unknown keys, wrong types and contradictions are refused, all at once."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest

from blip2idc.config import Range, build, check_ranges, load_config
from blip2idc.errors import ConfigError, InputError


@dataclass(frozen=True)
class Optimizer:
    rate: float = 1e-3
    steps: int = 10
    betas: tuple[float, float] = (0.9, 0.999)


@dataclass(frozen=True)
class Recipe:
    data: str
    epochs: int = 3
    resume: bool = False
    direction: Literal["vertical", "horizontal"] = "vertical"
    limit: int | None = None
    parts: tuple[str, ...] = ("vision",)
    weights: dict[str, float] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    output: Path = Path("out")
    anything: Any = None
    optimizer: Optimizer = field(default_factory=Optimizer)
    second: Optimizer | None = None

    def __post_init__(self) -> None:
        if self.resume and self.epochs == 1:
            raise ConfigError("resume is true with epochs 1; there is nothing to resume")


def write(folder: Path, text: str) -> Path:
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def fault(folder: Path, text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_config(Recipe, write(folder, text), overrides)
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence.removeprefix(f"{folder / 'recipe.yaml'}: ")


def test_a_full_file(tmp_path: Path) -> None:
    text = """
        data: pairs
        epochs: 5
        direction: horizontal
        limit: 7
        parts: [vision, language]
        weights: {a: 1, b: 0.5}
        words: [on, "off"]
        output: runs/1
        anything: {free: [1, x]}
        optimizer: {rate: 1e-4, steps: 2, betas: [0.8, 1]}
        second: {steps: 4}
    """.replace("[on,", '["on",')
    assert load_config(Recipe, write(tmp_path, text)) == Recipe(
        data="pairs",
        epochs=5,
        direction="horizontal",
        limit=7,
        parts=("vision", "language"),
        weights={"a": 1.0, "b": 0.5},
        words=["on", "off"],
        output=Path("runs/1"),
        anything={"free": [1, "x"]},
        optimizer=Optimizer(1e-4, 2, (0.8, 1.0)),
        second=Optimizer(steps=4),
    )


def test_defaults_and_overrides_alone() -> None:
    assert load_config(Recipe, None, ["data=d"]) == Recipe("d")
    assert load_config(Optimizer) == Optimizer()


def test_overrides_win_and_the_last_one_most(tmp_path: Path) -> None:
    path = write(tmp_path, "data: d\noptimizer: {rate: 1, steps: 5}\nlimit: 4")
    overrides = ["optimizer.rate=2e-5", "epochs=6", "epochs=8", "limit=null", "data=a=b", "parts=[x, y]"]
    recipe = load_config(Recipe, path, overrides)
    assert (recipe.optimizer, recipe.epochs, recipe.limit) == (Optimizer(2e-5, 5), 8, None)
    assert (recipe.data, recipe.parts) == ("a=b", ("x", "y"))


@pytest.mark.parametrize(
    ("text", "number"),
    [("1e-4", 1e-4), ("1.5E+3", 1500.0), ("-2e2", -200.0), ("1.0e-4", 1e-4), ("3", 3.0), (".5", 0.5)],
)
def test_numbers_are_numbers(text: str, number: float) -> None:
    rate = load_config(Optimizer, None, [f"rate={text}"]).rate
    assert rate == number
    assert isinstance(rate, float)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("data: d\nepoch: 4", "key epoch is not known; did you mean epochs?"),
        ("data: d\noptimizer: {rat: 4}", "key optimizer.rat is not known; did you mean optimizer.rate?"),
        ("data: d\nsecond: {zzz: 4}", "key second.zzz is not known; expected betas, rate, steps"),
        ("data: d\n7: 4", "key 7 is not known; expected anything, data, direction"),
        ("epochs: 4", "data is missing; expected text"),
        ("data: d\nepochs: four", "epochs is 'four'; expected a whole number"),
        ("data: d\nepochs: 4.0", "epochs is 4.0; expected a whole number"),
        ("data: d\nepochs: true", "epochs is True; expected a whole number"),
        ("data: d\nepochs: null", "epochs is None; expected a whole number"),
        ("data: d\nresume: 1", "resume is 1; expected true or false"),
        ("data: d\nresume: 'yes'", "resume is 'yes'; expected true or false"),
        ("data: 4", "data is 4; expected text"),
        ("data: d\nlimit: x", "limit is 'x'; expected a whole number or null"),
        ("data: d\ndirection: up", "direction is 'up'; expected vertical or horizontal"),
        ("data: d\nparts: vision", "parts is 'vision'; expected a list of text"),
        ("data: d\nparts: [1]", "parts[0] is 1; expected text"),
        ("data: d\nwords: [a, 2]", "words[1] is 2; expected text"),
        ("data: d\nweights: {a: x}", "weights.a is 'x'; expected a number"),
        ("data: d\nweights: [1]", "weights is [1]; expected keys with values"),
        ("data: d\noptimizer: 4", "optimizer is 4; expected keys with values"),
        ("data: d\nsecond: 4", "second is 4; expected keys with values or null"),
        (
            "data: d\noptimizer: {betas: [1, 2, 3]}",
            "optimizer.betas is [1, 2, 3]; expected a list of 2 values",
        ),
        ("data: d\noptimizer: {rate: true}", "optimizer.rate is True; expected a number"),
        ("data: d\noutput: 4", "output is 4; expected a path"),
        ("data: d\nresume: true\nepochs: 1", "resume is true with epochs 1; there is nothing to resume"),
        ("[1, 2]", "holds a list; expected keys with values"),
        ("data: d\ndata: e", "cannot be read as YAML"),
        ("data: [", "cannot be read as YAML"),
        ("data: !!python/object/apply:os.system [x]", "cannot be read as YAML"),
    ],
)
def test_faults(text: str, sentence: str, tmp_path: Path) -> None:
    assert fault(tmp_path, text).startswith(sentence)


def test_all_faults_at_once(tmp_path: Path) -> None:
    assert fault(tmp_path, "epoch: 4\nresume: 1\noptimizer: {steps: x}") == (
        "key epoch is not known; did you mean epochs?; resume is 1; expected true or false; "
        "optimizer.steps is 'x'; expected a whole number; data is missing; expected text"
    )


@pytest.mark.parametrize(
    ("override", "sentence"),
    [
        ("epochs", "--set 'epochs' is not of the form key=value"),
        ("=3", "--set '=3' is not of the form key=value"),
        ("a..b=3", "--set 'a..b=3' is not of the form key=value"),
        ("epochs=[", "--set 'epochs=[': the value cannot be read as YAML"),
        ("data.x=3", "--set 'data.x=3': data holds a value, not further keys"),
        ("epocs=3", "key epocs is not known; did you mean epochs?"),
    ],
)
def test_faulty_overrides(override: str, sentence: str, tmp_path: Path) -> None:
    assert fault(tmp_path, "data: d", override).startswith(sentence)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone\.yaml: no such file; expected a YAML file of settings"):
        load_config(Recipe, tmp_path / "gone.yaml")
    with pytest.raises(ConfigError, match="cannot be read as YAML"):
        load_config(Recipe, tmp_path)


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(Optimizer, write(tmp_path, "# nothing\n")) == Optimizer()


@dataclass(frozen=True)
class Limits:
    share: Annotated[float, Range(0, 1, below=True)] = 0.5
    steps: Annotated[int, Range(1, 1000)] | None = None
    rates: tuple[Annotated[float, Range(0, 10, above=True)], ...] = ()
    free: float = 1.0

    def __post_init__(self) -> None:
        check_ranges(self)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("share=1", "share is 1; expected a number from 0, below 1"),
        ("share=.nan", "share is nan; expected a number from 0, below 1"),
        ("share=-0.1", "share is -0.1; expected a number from 0, below 1"),
        ("steps=0", "steps is 0; expected a whole number from 1 to 1,000 or null"),
        ("steps=1" + "0" * 400, "steps is 1000"),
        ("rates=[1, 0]", "rates[1] is 0; expected a number above 0, at most 10"),
        ("free=.inf", "free is inf; expected a number"),
        ("free=1" + "0" * 400, "free is 1000"),
        ("free=0x" + "f" * 9000, "free is a int that is too large to be shown; expected a number"),
        ("free=" + "9" * 5000, "the value cannot be read as YAML"),
        ("free=!!float abc", "the value cannot be read as YAML"),
        ("free=" + "[" * 100_000, "the value cannot be read as YAML"),
    ],
)
def test_numbers_out_of_range(setting: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(Limits, None, [setting])
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 2100


def test_python_code_is_held_to_the_same_ranges() -> None:
    with pytest.raises(
        ConfigError, match=r"share is 2; expected .* 1; rates is \(1.0, nan\); expected a list of"
    ):
        Limits(share=2, rates=(1.0, float("nan")))
    with pytest.raises(ConfigError, match="free is inf; expected a number"):
        Limits(free=float("inf"))
    assert Limits(steps=3).steps == 3


def test_aliases_that_grow_are_refused(tmp_path: Path) -> None:
    """Ten lines that stand for 10^9 words; an alias of one word is fine."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{k}: &a{k} [{', '.join([f'*a{k - 1}'] * 10)}]" for k in range(1, 9)]
    assert "alias 'a0' of a list or mapping" in fault(tmp_path, "\n".join(lines))
    assert load_config(Recipe, write(tmp_path, "data: &name d\noutput: *name")) == Recipe(
        "d", output=Path("d")
    )


def test_values_from_elsewhere_raise_the_error_of_their_reader() -> None:
    with pytest.raises(InputError, match=r"^a\.json: key stpes is not known; did you mean steps\?$"):
        build(Limits, {"stpes": 3}, "a.json", InputError)


def test_sentences_are_bounded(tmp_path: Path) -> None:
    sentence = fault(tmp_path, "data: d\nepochs: " + "x" * 100_000 + "\n" + "k" * 1000 + ": 1")
    assert len(sentence) < 1000
    assert "epochs is 'xxx" in sentence


@dataclass(frozen=True)
class Renamed:
    warmup_ratio: float = 0.0
    steps: int = 1

    FORMER_NAMES: ClassVar[Mapping[str, str]] = {"warmup": "warmup_ratio"}


def test_fields_are_read_by_their_former_names(tmp_path: Path) -> None:
    old, new = write(tmp_path, "warmup: 0.5"), tmp_path / "new.yaml"
    new.write_text("warmup_ratio: 0.25")
    assert load_config(Renamed, old) == Renamed(0.5)
    assert load_config(Renamed, [new, old]) == Renamed(
        0.5
    )  # the last one on top, whatever it calls the field
    assert load_config(Renamed, [old, new]) == Renamed(0.25)
    assert load_config(Renamed, new, ["warmup=0.75"]) == Renamed(0.75)
    assert build(Renamed, {"warmup": 1.0}, "a.json") == Renamed(1.0)
    with pytest.raises(ConfigError, match="warmup_ratio is given twice"):
        load_config(Renamed, write(tmp_path, "warmup: 0.5\nwarmup_ratio: 0.5"))


@pytest.mark.parametrize("value", ["!!int ''", "!!bool x", "!!float ''", "!!timestamp x", "!!binary \u00e9"])
def test_tags_that_the_loader_stumbles_over(value: str, tmp_path: Path) -> None:
    assert "cannot be read as YAML" in fault(tmp_path, f"data: {value}")
    with pytest.raises(ConfigError, match="the value cannot be read as YAML"):
        load_config(Recipe, None, [f"data={value}"])


def test_brackets_without_end_are_refused_at_once(tmp_path: Path) -> None:
    began = time.process_time()
    assert "nested too deeply" in fault(tmp_path, "data: " + "[" * 100_000)
    assert time.process_time() - began < 2


def test_pipes_and_files_that_are_no_settings(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    with pytest.raises(ConfigError, match=r"pipe\.yaml: cannot be read as YAML \(is a named pipe\)"):
        load_config(Recipe, tmp_path / "pipe.yaml")
    assert "more than the limit of 262,144" in fault(tmp_path, "# " + "c" * 300_000)


def test_a_recipe_that_ships_is_named_where_it_lies_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the README writes it, for somebody who is not in the checkout."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        ConfigError, match=r"recipes/lora\.yaml: no such file; the recipe that ships is (.*)"
    ) as caught:
        load_config(Recipe, "recipes/lora.yaml")
    assert Path(str(caught.value).rpartition(" is ")[2]).is_file()
    with pytest.raises(ConfigError, match=r"recipes/none\.yaml: no such file; expected"):
        load_config(Recipe, "recipes/none.yaml")
