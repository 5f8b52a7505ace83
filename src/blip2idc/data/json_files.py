"""The one strict reader of JSON and JSON lines: what is wrong with a file is said in one sentence.

In: a path, and the kind of error to raise. Out: the value in it, or `(line number, value)` pairs. Refused, each with
its own sentence: a missing or empty file, a pipe or a device, another encoding than UTF-8 (a byte order mark is
accepted), malformed JSON (with its line), NaN and infinities, repeated keys, half characters, numbers of thousands of
digits.
"""

from __future__ import annotations

import codecs
import json
import math
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from blip2idc.errors import Blip2idcError, PredictionError, shortened
from blip2idc.regular_files import read_regular

_OTHER_MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)


def read_text(path: Path, error: type[Blip2idcError] = PredictionError) -> str:
    """The text of a UTF-8 file that is not empty.

    Raises:
        Blip2idcError: of the kind that `error` says: the file is missing, unreadable, empty, or in another encoding.
    """
    try:
        data = read_regular(path)
    except OSError as fault:
        raise error(f"{path} cannot be read: {fault.strerror or fault}") from None
    for mark, name in _OTHER_MARKS:
        if data.startswith(mark):
            raise error(f"{path} is {name} text; save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as fault:
        raise error(
            f"{path} is not UTF-8 text: byte 0x{data[fault.start]:02x} at position {fault.start}; save it as UTF-8"
        ) from None
    if not text.strip():
        raise error(f"{path} is empty")
    if "\0" in text:
        raise error(f"{path} holds zero bytes, as UTF-16 text does; save it as UTF-8")
    return text


def parse(text: str, where: str, error: type[Blip2idcError] = PredictionError) -> Any:
    """The JSON value in a text; `where` names it in errors.

    Raises:
        Blip2idcError: of the kind that `error` says: malformed JSON, NaN or an infinity, a key given twice, half of a
            character, a number of thousands of digits.
    """
    try:
        value = json.loads(
            text, parse_float=_finite, parse_constant=_refuse_constant, object_pairs_hook=_distinct
        )
    except json.JSONDecodeError as fault:
        lines = "\n" in text.strip()
        place = f", line {fault.lineno} column {fault.colno}" if lines else f", column {fault.colno}"
        raise error(f"{where}{place}: not valid JSON ({fault.msg})") from None
    except _RefusedError as fault:
        raise error(f"{where}: {fault}") from None
    except RecursionError:
        raise error(f"{where}: lists or objects are nested too deeply") from None
    except ValueError:  # what is left: Python reads no more digits than this
        raise error(f"{where}: holds a number of more than {sys.get_int_max_str_digits()} digits") from None
    if "\\u" in text and _holds_half(value):
        raise error(f"{where}: holds a lone surrogate (half of a surrogate pair), which no file can hold")
    return value


def read_json(path: Path, error: type[Blip2idcError] = PredictionError) -> Any:
    """The JSON value in a file.

    Raises:
        Blip2idcError: as `read_text` and `parse`.
    """
    return parse(read_text(path, error), os.fspath(path), error)


def _holds_half(value: Any) -> bool:
    return has_lone_surrogate(json.dumps(value, ensure_ascii=False))


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


def parse_lines(
    text: str, where: str, error: type[Blip2idcError] = PredictionError
) -> Iterator[tuple[int, Any]]:
    """Line number and value of every line that is not blank.

    Raises:
        Blip2idcError: as `parse`, with the number of the line.
    """
    for number, line in enumerate(text.split("\n"), start=1):  # not splitlines: captions may hold U+2028
        if line.strip():
            yield number, parse(line.strip(), f"{where}, line {number}", error)


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


def describe(value: Any) -> str:
    """A value of a file in few words, for sentences about it.

    >>> describe(None), describe([1, 2]), describe({"a": 1}), describe("the car")
    ('null', 'a list of 2', "an object with 'a'", "'the car'")
    """
    if value is None:
        return "null"
    if isinstance(value, dict):
        return f"an object with {', '.join(map(quoted, list(value)[:3])) or 'no keys'}"
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if isinstance(value, str):
        return quoted(value)
    return (
        repr(value)[:40] if isinstance(value, int | float) else f"a {type(value).__name__}"
    )  # out of a table


def quoted(text: str) -> str:
    """The beginning of a text in quotes."""
    return f"{text[:40]!a}" + ("..." if len(text) > 40 else "")


def _refuse_constant(name: str) -> Any:
    raise _RefusedError(f"holds {name}, which is not a JSON value")


def _finite(digits: str) -> float:
    """A number; Python would read one of a larger exponent than floats have as infinite."""
    value = float(digits)
    if value in (math.inf, -math.inf):
        raise _RefusedError(f"holds {shortened(digits, 60)}, which is beyond the range of numbers")
    return value


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys occur once each; Python would silently keep the last."""
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        twice = next(key for key, _ in pairs if key in seen or seen.add(key))  # type: ignore[func-returns-value]
        raise _RefusedError(f"key {shortened(repr(twice), 100)} occurs twice in one object")
    return made
