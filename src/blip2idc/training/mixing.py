"""Which data sets train together, how much of each, and in which order.

In: `--data PATH[:SHARE]`, or `data` of a recipe. Out: `DataShare`s, and the `Mix` of each stage of training. A share of
0.5 gives an epoch half of a data set's pairs, the next epoch the other half; 2 gives it each pair twice.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError


@dataclass(frozen=True)
class DataShare:
    """A data set to train on.

    Attributes:
        path: Its folder.
        share: Of its pairs that an epoch sees; more than 0.
    """

    path: Path
    share: Annotated[float, Range(0, 1_000_000, above=True)] = 1.0

    def __post_init__(self) -> None:
        check_ranges(self, f"data {self.path}: ")

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {"path": str(self.path), "share": self.share}


def parse_data(text: str | os.PathLike[str]) -> DataShare:
    """A data set from `PATH` or `PATH:SHARE`; where a file or folder has that very name, it is meant.

    Raises:
        ConfigError: What follows the last colon is no share, and no such data set is there.
    """
    whole = Path(text)
    name, colon, share = os.fspath(text).rpartition(":")
    if not colon or whole.exists():
        return DataShare(whole)
    try:
        number = float(share)
    except ValueError:
        if not Path(name).exists():  # a path that is wrong altogether; reading it says so better
            return DataShare(whole)
        raise ConfigError(
            f"--data {os.fspath(text)!r}: {share!r} is no share; expected PATH or PATH:SHARE, like {name}:0.5"
        ) from None
    return DataShare(Path(name), number)


@dataclass(frozen=True)
class Mix:
    """The data sets of one stage of training.

    Attributes:
        names: Of each data set.
        sizes: Pairs of each.
        shares: Of those that an epoch sees.
        epochs: How many; None for those of the recipe.
    """

    names: tuple[str, ...]
    sizes: tuple[int, ...]
    shares: tuple[float, ...]
    epochs: float | None = None

    @property
    def counts(self) -> tuple[int, ...]:
        """Pairs of each data set that an epoch sees; at least one."""
        return tuple(max(1, round(share * size)) for share, size in zip(self.shares, self.sizes, strict=True))

    def lines(self) -> list[str]:
        """For a person: what an epoch sees of each data set."""
        total = sum(self.counts)
        return [
            f"{name}: {count:,} of {size:,} pairs an epoch, {count / total:.0%} of the mix"
            for name, count, size in zip(self.names, self.counts, self.sizes, strict=True)
        ]


def stages_of(
    mixes: Sequence[tuple[str, int, float]], order: str, stage_epochs: Sequence[float] | None
) -> list[Mix]:
    """The stages of a run.

    Args:
        mixes: (name, pairs, share) of each data set.
        order: `mixed`: one stage with all; `in-turn`: a stage for each.
        stage_epochs: Of each stage; None for the recipe's.

    Raises:
        ConfigError: There are not as many `stage_epochs` as stages.
    """
    if order == "mixed":
        names, sizes, shares = zip(*mixes, strict=True)
        stages = [Mix(names, sizes, shares)]
    else:
        stages = [Mix((name,), (size,), (share,)) for name, size, share in mixes]
    if stage_epochs is None:
        return stages
    if len(stage_epochs) != len(stages):
        raise ConfigError(
            f"stage_epochs has {len(stage_epochs)} numbers and order {order} makes {len(stages)} stages of "
            f"{len(mixes)} data sets; expected one number a stage"
        )
    return [
        Mix(mix.names, mix.sizes, mix.shares, epochs)
        for mix, epochs in zip(stages, stage_epochs, strict=True)
    ]
