"""Record the tokens of the community's Java tokenizer, and survey how it treats characters and words.

What for: `tokens.json`, which `test_tokens.py` holds the tokenizer to, and the tables in `tokenizer.characters` and
`tokenizer.words`. Needs Java and the extra [meteor] (pycocoevalcap 1.2 with its CoreNLP jar); runs only by hand::

    python tests/parity/record_tokens.py record       # token_strings.json -> tokens.json
    python tests/parity/record_tokens.py characters   # code points grouped by behaviour, on stdout
    python tests/parity/record_tokens.py words        # words whose full stop stays, on stdout

The jar is a black box here: strings in, tokens out.
"""

from __future__ import annotations

import itertools
import json
import string
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

HERE = Path(__file__).parent
SEPARATOR = "zzsepzz"
CLASS = "edu.stanford.nlp.process.PTBTokenizer"
DROPPED = frozenset(
    ["''", "'", "``", "`", "-LRB-", "-RRB-", "-LCB-", "-RCB-", ".", "?", "!", ",", ":", "-", "--", "...", ";"]
)
LINE_ENDS = {0x0A, 0x0B, 0x0C, 0x0D, 0x85, 0x2028, 0x2029}

# one place for every role that a character can play in a token
TEMPLATES = (
    "x{c}y|x {c} y|1{c}2|{c}|{c},{c}|-{c}|#{c}|#a{c}|@{c}|@a{c}|{c}.{c}|{c}.|{c}.{c}.|{c}'s|a{c}'s|{c}-{c}|"
    "a-{c}|x'{c}{c}|o'{c}{c}|{c}n't|a{c}n't|<{c}>|<a{c}>|<a {c}>|{c}@{c}|a{c}@b.c|a@b{c}.c|${c}|{c}$5|{c}/{c}|"
    "1.{c}|.{c}|'{c}|{c}'|'{c}{c}|{c}{c}|{c}a|1{c}|{c}1|{c}1a|1a{c}2|http://{c}.c|http://a.b/{c}|caf{c}.the|"
    "the.{c}|A&{c}|a{c}.jpg|:{c}|a_{c}|{c}_a|_{c}|1{c}2/3|1/{c}|{c}...|&{c};|&a{c};|a {c}b|1 2{c}34|({c}55)|"
    "a{c}-b|-{c}a|1-{c}|a&{c}|u.{c}.|a.{c}|{c}!a|!{c}|?{c}?|a:{c}|:-{c}|{c})|www.{c}.com|a'{c}b|a{c}b.jpg"
)


def jar() -> Path:
    """Where pycocoevalcap keeps the tokenizer."""
    import pycocoevalcap

    return next((Path(pycocoevalcap.__path__[0]) / "tokenizer").glob("stanford-corenlp-*.jar"))


def java_lines(text: str) -> list[str]:
    """What the program prints for a text, line by line, as pycocoevalcap calls it."""
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        Path(file.name).write_text(text, encoding="utf-8", newline="\n")
        command = ["java", "-cp", str(jar()), CLASS, "-preserveLines", "-lowerCase", file.name]
        printed = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True
        ).stdout
    return printed.decode("utf-8").split("\n")


def kept(line: str) -> list[str]:
    """The tokens of a printed line without the community's punctuation, as pycocoevalcap splits it."""
    return [word for word in line.rstrip().split(" ") if word and word not in DROPPED]


def corpus_tokens(captions: Sequence[str]) -> list[list[str]]:
    """Tokens of a corpus read as one text."""
    lines = java_lines("\n".join(caption.replace("\n", " ") for caption in captions))
    return [kept(line) for line in lines[: len(captions)]]


def each_alone(strings: Iterable[str]) -> list[str]:
    """What the program prints for each string, with a harmless line between them."""
    strings = list(strings)
    lines = java_lines("".join(f"{text}\n{SEPARATOR}\n" for text in strings))
    if len(strings) > 1 and any(line != SEPARATOR for line in lines[1 : 2 * len(strings) : 2]):
        half = len(strings) // 2  # a string ran over its line end: find it
        return each_alone(strings[:half]) + each_alone(strings[half:])
    return lines[0 : 2 * len(strings) : 2]


def record() -> None:
    """Write tokens.json."""
    asked = json.loads((HERE / "token_strings.json").read_text(encoding="utf-8"))
    strings = {
        kind: [[text, kept(line)] for text, line in zip(texts, each_alone(texts), strict=True)]
        for kind, texts in asked["strings"].items()
    }
    answer = {
        "origin": "record_tokens.py: pycocoevalcap 1.2, stanford-corenlp-3.4.1.jar",
        "strings": strings,
        "corpora": [[corpus, corpus_tokens(corpus)] for corpus in asked["corpora"]],
    }
    (HERE / "tokens.json").write_text(json.dumps(answer, indent=0) + "\n", encoding="utf-8")


def survey_characters() -> None:
    """Print groups of code points that behave alike in all templates."""
    points = [point for point in range(0x10000) if point not in LINE_ENDS and not 0xD800 <= point < 0xE000]
    behaviour: dict[int, list[str]] = {point: [] for point in points}
    for template in TEMPLATES.split("|"):
        printed = each_alone(template.replace("{c}", chr(point)) for point in points)
        for point, line in zip(points, printed, strict=True):
            behaviour[point].append(line.replace(chr(point), "C").replace(chr(point).lower(), "C"))
    groups = defaultdict(list)
    for point in points:
        groups[tuple(behaviour[point])].append(f"{point:04X}")
    for members in sorted(groups.values(), key=len, reverse=True):
        print(len(members), *members[:20])


def survey_words() -> None:
    """Print every string of one to four letters whose full stop stays, in three cases, also before a digit."""
    letters = string.ascii_lowercase
    strings = [
        "".join(letter) for length in (1, 2, 3, 4) for letter in itertools.product(letters, repeat=length)
    ]
    for change in (str.lower, str.capitalize, str.upper):
        for after in ("zz", "5"):
            printed = java_lines("\n".join(f"{change(word)}. {after}" for word in strings))
            kept = [
                word for word, line in zip(strings, printed, strict=False) if line.startswith(f"{word}. ")
            ]
            print(change.__name__, after, len(kept), *kept)


if __name__ == "__main__":
    {"record": record, "characters": survey_characters, "words": survey_words}[sys.argv[1]]()
