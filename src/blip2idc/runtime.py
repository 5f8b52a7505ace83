"""The choices a run makes once (device, dtype, seed), its record, and files that appear whole or not at all.

In: what the user asked for, mostly ``"auto"``. Out: a `Choice` with a reason that can be printed, a run record that
goes beside every result, temporary files renamed at the end. torch is imported only inside functions.
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import random
import re
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import blip2idc
from blip2idc.errors import ConfigError, InputError

DTYPES = ("float32", "bfloat16", "float16")
PARTIAL_MARK = ".partial-"
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


@dataclass(frozen=True)
class Choice:
    """A setting that was decided once, and why.

    Attributes:
        value: The decision, in words torch understands, e.g. ``"cuda"`` or ``"bfloat16"``.
        reason: Why, as a clause that can follow the value: ``"no GPU was found"``.
    """

    value: str
    reason: str

    def __str__(self) -> str:
        return f"{self.value} ({self.reason})"


def choose_device(requested: str = "auto") -> Choice:
    """Decide where the model runs.

    Args:
        requested: ``"auto"``, or a torch device: ``"cpu"``, ``"cuda"``, ``"cuda:1"``, ``"mps"``.

    Raises:
        ConfigError: The name is not a device, or that device is not there.
    """
    import torch

    if requested == "auto":
        if torch.cuda.is_available():
            return Choice("cuda", f"a GPU was found: {torch.cuda.get_device_name(0)}")
        if torch.backends.mps.is_available():
            return Choice("mps", "an Apple GPU was found")
        return Choice("cpu", "no GPU was found")
    try:
        device = torch.device(requested)
    except RuntimeError:
        raise ConfigError(f"device is {requested!r}; expected auto, cpu, cuda, cuda:N or mps") from None
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        count = torch.cuda.device_count()
        raise ConfigError(
            f"device is {requested!r} but torch sees {count} CUDA devices; use --device cpu or auto"
        )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise ConfigError("device is 'mps' but torch finds no Apple GPU; use --device cpu or auto")
    return Choice(requested, "as asked")


def choose_dtype(requested: str = "auto", device: str = "cpu") -> Choice:
    """Decide the floating-point type of the weights.

    bfloat16 where the GPU computes in it, else float32: BLIP-2 trained in float16 gives NaN (peft issue 376).

    Args:
        requested: ``"auto"`` or one of `DTYPES`.
        device: The device chosen before, e.g. ``"cuda:0"``.

    Returns:
        A choice whose value names an attribute of torch: ``getattr(torch, choice.value)``.

    Raises:
        ConfigError: The name is not one of `DTYPES`.
    """
    if requested != "auto":
        if requested not in DTYPES:
            raise ConfigError(f"dtype is {requested!r}; expected auto, {', '.join(DTYPES)}")
        return Choice(requested, "as asked")
    if not device.startswith("cuda"):
        return Choice("float32", f"the exact choice on {device}")
    import torch

    if torch.cuda.is_bf16_supported(including_emulation=False):
        return Choice("bfloat16", "the GPU computes in bfloat16")
    return Choice("float32", "the GPU does not compute in bfloat16")


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch (every device), for code that draws from their global generators."""
    import numpy as np
    import torch

    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - libraries draw from the global generator
    torch.manual_seed(seed)


def run_record(**extra: Any) -> dict[str, Any]:
    """Describe this run well enough to repeat it.

    Args:
        **extra: What the command adds: seeds, settings, counts. Values must be JSON.

    Returns:
        Versions, platform, git commit of the source (None when installed from a wheel), time in UTC and the command
        line with values of secret options masked, then `extra`.
    """
    return {
        "blip2idc": blip2idc.__version__,
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
    source = Path(__file__).resolve().parent
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


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`, for a file or a folder; rename it to `path` when the block ends well.

    A reader, or a run after SIGKILL, sees the old content or the new, never half of it. The suffix is kept, so that
    writers which look at it choose the same format. What a killed run leaves is found by `discard_partials`.

    Raises:
        InputError: The parent folder cannot be made, or a folder is in the way of a file or the reverse.
    """
    target = Path(path)
    partial = target.with_name(f".{target.stem}{PARTIAL_MARK}{secrets.token_hex(4)}{target.suffix}")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"{target.parent}: cannot make this folder for the output ({error.strerror})"
        ) from None
    try:
        yield partial
        _move_into_place(partial, target)
    finally:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)


def _move_into_place(partial: Path, target: Path) -> None:
    """Rename; a folder that is in the way of a folder is briefly absent between two renames, never half written."""
    if partial.is_dir() and target.is_dir():
        old = target.with_name(f".{target.name}{PARTIAL_MARK}{secrets.token_hex(4)}")
        os.replace(target, old)
        os.replace(partial, target)
        shutil.rmtree(old)
        return
    try:
        os.replace(partial, target)
    except (IsADirectoryError, NotADirectoryError):
        expected = "folder" if partial.is_dir() else "file"
        raise InputError(
            f"{target}: cannot be replaced by the output; expected a {expected} or a free name"
        ) from None


@contextmanager
def atomic_write(path: str | os.PathLike[str], mode: str = "w") -> Iterator[IO[Any]]:
    """Open a handle whose content appears at `path` when the block ends well, and not at all otherwise.

    Args:
        path: Where the file shall be; parent folders are made.
        mode: ``"w"`` for UTF-8 text with newlines as written, ``"wb"`` for bytes.

    Raises:
        InputError: The file cannot be written.
    """
    if mode not in ("w", "wb"):
        raise ValueError(f"mode is {mode!r}; expected 'w' or 'wb'")
    text = {"encoding": "utf-8", "newline": ""} if mode == "w" else {}
    with atomic_path(path) as partial:
        try:
            handle = open(partial, mode, **text)  # type: ignore[call-overload]  # noqa: SIM115 - closed below
        except OSError as error:
            raise InputError(f"{path}: cannot be written ({error.strerror})") from None
        with handle:
            yield handle


def discard_partials(folder: str | os.PathLike[str]) -> None:
    """Remove from `folder` (not below it) the temporary files that a killed run left."""
    for leftover in Path(folder).glob(f".*{PARTIAL_MARK}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)
