"""The exceptions this package raises on purpose.

Every one carries a single sentence: the setting or file, the value found, the value expected, the remedy. The
command line prints that sentence on stderr and exits with status 2.

    Blip2idcError
    ├── InputError                 what the user handed over cannot be used
    │   ├── ImageError             an image: missing, damaged, too large, not an image
    │   ├── ManifestError          a data set: metadata.jsonl, chat JSONL, file names
    │   ├── PredictionError        predictions or references
    │   └── WriteError             an output: the disk is full, read-only or failing
    ├── ConfigError                a setting: unknown, of the wrong type, contradictory
    ├── ModelError                 a backbone or an adapter: missing, incomplete, mismatched
    └── MissingExtraError          an optional dependency is not installed
"""

from __future__ import annotations

import re

#: Characters of a sentence at most: a terminal's window full, and enough for a dozen faults of a recipe.
LONGEST_SENTENCE = 2000

_UNPRINTABLE = re.compile(
    "[\\x00-\\x1f\\x7f-\\x9f"  # control characters, escape and line feed among them
    "\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff]"  # line ends, turns of direction, half characters
)


def printable(text: str) -> str:
    r"""Text with everything escaped that could move a terminal's cursor, begin a line or fail to be encoded.

    The escapes are JSON's own, so that a JSON text stays the same value.

    >>> print(printable("a" + chr(27) + "[31m" + chr(10) + "b"))
    a\u001b[31m\u000ab
    """
    return _UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def utf8(text: str) -> str:
    r"""Text that can be written as UTF-8: bytes of a file name that are none become ``\xff``.

    >>> print(utf8("caf\udce9.png"))
    caf\xe9.png
    """
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def shortened(text: str, limit: int = LONGEST_SENTENCE) -> str:
    """Text of at most `limit` characters; what is left out of its middle is counted.

    >>> shortened("a" * 50 + "b" * 50, 40)
    'aaaaaaaaaa [80 characters] bbbbbbbbbb'
    """
    if len(text) <= limit:
        return text
    kept = max(1, (limit - 20) // 2)
    return f"{text[:kept]} [{len(text) - 2 * kept} characters] {text[-kept:]}"


class Blip2idcError(Exception):
    """Root of the tree; catch it to catch everything this package raises on purpose.

    >>> try:
    ...     raise ConfigError("--seed is -1; expected a number from 0")
    ... except Blip2idcError as error:
    ...     print(f"error: {error}")
    error: --seed is -1; expected a number from 0

    Its text is fit for a terminal whatever a file or a setting held: of bounded length, control characters escaped.
    """

    def __str__(self) -> str:
        return shortened(printable(super().__str__()))


class InputError(Blip2idcError):
    """Something the user handed over cannot be used."""


class ImageError(InputError):
    """An image is missing, damaged, too large or of a kind that cannot be read."""


class ManifestError(InputError):
    """A data set's manifest, or a file it names, is not as expected."""


class PredictionError(InputError):
    """A predictions or references file is not as expected."""


class WriteError(InputError):
    """A file or a folder could not be written.

    Args:
        sentence: What to tell.
        path: Which.
        reason: Why, in the system's words.
    """

    def __init__(self, sentence: str, path: str = "", reason: str = "") -> None:
        super().__init__(sentence)
        self.path = path
        self.reason = reason


class ConfigError(Blip2idcError):
    """A setting is unknown, has the wrong type or contradicts another one."""


class ModelError(Blip2idcError):
    """A backbone or an adapter is missing, incomplete or does not fit."""


class MissingExtraError(Blip2idcError):
    """An optional dependency is needed and not installed.

    Args:
        extra: Name of the extra in pyproject.toml, e.g. ``"synthesis"``.
        needed_for: What was asked for, e.g. ``"the InstructPix2Pix editor"``.
    """

    def __init__(self, extra: str, needed_for: str | None = None) -> None:
        self.extra = extra
        what = needed_for or "this feature"
        super().__init__(
            f"{what} needs packages that are not installed; run: pip install 'blip2idc[{extra}]'"
        )
