"""Record what METEOR's own program makes of captions: writes `meteor.json` beside this file.

Needs Java and pycocoevalcap 1.2 (the extra `meteor`); run as `python tests/parity/record_meteor.py`. The captions are
built from words and phrases listed here, so that all four matchers, ambiguous matches, both directions of paraphrases
and the odder rules of the normaliser occur; recorded are the 23 numbers of the best reference, and the words of
awkward strings.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any

from blip2idc.evaluation.metrics.meteor.java import JavaMeteor
from blip2idc.evaluation.metrics.meteor.sources import find_sources

TARGET = Path(__file__).with_name("meteor.json")
Item = tuple[str, list[str]]

# each line: ways to say about the same
SAY = [
    ["the car", "a car", "the vehicle", "one automobile", "the cars", "the motor vehicle", "that van"],
    ["a man", "the person", "somebody", "a guy", "the men", "people", "an individual", "a human being", "he"],
    [
        "is gone",
        "has left",
        "is no longer there",
        "went away",
        "disappeared",
        "has disappeared",
        "is missing",
        "vanished",
    ],
    [
        "in front of",
        "before",
        "ahead of",
        "facing",
        "next to",
        "beside",
        "close to",
        "near",
        "by the side of",
    ],
    ["the building", "a house", "buildings", "the structure", "the construction", "its edifice"],
    ["moved to the left", "has moved left", "moving leftward", "is now further to the left", "shifted"],
    ["there is no change", "nothing has changed", "no changes", "there are no differences", "it is the same"],
    ["at the same time", "simultaneously", "meanwhile", "in the meantime", "at that time", "while"],
    ["in the background", "at the back", "behind it", "in the back", "in the rear"],
    ["a large number of", "many", "a lot of", "lots of", "several", "numerous", "a number of", "most of"],
    ["remove", "delete", "take out", "get rid of", "eliminate", "removed", "removing", "erase"],
    ["brighter", "brightened", "bright", "increase the brightness of", "lighter", "make lighter"],
    ["added", "adding", "adds", "put in", "inserted", "has been added", "include"],
    ["big", "large", "huge", "bigger", "great", "major", "larger"],
    ["in order to", "to", "so as to", "with a view to", "for the purpose of", "so that"],
    ["of the", "of", "from the", "the", "a", "in", "on", "and", "is", "with", "that", "."],
]
_SIGNS = (
    "u.s. e.g. i.e. a.m. no. No. Mr. mr. etc. c. x.y. 11.2x. 3. 1,000.5 10:30 50 % $ 5 a_b c/d state-of-the-art x-y-z "
    "- -- red-blue -lrb- -rrb- it's don't 's n't 'n' 1990's '90s `` '' ' \" “ ” ‘ ’ – — … ... .. , ,, ; ! ?! & # @user "
    "½ café naïve ж日本 ß İ x.y a.,b a.b.c. !"
)
AWKWARD = [*_SIGNS.split(), "\u00a0", "1\u00a01/2"]


def main() -> None:
    """Run the program and write the file."""
    generator = random.Random(11)
    corpora = {
        "phrases": [item(generator, 6, 0.0) for _ in range(150)],
        "perturbed": [item(generator, 4, 0.6) for _ in range(150)],
        "long": [item(generator, 25, 0.3) for _ in range(12)],
        "repeated": [repeated(generator) for _ in range(80)],
        "awkward": [awkward(generator) for _ in range(80)],
        "empty": [
            ("", [""]),
            ("", ["a", ""]),
            ("a", [""]),
            (".", ["."]),
            ("the", ["the", ""]),
            ("a b", ["b a", "a"]),
        ],
    }
    sources, java = find_sources(), shutil.which("java")
    if sources is None or java is None:
        raise SystemExit("this needs Java and pycocoevalcap")
    recorded: dict[str, Any] = {}
    with JavaMeteor(java, sources.jar) as backend:
        for name, items in corpora.items():
            rows = backend.align([said for said, _ in items], [refs for _, refs in items])
            recorded[name] = [
                {"prediction": said, "references": refs, "numbers": [int(value) for value in row]}
                for (said, refs), row in zip(items, rows, strict=True)
            ]
    strings = sorted({awkward(generator)[0] for _ in range(300)} - {""})
    words = list(zip(strings, normalised(java, sources.jar, strings), strict=True))
    report = {"program": Path(__file__).name, "corpora": recorded, "words": words}
    TARGET.write_text(json.dumps(report, ensure_ascii=False) + "\n", encoding="utf-8")


def item(generator: random.Random, parts: int, noise: float) -> Item:
    """A prediction and one to four references that say similar things."""
    plan = generator.choices(SAY, k=generator.randint(2, parts))

    def say() -> str:
        order = plan if generator.random() < 0.7 else generator.sample(plan, len(plan))
        words = " ".join(generator.choice(ways) for ways in order).split()
        for _ in range(int(noise * len(words) * generator.random())):
            at = generator.randrange(len(words))
            words[at : at + 1] = generator.choice(
                [
                    [],
                    [words[at] + "s"],
                    [words[at], words[at]],
                    [generator.choice(AWKWARD)],
                    [generator.choice(words)],
                ]
            )
            words = words or ["the"]
        return " ".join(words)

    return say(), [say() for _ in range(generator.randint(1, 4))]


def repeated(generator: random.Random) -> Item:
    """Few words, many times: more ways to align them than the program keeps."""
    words = generator.choices(
        ["the", "car", "cars", "a", "van", "is", "gone", "left"], k=generator.randint(1, 5)
    )

    def say() -> str:
        return " ".join(generator.choices(words, k=generator.randint(1, 22)))

    return say(), [say() for _ in range(generator.randint(1, 3))]


def awkward(generator: random.Random) -> Item:
    """Symbols, numbers and abbreviations."""

    def say() -> str:
        return " ".join(
            generator.choices([*AWKWARD, "the", "car", "is", "Red", "5"], k=generator.randint(1, 7))
        )

    first = say()
    return first, [say(), " ".join(generator.sample(first.split(" "), len(first.split(" "))))]


def normalised(java: str, jar: Path, strings: list[str]) -> list[str]:
    """The words that the program makes of strings, which it writes into its file of alignments."""
    with tempfile.TemporaryDirectory() as folder:
        test, reference, out = (Path(folder) / name for name in ("test", "reference", "out"))
        test.write_text("".join(f"{text}\n" for text in strings), encoding="utf-8")
        reference.write_text("xyzzy\n" * len(strings), encoding="utf-8")
        command = [java, "-Duser.language=en", "-Dfile.encoding=UTF-8", "-Xmx2G", "-jar", str(jar), str(test)]
        options = [str(reference), "-l", "en", "-norm", "-m", "exact", "-writeAlignments", "-f", str(out)]
        subprocess.run([*command, *options], check=True, stdout=subprocess.DEVNULL)
        lines = Path(f"{out}-align.out").read_text(encoding="utf-8").split("\n")
    return [below for line, below in pairwise(lines) if line.startswith("Alignment\t")]


if __name__ == "__main__":
    main()
