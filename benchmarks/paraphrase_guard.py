"""What the guard of paraphrases refuses of those that a language model really wrote.

    python benchmarks/paraphrase_guard.py FOLDER [--guard words|facts|MODEL]

In: the folder of Syned in the released code of BLIP2IDC (`gt_augmented_test_clean.json`, paraphrases by Llama-2, and
`instructions_with_idx_test_split.txt`, their originals). Each paraphrase goes through the checks of `blip2idc
paraphrase`. Out: a table of the reasons on stdout, and counts in benchmarks/paraphrase_guard.json; no text is kept.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from pathlib import Path

from blip2idc.runs.record import run_record
from blip2idc.synthesis.language_models.language_model import LanguageModelSettings
from blip2idc.synthesis.language_models.sentences import clean
from blip2idc.synthesis.paraphrase.guard import (
    ADDS,
    LOSES,
    EntailmentGuard,
    EntailmentSettings,
    Guard,
    WordGuard,
)
from blip2idc.synthesis.paraphrase.meaning import CODES, FACTS
from blip2idc.synthesis.paraphrase.run import ParaphraseConfig, reason_against

RESULT = Path(__file__).with_suffix(".json")
PASSED = "passed"


def guard_named(name: str) -> Guard:
    """`words` for all tables, `facts` for facts alone, else a model of inference with the facts."""
    if name in ("words", "facts"):
        return WordGuard(CODES if name == "words" else FACTS)
    return EntailmentGuard(EntailmentSettings(name))


def judge(folder: Path, guard: Guard) -> Counter[str]:
    """Number of paraphrases by reason, `passed` among them."""
    lines = (folder / "instructions_with_idx_test_split.txt").read_text(encoding="utf-8").splitlines()
    originals = {
        index.strip(): text.strip() for index, _, text in (line.partition("<INSTRUCT>") for line in lines)
    }
    written = json.loads((folder / "gt_augmented_test_clean.json").read_text(encoding="utf-8"))
    config = ParaphraseConfig(LanguageModelSettings("Llama-2-7b-chat"))
    return Counter(
        reason_against(originals[index.strip()], clean(text), config, guard) or PASSED
        for index, texts in written.items()
        for text in texts
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--guard", default="words", help="words, facts, or hub id or folder of a model of inference"
    )
    parser.add_argument("--output", type=Path, default=RESULT)
    options = parser.parse_args()
    found = judge(options.folder, guard_named(options.guard))
    total = sum(found.values())
    for reason, count in found.most_common():
        print(f"{reason:18} {count:6,} {count / total:7.1%}")
    drifted = sum(found[code] for code in (*CODES, ADDS, LOSES))
    print(f"{total:,} paraphrases, {drifted:,} of another meaning, {found[PASSED]:,} passed")
    run = run_record()
    del run["argv"]  # a path of this machine
    result = {"paraphrases": total, "of_another_meaning": drifted, "by_reason": dict(found.most_common())}
    options.output.write_text(json.dumps({**result, "run_record": run}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
