"""Which METEOR there is on this machine: this package's own, or the authors' program.

In: a kind. Out: a `MeteorBackend`, or None. Where none is found METEOR is absent: no other metric ever takes its
name.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Literal

from blip2idc.evaluation.metrics.meteor.scorer import MeteorBackend
from blip2idc.evaluation.metrics.meteor.sources import find_sources

Kind = Literal["python", "java"]
HOW_TO_GET = {
    "python": "METEOR needs its data; run: pip install 'blip2idc[meteor]'",
    "java": (
        "METEOR's Java program needs Java (for example `apt install default-jre-headless`) "
        "and its data; run: pip install 'blip2idc[meteor]'"
    ),
}


def find_backend(
    kind: Kind = "python", report: Callable[[float], None] | None = None
) -> MeteorBackend | None:
    """METEOR on this machine, or None; `HOW_TO_GET` says what is missing.

    Args:
        kind: `python`, which needs no Java, or `java`, the authors' jar, the reference.
        report: is told the share that is done, while `python` makes its tables, which is once.
    """
    sources = find_sources()
    if sources is None:
        return None
    if kind == "python":
        from blip2idc.evaluation.metrics.meteor.python import PythonMeteor

        return PythonMeteor(sources, report=report)
    from blip2idc.evaluation.metrics.meteor.java import JavaMeteor

    java = shutil.which("java")
    return JavaMeteor(java, sources.jar) if java else None
