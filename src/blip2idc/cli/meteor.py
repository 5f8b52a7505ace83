"""The choice of METEOR that `evaluate`, `baseline` and `audit` share.

In: what the options say. Out: a backend that is ready, or None; what is missing, and how the making of its tables goes,
is told on stderr.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from blip2idc.cli.output import note, stage_bars
from blip2idc.errors import ConfigError

if TYPE_CHECKING:
    from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend


class Meteor(StrEnum):
    """Which METEOR."""

    PYTHON = "python"
    JAVA = "java"


MeteorOption = Annotated[
    Meteor, typer.Option("--meteor", help="METEOR by this package, exact, or by its authors' Java program.")
]
NoMeteorOption = Annotated[bool, typer.Option("--no-meteor", help="Leave METEOR out.")]


@contextmanager
def meteor_backend(kind: Meteor, *, wanted: bool, required: bool = False) -> Iterator[MeteorBackend | None]:
    """METEOR, started early, so that what is slow in Java's start is shared; None where it is not wanted or not there.

    Args:
        kind: which one. Java's is required where it is chosen.
        wanted: whether any.
        required: METEOR was asked for by name.

    Raises:
        ConfigError: it is required and cannot be computed here.
    """
    if not wanted:
        yield None
        return
    from blip2idc.evaluation.metrics.meteor.backend import HOW_TO_GET, find_backend

    with stage_bars() as tell:
        backend = find_backend(
            kind.value, lambda share: tell("METEOR tables, made once", round(100 * share), 100)
        )
        if backend is not None:
            backend.__enter__()
    if backend is None:
        if required or kind is Meteor.JAVA:
            raise ConfigError(f"{HOW_TO_GET[kind.value]}")
        note(f"note: no METEOR. {HOW_TO_GET[kind.value]}")
        yield None
        return
    if backend.note is not None:
        note(f"note: {backend.note}")
    try:
        yield backend
    finally:
        backend.__exit__()
