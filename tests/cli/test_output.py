"""What commands write: lines that cannot be forged, files, bars."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from blip2idc.cli import output

HOSTILE = "a\x1b[2J\nb\u2028\u202e\udcff"


def test_a_line_stays_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.say(HOSTILE)
    output.note(HOSTILE)
    output.warn(HOSTILE)
    printed = capsys.readouterr()
    escaped = "a\\u001b[2J\\u000ab\\u2028\\u202e\\udcff\n"
    assert printed.out == escaped
    assert printed.err == f"{escaped}warning: {escaped}"


def test_json_stays_json_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    output.say_json({"name": HOSTILE, "caption": "a café"})
    line = capsys.readouterr().out
    assert line.count("\n") == 1
    assert "café" in line
    assert json.loads(line) == {"name": HOSTILE, "caption": "a café"}


def test_a_number_that_json_does_not_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        output.write_json(tmp_path / "a.json", {"score": float("nan")})
    assert not list(tmp_path.iterdir())


def test_files(tmp_path: Path) -> None:
    """A name that is no UTF-8 is written as JSON escapes it, and loses no report."""
    output.write_json(tmp_path / "in" / "a.json", {"name": HOSTILE})
    assert json.loads((tmp_path / "in" / "a.json").read_text(encoding="utf-8")) == {"name": HOSTILE}
    output.write_text(tmp_path / "a.txt", "é\r\n")
    assert (tmp_path / "a.txt").read_bytes() == "é\r\n".encode()


def test_a_bar_appears_with_the_first_thing_done(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress_bar("pairs"):
        pass
    assert capsys.readouterr() == ("", "")
    with output.stage_bars() as tell:
        tell("[red]edits", 1, 3)
        tell("[red]edits", 3, 3)
        tell("masks", 1, 1)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "[red]edits" in printed.err
    assert "3/3" in printed.err
    assert "masks" in printed.err


def test_rows_show_what_they_are_given(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_rows([("kept [all]", 1234)])
    assert capsys.readouterr().err.split() == ["kept", "[all]", "1,234"]
