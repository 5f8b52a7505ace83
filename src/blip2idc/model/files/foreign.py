"""Files of models that somebody else made: JSON read strictly, and libraries' faults as one sentence.

In: a file of a checkpoint or an adapter. Out: its values, or one sentence that names the file and what is expected.
`config.check_values` looks at single keys, with ranges that are wide: they refuse what would run for hours or fill the
memory, not what is merely unusual.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import parse, read_text
from blip2idc.errors import Blip2idcError, ModelError, PredictionError

_LARGEST_JSON = 10_000_000  # bytes; a tokenizer of 250,000 words is larger, but is not read here


def read_object(path: Path, what: str) -> dict[str, Any]:
    """The object in a JSON file.

    Args:
        path: The file.
        what: Whose it is, for errors: ``adapter 'x'``.

    Raises:
        ModelError: It is missing, too large, not UTF-8, not JSON, or something else than an object.
    """
    try:
        if not path.is_file():
            raise ModelError(f"{what}: {path.name} is missing or no file; save the model again")
        if path.stat().st_size > _LARGEST_JSON:
            raise ModelError(
                f"{what}: {path.name} has {path.stat().st_size:,} bytes; expected a few thousand"
            )
        value = parse(read_text(path), str(path))
    except (PredictionError, OSError) as error:
        raise ModelError(f"{what}: {error}; save the model again") from None
    if not isinstance(value, dict):
        kind = type(value).__name__ if value is not None else "null"
        raise ModelError(f"{what}: {path} holds a JSON {kind}; expected an object; save the model again")
    return value


@contextlib.contextmanager
def foreign(what: str) -> Iterator[None]:
    """Turn whatever a library raises while it reads somebody's files into one sentence.

    Args:
        what: Which model, e.g. ``model 'x'``.

    Raises:
        ModelError: In place of the library's own kind.
    """
    try:
        yield
    except Blip2idcError:
        raise
    except Exception as error:  # libraries raise anything on files that are not what they expect
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(
            f"{what}: its files cannot be used ({type(error).__name__}: {reason}); save or download it again"
        ) from error
