"""Tokens equal those of the community's Java tokenizer: recorded ones, and where they lie beside the checkout, all."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from blip2idc.evaluation.tokenizer.tokenize import tokenize_corpus

HERE = Path(__file__).parent
RECORDED = json.loads((HERE / "tokens.json").read_text(encoding="utf-8"))
SHARED = HERE.parents[2] / "shared" / "metrics"
SEPARATOR = "zzsepzz"
LINE_LIKE = frozenset("\r\x0b\x0c\u2028\u2029")


def isolated(strings: list[str]) -> list[list[str]]:
    """Tokens of each string alone, as they were recorded."""
    return tokenize_corpus([line for text in strings for line in (text, SEPARATOR)])[::2]


@pytest.mark.parametrize("kind", RECORDED["strings"])
def test_own_strings(kind: str) -> None:
    strings = [text for text, _ in RECORDED["strings"][kind]]
    differences = [
        (text, expected, found)
        for (text, expected), found in zip(RECORDED["strings"][kind], isolated(strings), strict=True)
        if found != expected
    ]
    assert not differences


@pytest.mark.parametrize(("captions", "expected"), RECORDED["corpora"])
def test_own_corpora_across_line_ends(captions: list[str], expected: list[list[str]]) -> None:
    assert tokenize_corpus(captions) == expected


def shared_file(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not beside this checkout")
    return path


def read_gz(name: str) -> list[dict[str, Any]]:
    with gzip.open(shared_file(name), "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.shared
def test_all_recorded_strings(capsys: pytest.CaptureFixture[str]) -> None:
    rows = read_gz("ptb_pairs.jsonl.gz")
    total: Counter[str] = Counter(row["source"] for row in rows)
    wrong: Counter[str] = Counter()
    for row, tokens in zip(rows, isolated([row["text"] for row in rows]), strict=True):
        wrong[row["source"]] += " ".join(tokens) != row["tokens"]
    with capsys.disabled():
        print()
        for source, count in total.items():
            print(f"  {source:24} {count:6} strings, {100 - 100 * wrong[source] / count:.3f} % equal")
    assert wrong.total() == 0


@pytest.mark.shared
def test_all_code_points() -> None:
    rows = [
        row for row in read_gz("ptb_codepoints.jsonl.gz") if not 0xD800 <= int(row["cp"][2:], 16) < 0xE000
    ]
    asked = [template.replace("{c}", chr(int(row["cp"][2:], 16))) for row in rows for template in row["ptb"]]
    expected = [tokens for row in rows for tokens in row["tokens"]]
    found = [" ".join(tokens) for tokens in isolated(asked)]
    assert [item for item in zip(asked, expected, found, strict=True) if item[1] != item[2]] == []


@pytest.mark.shared
def test_all_contexts() -> None:
    cases = [
        json.loads(line) for line in shared_file("ptb_context.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    for case in cases:
        if not any(LINE_LIKE & set(caption) for caption in case["corpus"]):  # the one deliberate difference
            assert [" ".join(tokens) for tokens in tokenize_corpus(case["corpus"])] == case["pycocoevalcap"]


@pytest.mark.shared
def test_all_corpora() -> None:
    corpora = sorted(shared_file("parity").glob("*.json"))
    assert corpora, f"{SHARED / 'parity'} holds no corpus"
    for path in corpora:
        data = json.loads(path.read_text(encoding="utf-8"))
        for name, corpus in data.get("corpora", {path.stem: data}).items():
            check_corpus(name, corpus)


def check_corpus(name: str, corpus: dict[str, Any]) -> None:
    """References, then predictions: each is one text, in the recorded order."""
    references = [caption for item in corpus["items"] for caption in item["refs"]]
    recorded = [tokens for item in corpus["tokens"]["refs"] for tokens in item]
    assert [" ".join(tokens) for tokens in tokenize_corpus(references)] == recorded, name
    predictions = [item["pred"] for item in corpus["items"]]
    assert [" ".join(tokens) for tokens in tokenize_corpus(predictions)] == corpus["tokens"]["preds"], name
