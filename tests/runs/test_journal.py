"""The journal: what was written is there again, half a line is not, and other files are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from blip2idc.errors import InputError
from blip2idc.runs.journal import Journal


def entry(key: str, **content: object) -> dict[str, object]:
    return {"kind": "edited", "key": key, **content}


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.add([entry("a", text="naïve\u2028line"), entry("b")])
        assert journal.get("edited", "c") is None
    with Journal(tmp_path / "j.jsonl") as journal:
        assert journal.get("edited", "a") == entry("a", text="naïve\u2028line")
        assert journal.get("instructed", "a") is None


def test_the_last_entry_of_a_key_counts(tmp_path: Path) -> None:
    for number in (1, 2):
        with Journal(tmp_path / "j.jsonl") as journal:
            journal.add([entry("a", number=number)])
    with Journal(tmp_path / "j.jsonl") as journal:
        assert journal.get("edited", "a") == entry("a", number=2)


def test_it_survives_being_cut_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.add([entry(key) for key in "abc"])
    whole = path.read_bytes()
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        with Journal(path) as journal:
            known = [key for key in "abc" if journal.get("edited", key)]
            assert known == list("abc")[: whole[:length].count(b"\n")]
            journal.add([entry("d")])
        with Journal(path) as journal:
            assert [key for key in "abcd" if journal.get("edited", key)] == [*known, "d"]


@pytest.mark.parametrize("content", [b"no json\n", b"[1]\n", b'{"kind": "edited"}\n'])
def test_a_file_that_is_no_journal_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j.jsonl"
    path.write_bytes(b'{"kind": "edited", "key": "a"}\n' + content)
    with pytest.raises(InputError, match=r"j\.jsonl, line 2: is not an entry"):
        Journal(path)
    assert path.read_bytes().endswith(content)  # and left as it is


def test_what_was_added_is_there_at_once_and_counted(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        assert len(journal) == 0
        journal.add([entry("a", number=1), entry("b")])
        assert (len(journal), journal.get("edited", "a")) == (2, entry("a", number=1))
        journal.add([entry("a", number=2)])  # the places of later lines follow from the earlier ones
        assert (len(journal), journal.get("edited", "a")) == (2, entry("a", number=2))
        assert journal.get("edited", "b") == entry("b")


def test_numbers_that_no_json_holds_are_not_written(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        with pytest.raises(ValueError, match="not JSON compliant"):
            journal.add([entry("a", number=float("nan"))])
        assert journal.get("edited", "a") is None


def test_a_journal_that_is_done_is_gone_and_a_cleared_one_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    with Journal(path) as journal:
        journal.add([entry("a")])
        journal.clear()
        assert (len(journal), journal.get("edited", "a"), path.stat().st_size) == (0, None, 0)
        journal.add([entry("b")])
        assert journal.get("edited", "b") == entry("b")
        journal.remove()
        assert not path.exists()
    journal = Journal(path)
    path.unlink()
    journal.remove()  # somebody else removed it
