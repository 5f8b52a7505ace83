"""The exceptions this package raises on purpose.

Every one carries a single sentence: the setting or file, the value found, the value expected, the remedy. The
command line prints that sentence on stderr and exits with status 2.

    Blip2idcError
    ├── InputError                 what the user handed over cannot be used
    │   ├── ImageError             an image: missing, damaged, too large, not an image
    │   ├── ManifestError          a data set: metadata.jsonl, chat JSONL, file names
    │   └── PredictionError        predictions or references
    ├── ConfigError                a setting: unknown, of the wrong type, contradictory
    ├── ModelError                 a backbone or an adapter: missing, incomplete, mismatched
    └── MissingExtraError          an optional dependency is not installed
"""

from __future__ import annotations


class Blip2idcError(Exception):
    """Root of the tree; catch it to catch everything this package raises on purpose."""


class InputError(Blip2idcError):
    """Something the user handed over cannot be used."""


class ImageError(InputError):
    """An image is missing, damaged, too large or of a kind that cannot be read."""


class ManifestError(InputError):
    """A data set's manifest, or a file it names, is not as expected."""


class PredictionError(InputError):
    """A predictions or references file is not as expected."""


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
