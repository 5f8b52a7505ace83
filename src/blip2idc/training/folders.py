"""The folders of a training run: the output, which appears whole at the end, and `OUTPUT.training` until then.

In: paths, the recipe and the data of the run. Out: they are free, or hold an interrupted run that fits; or one sentence
that says what is in the way. A fault of the disk while a checkpoint is written becomes a sentence too.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from accelerate import PartialState

from blip2idc.data.json_files import read_json
from blip2idc.errors import Blip2idcError, ConfigError, InputError
from blip2idc.model.files.settings import SETTINGS_FILE
from blip2idc.runs.files import atomic_write, check_model_name, write_fault

#: File in the working folder with settings and data of the run.
RECIPE_FILE = "recipe.json"

_OF_A_MODEL = re.compile(
    r"README\.md|(training_log|vocab)\.jsonl?|merges\.txt|chat_template\.\w+|tensorboard|"
    r"(adapter|blip2idc|config|generation|model|pytorch_model|preprocessor|processor|special|tokenizer|added|spiece|"
    r"video_preprocessor)[\w.-]*\.(json|safetensors|model)"
)


def check_output(target: Path, overwrite: bool) -> None:
    """Refuse to write over what is there.

    Raises:
        ConfigError: `target` exists and is not a model of this program, or `overwrite` is off.
        InputError: Its name is not UTF-8 text.
    """
    check_model_name(target)
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not (target / SETTINGS_FILE).is_file():
        raise ConfigError(
            f"output {target}: is there already and was not written by this program; choose another --output"
        )
    if not overwrite:
        raise ConfigError(
            f"output {target}: holds a trained model already; choose another --output or say --overwrite"
        )
    others = [name for name in sorted(os.listdir(target)) if not _OF_A_MODEL.fullmatch(name)]
    if others:
        raise ConfigError(
            f"output {target}: holds {others[0]} beside a trained model, which --overwrite would take away; move it,"
            " or choose another --output"
        )


def begun_with(work: Path) -> int:
    """Number of processes that a working folder was begun with."""
    processes = _recipe_of(work).get("processes", 1)
    return processes if isinstance(processes, int) else 1


def _recipe_of(work: Path) -> dict[str, Any]:
    """What a working folder was begun with.

    Raises:
        ConfigError: Its file is damaged.
    """
    recipe = read_json(work / RECIPE_FILE, ConfigError)
    if not isinstance(recipe, dict) or not isinstance(recipe.get("config"), dict):
        raise ConfigError(f"{work / RECIPE_FILE}: is no recipe of a run; say --restart to discard the run")
    return recipe


def open_work_folder(work: Path, recipe: dict[str, Any], restart: bool, processes: int = 1) -> None:
    """Begin a working folder, or find that the one of an interrupted run fits.

    Args:
        work: The folder.
        recipe: Settings and data; an interrupted run is only continued under the same.
        restart: Discard what is there.
        processes: That begin it; an interrupted run may go on with others.

    Raises:
        ConfigError: The interrupted run had other settings or data.
    """
    path = work / RECIPE_FILE
    if (
        not PartialState().is_main_process
    ):  # would see the folder before or after the main process, as chance has it
        return
    if restart and path.is_file():
        shutil.rmtree(work)
    content = json.dumps({**recipe, "processes": processes}, sort_keys=True, indent=2)
    if not path.is_file():
        if work.exists() and any(work.iterdir()):
            raise ConfigError(f"{work}: is there already and was not written by this program; move it away")
        with atomic_write(path) as handle:
            handle.write(content)
        return
    before, now = _recipe_of(work), json.loads(content)
    before.pop("processes", None)
    now.pop("processes")
    if before != now:
        changed = sorted(key for key in now["config"] if before["config"].get(key) != now["config"][key])
        what = f"settings ({', '.join(changed)})" if changed else "data"
        raise ConfigError(
            f"{work}: holds an interrupted run with other {what}; repeat its settings, or say --restart to discard it"
        )


@contextlib.contextmanager
def checkpoints_kept(folder: Path) -> Iterator[None]:
    """Say in a sentence that a checkpoint could not be written.

    Raises:
        InputError: The disk is full, read-only or failing.
    """
    try:
        yield
    except Blip2idcError as error:
        sentence = said_in_a_worker(str(error.args[0]) if error.args else "")
        if sentence is None:
            raise
        raise type(error)(sentence) from None
    except Exception as error:
        reason = write_fault(error, folder)
        if reason is None:
            raise
        raise InputError(
            f"{folder}: cannot be written ({reason}); earlier checkpoints are kept, and the same command goes on from"
            " the last whole one"
        ) from error


def said_in_a_worker(text: str) -> str | None:
    r"""The sentence of an error of ours that torch carried out of a process that opens images, with its traceback.

    >>> said_in_a_worker("Caught ImageError in DataLoader worker process 0.\nblip2idc.errors.ImageError: a.png: no")
    'a.png: no'

    Args:
        text: Of the error; None is returned for any other.
    """
    if not text.startswith("Caught ") or "DataLoader worker" not in text:
        return None
    return text.rpartition("\nblip2idc.errors.")[2].partition(": ")[2].strip() or None
