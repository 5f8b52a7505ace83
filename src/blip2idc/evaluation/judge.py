"""Difference lists, and a language model that judges them: what word overlap cannot tell, apart from exact metrics.

In: matched items. Out: a list of the differences that a system told for each pair, in the output format that DiffSpot
publishes (github.com/Tencent/DiffSpot, docs/evaluation.md), and `JudgeScores`: recall on changed pairs, specificity on
unchanged ones, and their accuracy together, as a named model of a named server judged them. A judge's verdict depends
on the judge: model, version of the prompt and settings are the signature, answers are kept in a journal and asked for
once, and no number here is mixed with the exact metrics.

The schema of a verdict is DiffSpot's (docs/prompts.md, version 2.0): each true change `correct`, `partial` or `missed`,
and the told changes that are not there. A changed pair is right where a change is `correct`; an unchanged one where
nothing was made up. The prompt is our own, so that scores are not those of DiffSpot's leaderboard.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from blip2idc.chat_client import Reply
from blip2idc.errors import PredictionError
from blip2idc.evaluation import no_change
from blip2idc.evaluation.inputs import Matched, Prediction, ReferenceItem
from blip2idc.evaluation.metrics.corpus import Statistics
from blip2idc.evaluation.metrics.ngrams import Floats
from blip2idc.evaluation.significance import Resampling, bootstrap, interval
from blip2idc.runs.files import atomic_write
from blip2idc.runs.journal import Journal
from blip2idc.version import __version__

PROMPT_VERSION = "1"
PROMPT = """You compare what a system said about two images with what is known to have changed between them.

Known: {known}
Other right ways to say it: {others}
The system said:
{said}

Judge each known change: "correct" where the system names the same thing and the same change of it, "partial" where it
names the thing or the change but not both, "missed" otherwise. Other words for the same are correct. List every change
that the system tells and that is not known under "hallucinations". Where nothing is known to have changed, "mutations"
is empty, and saying that nothing changed is no hallucination.

Answer with one JSON object and nothing else:
{{"mutations": [{{"gt": "...", "type": "...", "verdict": "correct|partial|missed", "vlm_match": "..."}}],
"hallucinations": ["..."], "summary": {{"correct": 0, "partial": 0, "missed": 0, "hallucinated": 0}}}}"""

_JUDGED = "judged"
_VERDICTS = ("correct", "partial", "missed")
_NAMES = ("accuracy", "recall", "specificity")
Ask: TypeAlias = Callable[[Sequence[Mapping[str, Any]]], Reply]


@dataclass(frozen=True)
class JudgeScores:
    """What a judge said of a system.

    Attributes:
        scores: `accuracy`, `recall`, `specificity` -> (score, low, high); absent where there are no such pairs.
        counts: Pairs that were `changed` and `unchanged`, and verdicts: `correct`, `partial`, `missed`, `hallucinated`.
        unanswered: Pairs without a verdict, left out of the scores, each with the reason.
        signature: Model, prompt, settings, version.
    """

    scores: Mapping[str, tuple[float, float | None, float | None]]
    counts: Mapping[str, int]
    unanswered: Mapping[str, str]
    signature: str

    def to_dict(self) -> dict[str, Any]:
        """As the JSON report keeps it, under a key of its own."""
        scores = {
            name: {"score": score, "low": low, "high": high}
            for name, (score, low, high) in self.scores.items()
        }
        return {
            **scores,
            "counts": dict(self.counts),
            "unanswered": dict(self.unanswered),
            "signature": self.signature,
        }


def difference_list(prediction: Prediction) -> str:
    r"""What a system told, one difference a line; the caption where it lists none.

    >>> difference_list(Prediction("1", "two changes", changes=("the cube is gone", "the ball is red")))
    '- the cube is gone\n- the ball is red'
    >>> difference_list(Prediction("1", "there is no change"))
    'no differences observed'
    """
    told = prediction.changes or (prediction.caption,)
    told = tuple(line for line in told if line.strip() and not no_change.says_no_change(line))
    return "\n".join(f"- {line}" for line in told) or "no differences observed"


def write_difference_lists(path: Path, matched: Matched, model: str) -> None:
    """Write one JSON object a line, as DiffSpot's tools read them.

    `split` is `no_diff` for unchanged pairs, else the record's `difficulty` where its `change` has one, else `diff`.
    """
    with atomic_write(path) as handle:
        for item, prediction in zip(matched.items, matched.predictions, strict=True):
            row = {
                "id": item.id,
                "split": "no_diff" if _unchanged(item) else item.change.get("difficulty", "diff"),
                "model": model,
                "prompt_version": f"blip2idc {__version__}",
                "raw_response": prediction.caption,
                "prediction": difference_list(prediction),
            }
            handle.write(json.dumps(row, ensure_ascii=False) + "\n")


def judge(
    matched: Matched,
    ask: Ask,
    model: str,
    journal: Path,
    *,
    resampling: Resampling | None = None,
    at_once: int = 4,
    progress: Callable[[int, int], None] = lambda done, count: None,
) -> JudgeScores:
    """Ask for every pair that the journal has no verdict of, and score.

    Args:
        matched: Items with their predictions.
        ask: The question to the model, such as `ChatClient.ask` at temperature 0.
        model: Its name, for signature and journal.
        journal: Answers, kept between runs: the same question to the same model is asked once.
        resampling: Of the intervals.
        at_once: Questions under way together.
        progress: Told (done, all) pairs.

    Raises:
        PredictionError: No pair got a verdict.
    """
    questions = {
        item.id: question(item, said) for item, said in zip(matched.items, matched.predictions, strict=True)
    }
    keys = {name: _key(model, text) for name, text in questions.items()}
    verdicts: dict[str, Mapping[str, Any]] = {}
    unanswered: dict[str, str] = {}
    with Journal(journal) as kept, ThreadPoolExecutor(at_once) as pool:
        waiting = {}
        for name, text in questions.items():
            known = kept.get(_JUDGED, keys[name])
            if known is not None:
                verdicts[name] = known["verdict"]
            else:
                waiting[pool.submit(ask, [{"role": "user", "content": text}])] = name
        for done, job in enumerate(as_completed(waiting), start=len(verdicts) + 1):
            name, reply = waiting[job], job.result()
            verdict = None if reply.text is None else read_verdict(reply.text)
            if verdict is None:
                unanswered[name] = reply.fault or "the answer is not the JSON that was asked for"
            else:
                verdicts[name] = verdict
                kept.add([{"kind": _JUDGED, "key": keys[name], "model": model, "verdict": verdict}])
            progress(done, len(questions))
    if not verdicts:
        raise PredictionError(f"judge {model}: no pair got a verdict ({next(iter(unanswered.values()))})")
    judged = [item for item in matched.items if item.id in verdicts]
    found = [verdicts[item.id] for item in judged]
    return _scores(judged, found, unanswered, model, resampling or Resampling())


def question(item: ReferenceItem, said: Prediction) -> str:
    """The prompt for one pair."""
    unchanged = _unchanged(item)
    captions = [caption for caption in item.captions if caption.strip()] or ["not told"]
    facts = {key: value for key, value in item.change.items() if isinstance(value, str | int | float)}
    known = "nothing changed" if unchanged else captions[0] + (f" ({json.dumps(facts)})" if facts else "")
    others = "; ".join(captions[1:6]) if not unchanged else "none"
    return PROMPT.format(known=known, others=others or "none", said=difference_list(said))


def read_verdict(text: str) -> dict[str, Any] | None:
    """The verdict in an answer; None where it is not of the schema. Words around the JSON object are passed over.

    >>> read_verdict('Sure: {"mutations": [{"verdict": "correct"}], "hallucinations": []}')
    {'mutations': ['correct'], 'hallucinations': 0}
    """
    start, end = text.find("{"), text.rfind("}")
    try:
        value = json.loads(text[start : end + 1])
        verdicts = [entry["verdict"] for entry in value["mutations"]]
        made_up = value["hallucinations"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not all(verdict in _VERDICTS for verdict in verdicts) or not isinstance(made_up, list):
        return None
    return {"mutations": verdicts, "hallucinations": len(made_up)}


def signature(model: str, pairs: int) -> str:
    """What the judge was: model, version and digest of the prompt, settings."""
    digest = hashlib.sha256(PROMPT.encode()).hexdigest()[:12]
    return (
        f"judge|model:{model}|prompt:{PROMPT_VERSION}/{digest}|schema:diffspot-2.0|temperature:0|pairs:{pairs}"
        f"|v:{__version__}"
    )


def _unchanged(item: ReferenceItem) -> bool:
    return no_change.is_unchanged(item.kind, item.captions)


def _key(model: str, text: str) -> str:
    return hashlib.sha256(f"{model}\0{PROMPT_VERSION}\0{text}".encode()).hexdigest()


def _scores(
    items: Sequence[ReferenceItem],
    verdicts: Sequence[Mapping[str, Any]],
    unanswered: Mapping[str, str],
    model: str,
    plan: Resampling,
) -> JudgeScores:
    unchanged = np.array([_unchanged(item) for item in items], dtype=np.bool_)
    right = np.array(
        [
            verdict["hallucinations"] == 0 if same else "correct" in verdict["mutations"]
            for verdict, same in zip(verdicts, unchanged.tolist(), strict=True)
        ],
        dtype=np.bool_,
    )
    columns = [~unchanged, ~unchanged & right, unchanged, unchanged & right]
    statistics = Statistics(_NAMES, np.stack(columns, axis=1).astype(np.float64), _aggregate)
    values = statistics.corpus().tolist()
    low: list[float | None] = [None] * len(_NAMES)
    high = list(low)
    if plan.resamples:
        ends = interval(bootstrap([statistics], plan)[0], plan.confidence)
        low, high = ends[0].tolist(), ends[1].tolist()
    there = {"accuracy": True, "recall": not unchanged.all(), "specificity": bool(unchanged.any())}
    scores = {
        name: (values[place], low[place], high[place]) for place, name in enumerate(_NAMES) if there[name]
    }
    counts = {"changed": int((~unchanged).sum()), "unchanged": int(unchanged.sum())}
    counts |= {name: _count(verdicts, name) for name in _VERDICTS}
    counts["hallucinated"] = sum(verdict["hallucinations"] for verdict in verdicts)
    return JudgeScores(scores, counts, dict(unanswered), signature(model, len(items)))


def _count(verdicts: Iterable[Mapping[str, Any]], name: str) -> int:
    return sum(verdict["mutations"].count(name) for verdict in verdicts)


def _aggregate(sums: Floats, items: Floats) -> Floats:
    """`_NAMES` `[S, 3]` of counts `[S, 4]`."""
    accuracy = (sums[:, 1] + sums[:, 3]) / np.maximum(items, 1.0)
    totals, hits = sums[:, [0, 2]], sums[:, [1, 3]]
    shares = np.divide(hits, totals, out=np.zeros_like(hits), where=totals > 0)
    return np.column_stack([accuracy, shares])
