"""A language model as judge: its verdicts are read strictly, asked for once, and kept apart from exact metrics."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from blip2idc.chat_client import Reply
from blip2idc.errors import PredictionError
from blip2idc.evaluation import judge as judging
from blip2idc.evaluation.inputs import Matched, Prediction, ReferenceItem, read_predictions
from blip2idc.evaluation.judge import JudgeScores, judge, read_verdict, write_difference_lists
from blip2idc.evaluation.significance import Resampling
from blip2idc.report.tables import judge_table

ITEMS = (
    ReferenceItem(
        "1", ("the cube is gone", "someone removed the cube"), "drop", {"kind": "drop", "difficulty": "easy"}
    ),
    ReferenceItem("2", ("a ball was added",), "add"),
    ReferenceItem("3", ("there is no change",), "none"),
    ReferenceItem("4", ("there is no change",), "none"),
)
SAID = (
    Prediction("1", "two changes", changes=("the cube vanished", "the light changed")),
    Prediction("2", "the floor is red"),
    Prediction("3", "nothing has changed"),
    Prediction("4", "a dog appeared"),
)
MATCHED = Matched(ITEMS, SAID)


class Judge:
    """Finds words; counts what it is asked."""

    def __init__(self, answer: str | None = None) -> None:
        self.asked: list[str] = []
        self.answer = answer

    def __call__(self, messages: Sequence[Any]) -> Reply:
        text = messages[0]["content"]
        self.asked.append(text)
        if self.answer is not None:
            return Reply(self.answer)
        if "floor" in text:
            return Reply(fault="the server did not answer in time")
        verdict = (
            [{"gt": "x", "type": "y", "verdict": "correct", "vlm_match": ""}] if "vanished" in text else []
        )
        made_up = ["a dog"] if "dog" in text else []
        return Reply(f"```json\n{json.dumps({'mutations': verdict, 'hallucinations': made_up})}\n```")


def judged(tmp_path: Path, ask: Judge) -> JudgeScores:
    return judge(MATCHED, ask, "a-model", tmp_path / "answers.jsonl", resampling=Resampling(50))


def test_verdicts_are_scored_and_asked_for_once(tmp_path: Path) -> None:
    first = Judge()
    found = judged(tmp_path, first)
    assert found.scores["recall"][0] == 1
    assert found.scores["specificity"][0] == 0.5
    assert found.scores["accuracy"][0] == pytest.approx(2 / 3)
    assert found.unanswered == {"2": "the server did not answer in time"}
    assert found.counts["hallucinated"] == 1
    again = Judge()
    assert judged(tmp_path, again).scores == found.scores
    assert len(first.asked) == 4
    assert len(again.asked) == 1, "only what had no verdict"


def test_another_prompt_is_another_judge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = judged(tmp_path, Judge()).signature
    monkeypatch.setattr(judging, "PROMPT_VERSION", "2")
    again = Judge()
    assert judged(tmp_path, again).signature != before
    assert len(again.asked) == 4


def test_the_question_holds_what_is_known_and_what_was_told(tmp_path: Path) -> None:
    ask = Judge()
    judged(tmp_path, ask)
    asked = "\n".join(ask.asked)
    for part in (
        "the cube is gone",
        "Other right ways to say it: someone removed the cube",
        "- the cube vanished\n- the light changed",
        "Known: nothing changed",
        "no differences observed",
    ):
        assert part in asked


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "I think so",
        '{"mutations": []}',
        '{"mutations": [{"verdict": "yes"}], "hallucinations": []}',
        "{]}",
    ],
)
def test_what_is_not_of_the_schema_is_no_verdict(tmp_path: Path, answer: str) -> None:
    assert read_verdict(answer) is None
    with pytest.raises(PredictionError, match="no pair got a verdict"):
        judged(tmp_path, Judge(answer))


def test_lists_are_written_as_diffspot_reads_them(tmp_path: Path) -> None:
    write_difference_lists(tmp_path / "lists.jsonl", MATCHED, "mine")
    rows = [json.loads(line) for line in (tmp_path / "lists.jsonl").read_text().splitlines()]
    assert [row["split"] for row in rows] == ["easy", "diff", "no_diff", "no_diff"]
    assert rows[0]["prediction"] == "- the cube vanished\n- the light changed"
    assert rows[2]["prediction"] == "no differences observed"
    assert set(rows[0]) == {"id", "split", "model", "prompt_version", "raw_response", "prediction"}


def test_changes_of_a_predictions_file_are_read(tmp_path: Path) -> None:
    rows = [{"image_id": "1", "caption": "x", "changes": [{"caption": "the cube is gone"}, {"kind": "?"}]}]
    (tmp_path / "p.json").write_text(json.dumps(rows))
    assert read_predictions(tmp_path / "p.json").entries[0].changes == ("the cube is gone",)


def test_its_table_is_one_of_its_own(tmp_path: Path) -> None:
    text = judge_table(judged(tmp_path, Judge())).text()
    rendered = str(getattr(text, "columns", text))
    assert rendered
    report = judged(tmp_path, Judge()).to_dict()
    assert set(report) == {"accuracy", "recall", "specificity", "counts", "unanswered", "signature"}
