"""JSON and JSON lines as people really hand them over: what is wrong with a file is said in one sentence.

In: a path. Out: the value in it, or `(line number, value)` pairs. Refused, each with its own sentence: a
missing or empty file, another encoding than UTF-8 (a byte order mark is accepted), malformed JSON (with its
line), NaN and infinities, repeated keys.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blip2idc.errors import PredictionError

_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_text(path: Path) -> str:
    """The text of a UTF-8 file that is not empty.

    Raises:
        PredictionError: the file is missing, unreadable, empty, or in another encoding.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise PredictionError(f"{path} cannot be read: {error.strerror or error}.") from None
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            raise PredictionError(f"{path} is {name} text; save it as UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PredictionError(
            f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} at position {error.start}; save it as UTF-8."
        ) from None
    if not text.strip():
        raise PredictionError(f"{path} is empty.")
    if "\0" in text:
        raise PredictionError(f"{path} holds zero bytes, as UTF-16 text does; save it as UTF-8.")
    return text


def parse(text: str, where: str) -> Any:
    """The JSON value in a text; `where` names it in errors.

    Raises:
        PredictionError: malformed JSON, NaN or an infinity, or a key given twice.
    """
    try:
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_distinct)
    except json.JSONDecodeError as error:
        place = (
            f", line {error.lineno} column {error.colno}"
            if "\n" in text.strip()
            else f", column {error.colno}"
        )
        raise PredictionError(f"{where}{place}: not valid JSON ({error.msg}).") from None
    except _RefusedError as error:
        raise PredictionError(f"{where}: {error}.") from None
    except RecursionError:
        raise PredictionError(f"{where}: lists or objects are nested too deeply.") from None
    except ValueError as error:
        raise PredictionError(f"{where}: not usable JSON ({error}).") from None


def is_json_lines(text: str) -> bool:
    """Whether a text is one object a line rather than a single JSON value."""
    first, _, rest = text.lstrip().partition("\n")
    if not first.startswith("{"):
        return False
    try:
        json.JSONDecoder().decode(first.strip())
    except (ValueError, RecursionError):
        # A broken first line followed by another object is still meant as JSON lines.
        return first.rstrip().endswith("}") and rest.lstrip().startswith("{")
    return True


def parse_lines(text: str, where: str) -> Iterator[tuple[int, Any]]:
    """Line number and value of every line that is not blank.

    Raises:
        PredictionError: as `parse`, with the number of the line.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, parse(line.strip(), f"{where}, line {number}")


def has_lone_surrogate(text: str) -> bool:
    """Whether a text holds half of a surrogate pair, which no encoding can write.

    >>> has_lone_surrogate("café"), has_lone_surrogate(chr(0xD83D))
    (False, True)
    """
    if text.isascii():  # known without looking
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False


class _RefusedError(ValueError):
    """Valid for Python's parser, but not acceptable here."""


def _refuse_constant(name: str) -> Any:
    raise _RefusedError(f"holds {name}, which is not a JSON value")


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys occur once each; Python would silently keep the last."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _RefusedError(f"key {twice!r} occurs twice in one object")
    return made
