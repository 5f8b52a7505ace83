"""The run record: what goes beside every result, so that the run can be repeated."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from blip2idc.version import __version__

_RECORDED_PACKAGES = (
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "tokenizers",
    "safetensors",
    "numpy",
    "pillow",
)
_SECRET_OPTION = re.compile(r"key|token|secret|password", re.IGNORECASE)


def run_record(**extra: Any) -> dict[str, Any]:
    """Describe this run well enough to repeat it.

    Args:
        **extra: What the command adds: seeds, settings, counts. Values must be JSON.

    Returns:
        Versions, platform, git commit of the source (None when installed from a wheel), time in UTC and the command
        line with values of secret options masked, then `extra`.
    """
    return {
        "blip2idc": __version__,
        "git": _git_state(),
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: version for name in _RECORDED_PACKAGES if (version := _version_of(name))},
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "argv": _masked(sys.argv),
        **extra,
    }


def _version_of(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _git_state() -> dict[str, Any] | None:
    """Commit of the checkout this package runs from, and whether it differs from that commit."""
    source = Path(__file__).resolve().parents[1]
    if not (source.parents[1] / ".git").exists():
        return None

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(source), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout.strip()

    try:
        return {"commit": git("rev-parse", "HEAD"), "changed": bool(git("status", "--porcelain", "-uno"))}
    except (OSError, subprocess.SubprocessError):
        return None


def _masked(arguments: list[str]) -> list[str]:
    """Hide the values of options whose name speaks of a secret."""
    masked: list[str] = []
    hide_next = False
    for argument in arguments:
        option, equals, _ = argument.partition("=")
        secret = option.startswith("--") and _SECRET_OPTION.search(option) is not None
        if hide_next:
            masked.append("***")
        elif secret and equals:
            masked.append(f"{option}=***")
        else:
            masked.append(argument)
        hide_next = secret and not equals
    return masked
