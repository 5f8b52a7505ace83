"""METEOR 1.5 (Denkowski and Lavie, WMT 2014), options `-l en -norm`, as the caption community runs it.

In: a `Corpus` and a backend that aligns predictions with references. Out: `Statistics` of METEOR's 23
numbers an item. The alignment (stems, WordNet synonyms, paraphrases) is the backend's work; the score is
computed here from its counts, so corpus score, item scores and bootstrap agree. `JavaMeteor` runs the
authors' jar. Where no backend is found METEOR is absent: no other metric ever takes its name.
"""

from __future__ import annotations

import hashlib
import importlib.util
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Protocol, Self

import numpy as np

from blip2idc.errors import ConfigError
from blip2idc.evaluation.metrics.corpus import Corpus, Statistics
from blip2idc.evaluation.metrics.ngrams import Floats

NAMES = ("meteor",)
HOW_TO_GET = (
    "METEOR needs its Java program: install Java (for example `apt install default-jre-headless`) "
    "and run: pip install 'blip2idc[meteor]'"
)
# Parameters of the English ranking task, METEOR 1.5's default.
ALPHA, BETA, GAMMA, DELTA = 0.85, 0.2, 0.6, 0.75
# Weights of exact, stem, synonym and paraphrase matches.
MODULE_WEIGHTS = (1.0, 0.6, 0.8, 0.6)
# Columns: lengths of prediction and reference, their function words, then for each module the matched
# content words (prediction, reference) and function words (prediction, reference), then chunks and all
# matched words of prediction and of reference.
COLUMNS = 23
_LENGTHS, _FUNCTION_WORDS, _MODULES = slice(0, 2), slice(2, 4), slice(4, 20)
_CHUNKS, _MATCHES = 20, slice(21, 23)


class MeteorBackend(Protocol):
    """Aligns predictions with references the way METEOR 1.5 does."""

    @property
    def signature(self) -> str:
        """What computed the alignments, for the score's signature."""
        ...

    def align(self, predictions: Sequence[str], references: Sequence[Sequence[str]]) -> Floats:
        """METEOR's numbers `[M, 23]` of every prediction against the best of its references.

        Captions are given as tokens joined with spaces.
        """
        ...

    def __enter__(self) -> Self:
        """Get ready; may be slow, and need not wait."""
        ...

    def __exit__(self, *_: object) -> None:
        """Give back what was started."""
        ...


def find_backend() -> MeteorBackend | None:
    """The best backend on this machine, or None; `HOW_TO_GET` says what is missing."""
    java, jar = shutil.which("java"), _find_jar()
    return JavaMeteor(java, jar) if java and jar else None


def statistics(corpus: Corpus, backend: MeteorBackend) -> Statistics:
    """METEOR's numbers `[M, 23]`.

    Weighted F (recall weight 0.85) of matched words, content words weighing 0.75 and function words 0.25,
    times `1 - 0.6 (chunks / matches) ** 0.2`; the corpus score is that formula on summed numbers, not the
    mean of items. Range 0 to 1.
    """
    starts = corpus.references.starts.tolist()
    joined = [" ".join(tokens) for tokens in corpus.references.tokens]
    references = [joined[starts[item] : starts[item + 1]] for item in corpus.item.tolist()]
    values = np.array(
        backend.align([" ".join(tokens) for tokens in corpus.tokens], references), dtype=np.float64
    )
    values = values.reshape(len(corpus), COLUMNS)
    # METEOR leaves the single chunk of a full match out of its sums, so that such an item has no penalty.
    full = (values[:, _MATCHES] == values[:, _LENGTHS]).all(axis=1) & (values[:, _CHUNKS] == 1)
    values[full, _CHUNKS] = 0.0
    return Statistics(NAMES, values, aggregate)


def aggregate(sums: Floats, items: Floats) -> Floats:
    """Scores `[S, 1]` of summed numbers `[S, 23]`; `items` is not needed."""
    function = sums[:, _FUNCTION_WORDS]
    weighted_length = DELTA * (sums[:, _LENGTHS] - function) + (1 - DELTA) * function
    matched = np.zeros_like(weighted_length)
    modules = np.split(sums[:, _MODULES], len(MODULE_WEIGHTS), axis=1)
    for weight, module in zip(MODULE_WEIGHTS, modules, strict=True):
        matched += weight * (DELTA * module[:, :2] + (1 - DELTA) * module[:, 2:])
    precision, recall = np.moveaxis(_ratio(matched, weighted_length), 1, 0)
    mean = _ratio(precision * recall, ALPHA * precision + (1 - ALPHA) * recall)
    fragments = _ratio(sums[:, _CHUNKS], sums[:, _MATCHES].mean(axis=1))
    scores: Floats = (mean * (1 - GAMMA * fragments**BETA))[:, None]
    return scores


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
        return f"jar:{self._jar.name}#{hashlib.sha256(self._jar.read_bytes()).hexdigest()[:8]}"

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
            raise ConfigError(f"METEOR's Java program could not be started: {self._java}.")
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


def _find_jar() -> Path | None:
    """The jar in an installed pycocoevalcap, without importing it."""
    spec = importlib.util.find_spec("pycocoevalcap")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        jar = Path(folder) / "meteor" / "meteor-1.5.jar"
        if jar.is_file():
            return jar
    return None


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


def _ratio(above: Floats, below: Floats) -> Floats:
    """Quotients, and 0 where there is nothing to divide by."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)
