"""METEOR's own data, where pycocoevalcap (extra `[meteor]`) has them: in its jar, a zip file, and a gzip file.

In: nothing, or a folder. Out: paths, the text of the jar's word lists, the lines of the paraphrase table, and a hash
of all of it that takes no reading. Nothing of this is part of this package, and no Java reads it.
"""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from blip2idc.errors import ConfigError

FUNCTION_WORDS = "function/english.words"
ABBREVIATIONS = "nonbreaking/english.prefixes"
SYNSETS = "synonym/english.synsets"
EXCEPTIONS = "synonym/english.exceptions"
_MEMBERS = (FUNCTION_WORDS, ABBREVIATIONS, SYNSETS, EXCEPTIONS)
_BLOCK = 1 << 23


@dataclass(frozen=True)
class Sources:
    """Where METEOR's data are.

    Attributes:
        jar: `meteor-1.5.jar`.
        paraphrases: `paraphrase-en.gz`.
    """

    jar: Path
    paraphrases: Path

    @property
    def fingerprint(self) -> str:
        """Hash of the checksums and sizes that zip and gzip keep of what they hold: changes with the data, in a moment.

        Raises:
            ConfigError: a file is damaged or not what its name says.
        """
        try:
            with zipfile.ZipFile(self.jar) as jar:
                known = [(name, jar.getinfo(name).CRC, jar.getinfo(name).file_size) for name in _MEMBERS]
            with self.paraphrases.open("rb") as file:
                file.seek(-8, 2)
                known.append(("paraphrases", *struct.unpack("<II", file.read(8))))
        except (OSError, KeyError, zipfile.BadZipFile) as error:
            raise _damaged(self.jar.parent, error) from None
        return hashlib.sha256(repr(known).encode()).hexdigest()[:16]

    def text(self, member: str) -> str:
        """One of the jar's word lists.

        Raises:
            ConfigError: the jar is damaged.
        """
        try:
            with zipfile.ZipFile(self.jar) as jar:
                return jar.read(member).decode("utf-8")
        except (OSError, KeyError, zipfile.BadZipFile, zlib.error, UnicodeDecodeError) as error:
            raise _damaged(self.jar, error) from None

    def paraphrase_lines(self, report: Callable[[float], None]) -> Iterator[list[bytes]]:
        """Blocks of whole entries of the table, three lines each: probability, phrase, phrase that means the same.

        Args:
            report: is told the share that is read.

        Raises:
            ConfigError: the file is damaged, or its lines do not come in threes.
        """
        try:
            size = self.paraphrases.stat().st_size
            with self.paraphrases.open("rb") as packed, gzip.GzipFile(fileobj=packed) as lines:
                rest: list[bytes] = []
                while block := lines.readlines(_BLOCK):
                    block = rest + block
                    whole = len(block) - len(block) % 3
                    rest = block[whole:]
                    yield block[:whole]
                    report(packed.tell() / size)
        except (OSError, EOFError, zlib.error) as error:
            raise _damaged(self.paraphrases, error) from None
        if rest:
            raise ConfigError(
                f"{self.paraphrases}: its last entry has {len(rest)} lines; expected 3. "
                "Install it again: pip install --force-reinstall pycocoevalcap"
            )


def find_sources() -> Sources | None:
    """METEOR's data in an installed pycocoevalcap, which is not imported; None where it is not."""
    spec = importlib.util.find_spec("pycocoevalcap")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        meteor = Path(folder) / "meteor"
        found = Sources(meteor / "meteor-1.5.jar", meteor / "data" / "paraphrase-en.gz")
        if found.jar.is_file() and found.paraphrases.is_file():
            return found
    return None


def _damaged(path: Path, error: Exception) -> ConfigError:
    return ConfigError(
        f"{path}: METEOR's data cannot be read ({error}). "
        "Install them again: pip install --force-reinstall pycocoevalcap"
    )
