"""The journal: what was written is there again, half a line is not, and other files are refused."""

from __future__ import annotations

from pathlib import Path
from typing import IO, Any

import pytest

from blip2idc.errors import InputError
from blip2idc.runs.journal import SYNC_SECONDS, Journal


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
    with pytest.raises(
        InputError,
        match=r"j\.jsonl, line 2: is not an entry of a journal; remove the data set and make it again$",
    ):
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


def test_entries_added_one_after_another_keep_their_places(tmp_path: Path) -> None:
    with Journal(tmp_path / "deep" / "er" / "j.jsonl") as journal:
        for number in range(4):
            journal.add([entry(str(number), number=number), entry(f"{number} again", number=number)])
        for number in range(4):
            assert journal.get("edited", f"{number} again") == entry(f"{number} again", number=number)


def test_bytes_that_are_no_text_and_text_that_is_not_ascii(tmp_path: Path) -> None:
    """Text stands in the file as it is; half characters, which file names may hold, as JSON escapes them."""
    with Journal(tmp_path / "j.jsonl") as journal:
        journal.add([entry("é\udcff")])
        assert journal.get("edited", "é\udcff") == entry("é\udcff")
    assert (tmp_path / "j.jsonl").read_bytes() == b'{"kind": "edited", "key": "\xc3\xa9\\udcff"}\n'


class Sparing:
    """A file that takes five bytes at a time, as a pipe or a disk at its end may."""

    def __init__(self, handle: IO[bytes]) -> None:
        self.handle = handle

    def __getattr__(self, name: str) -> Any:
        return getattr(self.handle, name)

    def write(self, content: bytes) -> int:
        return self.handle.write(content[:5])


def test_what_is_taken_in_parts_is_written_to_its_end(tmp_path: Path) -> None:
    with Journal(tmp_path / "j.jsonl") as journal:
        journal._handle = Sparing(journal._handle)  # type: ignore[assignment]
        journal.add([entry("a", text="b" * 40)])
    with Journal(tmp_path / "j.jsonl") as journal:
        assert journal.get("edited", "a") == entry("a", text="b" * 40)


def test_the_disk_is_waited_for_once_a_second(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now, synced = [100.0], []
    monkeypatch.setattr("blip2idc.runs.journal.time.monotonic", lambda: now[0])
    monkeypatch.setattr("blip2idc.runs.journal.os.fsync", synced.append)
    with Journal(tmp_path / "j.jsonl") as journal:
        for seconds, count in ((0.0, 0), (SYNC_SECONDS, 0), (0.1, 1), (0.5, 1), (0.4, 1), (0.2, 2)):
            now[0] += seconds
            journal.add([entry("a")])
            assert synced == [journal._handle.fileno()] * count


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"folder: cannot be written \(Is a directory\)"):
        Journal(tmp_path / "folder")


def test_an_entry_that_cannot_be_written_is_told_and_not_counted(tmp_path: Path) -> None:
    class Full(Sparing):
        def write(self, content: bytes) -> int:
            raise OSError(28, "No space left on device")

    with Journal(tmp_path / "j.jsonl") as journal:
        journal.add([entry("a")])
        whole, journal._handle = journal._handle, Full(journal._handle)  # type: ignore[assignment]
        with pytest.raises(
            InputError,
            match=r"j\.jsonl: cannot be written \(No space left on device\); what was done until now is kept, and the"
            r" same command goes on from there$",
        ):
            journal.add([entry("b")])
        journal._handle = whole
        assert [journal.get("edited", key) for key in "ab"] == [entry("a"), None]
