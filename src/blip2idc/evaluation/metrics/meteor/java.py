"""METEOR's alignments by its authors' jar, which is the reference: needs Java, about ten seconds and a gigabyte.

In: predictions and references as tokens joined with spaces. Out: METEOR's 23 numbers of each item.
"""

from __future__ import annotations

import hashlib
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.meteor.scorer import COLUMNS
from blip2idc.evaluation.metrics.ngrams import Floats


class JavaMeteor:
    """The authors' jar, as one process for the whole run, in a locale in which it does not crash.

    Args:
        java: the Java program.
        jar: `meteor-1.5.jar`, which finds its data beside itself.
    """

    def __init__(self, java: str, jar: Path) -> None:
        self._java, self._jar = java, jar
        self._process: subprocess.Popen[bytes] | None = None
        self._errors: IO[bytes] | None = None

    @property
    def signature(self) -> str:
        """Name and hash of the jar."""
        return f"java:{self._jar.name}#{hashlib.sha256(self._jar.read_bytes()).hexdigest()[:8]}"

    @property
    def note(self) -> str | None:
        """Nothing."""
        return None

    def start(self) -> None:
        """Start the process, which loads its data for about ten seconds; called early, the wait is shared."""
        if self._process is not None:
            return
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115  closed with the process
        locale = ["-Duser.language=en", "-Duser.country=US", "-Dfile.encoding=UTF-8"]
        options = ["-Xmx2G", "-jar", str(self._jar), "-", "-", "-stdio", "-l", "en", "-norm"]
        self._process = subprocess.Popen(
            [self._java, *locale, *options],
            cwd=self._jar.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        """METEOR's numbers `[M, 23]`; see `MeteorBackend`."""
        self.start()
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            raise ConfigError(f"METEOR's Java program could not be started: {self._java}")
        lines = [
            _request(prediction, texts) for prediction, texts in zip(predictions, references, strict=True)
        ]
        # Writing from a second thread lets both programs work at once; written and read in turns, neither
        # pipe may fill.
        writer = threading.Thread(target=_feed, args=(process.stdin, lines), daemon=True)
        writer.start()
        rows = [process.stdout.readline().split() for _ in lines]
        writer.join()
        broken = next((row for row in rows if len(row) != COLUMNS), None)
        if broken is not None:
            raise ConfigError(self._complaint())
        return np.array(rows, dtype=np.float64).reshape(len(lines), COLUMNS)

    def close(self) -> None:
        """End the process."""
        if self._process is not None:
            for stream in (self._process.stdin, self._process.stdout, self._errors):
                if stream is not None:
                    stream.close()
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> JavaMeteor:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _complaint(self) -> str:
        """One sentence on why the process gave no numbers."""
        said = ""
        if self._errors is not None:
            self._errors.seek(0)
            lines = self._errors.read().decode("utf-8", "replace").strip().splitlines()
            said = f" ({lines[0]})" if lines else ""
        self.close()
        return (
            f"METEOR's Java program gave no scores{said}; "
            "check `java -version`, or leave METEOR out with --no-meteor."
        )


def _request(prediction: str, references: Sequence[str]) -> bytes:
    """One line of the jar's protocol; the two replacements are the community's."""
    prediction = prediction.replace("|||", "").replace("  ", " ")
    line = " ||| ".join(["SCORE", *references, prediction]).replace("\n", " ").replace("\r", " ")
    return line.encode("utf-8", "replace") + b"\n"


def _feed(stream: IO[bytes], lines: Sequence[bytes]) -> None:
    """Write all requests; a process that has ended is noticed by the reader."""
    try:
        stream.writelines(lines)
        stream.flush()
    except (BrokenPipeError, ValueError):
        return
