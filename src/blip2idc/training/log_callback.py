"""What a run says while it trains: a JSONL file, and lines for a person.

In: the Trainer's events. Out: `log.jsonl` in the working folder (one object a line: step, epoch, loss, learning
rate, validation loss) and the same in short through a callable, so that the command line can show it on stderr.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from blip2idc.errors import InputError, ModelError
from blip2idc.runs.files import atomic_write

LOG_FILE = "log.jsonl"
_MEASURED = ("loss", "eval_loss", "grad_norm")


class LogCallback(TrainerCallback):
    """Writes the log; on resuming, drops lines beyond the checkpoint so that no step is told twice.

    Args:
        path: The JSONL file.
        say: Called with short lines.
        started_at: Step that the run resumes from.
    """

    def __init__(self, path: Path, say: Callable[[str], None], started_at: int = 0) -> None:
        self.path = path
        self.say = say
        kept = [line for line in _lines(path) if _step_of(line) <= started_at]
        with atomic_write(path) as handle:
            handle.writelines(kept)

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, float] | None = None, **kwargs: Any
    ) -> None:
        """Write one line of the log; refuse to go on once the loss is no number."""
        if not state.is_world_process_zero or not logs:
            return
        entry = {
            "step": state.global_step,
            **{key: value for key, value in logs.items() if key != "total_flos"},
        }
        broken = [key for key in _MEASURED if not math.isfinite(logs.get(key, 0.0))]
        if broken:  # not written: JSON has no such numbers
            raise ModelError(
                f"training: {broken[0].replace('_', ' ')} is {logs[broken[0]]} at step {state.global_step};"
                f" {remedy(self.path.parent)}"
            )
        try:
            with self.path.open("a", encoding="utf-8") as handle:
                handle.write(json.dumps(entry, allow_nan=False) + "\n")
        except OSError as error:
            raise InputError(
                f"{self.path}: cannot be written ({error.strerror or error}); earlier checkpoints are kept, and the"
                " same command goes on from the last whole one"
            ) from None
        self.say(", ".join(f"{key} {_short(value)}" for key, value in entry.items()))


def remedy(folder: object) -> str:
    """The end of a sentence about training that went wrong."""
    return (
        f"the last good checkpoint is kept in {folder}; lower learning_rate or weight_decay, or use float32, and begin"
        " anew with --restart"
    )


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []


def _step_of(line: str) -> float:
    """The step that a line tells of; beyond all for one that a full disk cut off."""
    try:
        step = json.loads(line)["step"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return math.inf
    return step if isinstance(step, int | float) else math.inf


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
