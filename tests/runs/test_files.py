"""Files that appear whole or not at all, on disks that fail as well."""

from __future__ import annotations

import errno
import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from blip2idc.errors import InputError, WriteError
from blip2idc.runs import files
from blip2idc.runs.files import (
    atomic_path,
    atomic_write,
    cache_folder,
    check_model_name,
    discard_partials,
    file_digest,
    is_special,
    write_fault,
)


def test_old_content_or_new(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.txt"
    with atomic_write(path) as handle:
        handle.write("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as handle:
        handle.write("new")
        raise ZeroDivisionError
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("name", ["x" * 250, "a." + "x" * 248, "ö" * 120 + ".json"])
def test_long_names(name: str, tmp_path: Path) -> None:
    with atomic_write(tmp_path / name) as handle:
        handle.write("1")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    (tmp_path / name).unlink()
    with atomic_path(tmp_path / name) as folder:
        folder.mkdir()
    with atomic_path(tmp_path / name) as folder:
        folder.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_name_that_no_file_system_takes(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="x: cannot be written.*what was there before is kept")
    with refused, atomic_write(tmp_path / ("x" * 300)):
        pass
    assert not list(tmp_path.iterdir())


PROGRAM = """
import resource, sys
from pathlib import Path
from blip2idc.errors import InputError
from blip2idc.runs.files import atomic_write
from blip2idc.runs.journal import Journal
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
try:
    with atomic_write(folder / "a.txt") as handle:
        handle.write("x" * 100_000)
except InputError as error:
    print(error)
journal = Journal(folder / "j.jsonl")
journal.add([{"kind": "done", "key": "1", "text": "x" * 3000}])
try:
    journal.add([{"kind": "done", "key": "2", "text": "x" * 3000}])
except InputError as error:
    print(error)
"""


def test_a_full_disk(tmp_path: Path) -> None:
    """Here a limit on the size of files, which needs no disk of its own."""
    from blip2idc.runs.journal import Journal

    (tmp_path / "a.txt").write_text("old")
    command = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith(
        f"{tmp_path / 'a.txt'}: cannot be written (File too large); nothing of it was written"
    )
    assert second.startswith(
        f"{tmp_path / 'j.jsonl'}: cannot be written (File too large); what was done until now"
    )
    assert (tmp_path / "a.txt").read_text() == "old"
    with Journal(tmp_path / "j.jsonl") as journal:  # half of the second line was written
        assert journal.get("done", "1") is not None
        assert journal.get("done", "2") is None
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_read_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(partial: Path, target: Path) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(partial))

    monkeypatch.setattr(files, "_move_into_place", refuse)
    refused = pytest.raises(InputError, match=r"a\.txt: cannot be written \(Read-only file system\)")
    with refused, atomic_write(tmp_path / "a.txt"):
        pass


def test_a_read_only_disk_says_so_of_files_that_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There unlink fails before it looks whether there is such a file."""

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    refused = pytest.raises(InputError, match=r"a\.txt: cannot be written \(Read-only file system\)")
    with refused, atomic_path(tmp_path / "a.txt") as partial:
        refuse(partial)


def test_a_part_of_a_folder_that_cannot_be_written_is_told_as_the_folder(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match=rf"^{tmp_path}/whole: cannot be written \(No space")
    with refused, atomic_path(tmp_path / "whole") as partial, atomic_path(partial / "a.json") as inner:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(inner))


def test_another_output_that_cannot_be_written_is_told_as_itself(tmp_path: Path) -> None:
    refused = pytest.raises(WriteError, match=rf"^{tmp_path}/other\.json: cannot be written \(No space")
    with refused, atomic_path(tmp_path / "whole"), atomic_path(tmp_path / "other.json") as other:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(other))


def test_a_copy_that_fails_names_what_was_to_be_written(tmp_path: Path) -> None:
    """The system's error names the source first."""
    refused = pytest.raises(InputError, match=rf"^{tmp_path}/b\.png: cannot be written \(No space")
    with refused, atomic_path(tmp_path / "b.png") as partial:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(tmp_path / "a.png"), None, str(partial))


def test_errors_about_something_else_stay_what_they_are(tmp_path: Path) -> None:
    with pytest.raises(PermissionError), atomic_write(tmp_path / "a.txt"):
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path / "other.txt"))
    with pytest.raises(InputError, match="^mine$"), atomic_write(tmp_path / "a.txt"):
        raise InputError("mine")


def test_errors_of_libraries_tell_in_their_text(tmp_path: Path) -> None:
    """As safetensors does."""
    full = RuntimeError("Error while serializing: I/O error: No space left on device (os error 28)")
    assert write_fault(full, tmp_path) == "No space left on device"
    assert (
        write_fault(RuntimeError("[Errno 28] No space left on device"), tmp_path) == "No space left on device"
    )
    assert write_fault(RuntimeError("os error 2"), tmp_path) is None
    assert write_fault(ValueError("no"), tmp_path) is None


def test_leftovers_of_a_killed_run(tmp_path: Path) -> None:
    for name in (".a.partial-0123.txt", ".b.partial-4567", "kept.partial-1"):
        (tmp_path / name).touch()
    (tmp_path / ".c.partial-89ab").mkdir()
    discard_partials(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.partial-1"]


def test_text_is_utf_8_with_newlines_as_written_and_bytes_are_bytes(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "a.txt") as handle:
        handle.write("naïve\r\n\ud83d\n")
    assert (tmp_path / "a.txt").read_bytes() == "naïve\r\n\\ud83d\n".encode()
    with atomic_write(tmp_path / "a.bin", "wb") as handle:
        handle.write(b"\xff\r\n")
    assert (tmp_path / "a.bin").read_bytes() == b"\xff\r\n"
    with (
        pytest.raises(ValueError, match="mode is 'a'; expected 'w' or 'wb'"),
        atomic_write(tmp_path / "b", "a"),
    ):
        pass


def test_a_folder_of_weights_needs_a_name_that_is_text(tmp_path: Path) -> None:
    check_model_name(tmp_path / "é")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        check_model_name(tmp_path / os.fsdecode(b"bad\xff"))


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_written_file_appears_whole(tmp_path: Path) -> None:
    with atomic_write(tmp_path / "new" / "a.jsonl") as handle:
        handle.write("é\n")
        assert not (tmp_path / "new" / "a.jsonl").exists()
    assert (tmp_path / "new" / "a.jsonl").read_bytes() == "é\n".encode()
    assert names(tmp_path / "new") == ["a.jsonl"]
    with atomic_write(tmp_path / "b.bin", "wb") as handle:
        handle.write(b"\0")
    assert (tmp_path / "b.bin").read_bytes() == b"\0"


def test_a_failure_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(RuntimeError), atomic_write(target) as handle:
        handle.write("half")
        raise RuntimeError
    assert target.read_text() == "old"
    assert names(tmp_path) == ["a.txt"]


def test_a_killed_writer_leaves_the_old_file_and_a_partial(tmp_path: Path) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old")
    program = (
        "import os, signal, sys\n"
        "from blip2idc.runs.files import atomic_write\n"
        "with atomic_write(sys.argv[1]) as handle:\n"
        "    handle.write('half'); handle.flush(); os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(target)]).returncode == -9
    assert target.read_text() == "old"
    assert len(names(tmp_path)) == 2
    discard_partials(tmp_path)
    assert names(tmp_path) == ["a.txt"]


def test_a_path_keeps_the_suffix_and_may_be_a_folder(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a.png") as partial:
        assert partial.suffix == ".png"
        partial.write_bytes(b"1")
    for content in ("first", "second"):
        with atomic_path(tmp_path / "adapter") as partial:
            partial.mkdir()
            (partial / content).touch()
    assert names(tmp_path) == ["a.png", "adapter"]
    assert names(tmp_path / "adapter") == ["second"]


def test_a_failed_folder_disappears(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), atomic_path(tmp_path / "adapter") as partial:
        partial.mkdir()
        (partial / "half").touch()
        raise RuntimeError
    assert names(tmp_path) == []


def test_an_impossible_place_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(InputError, match="cannot make this folder"),
        atomic_write(tmp_path / "file" / "a.txt"),
    ):
        pass
    (tmp_path / "folder").mkdir()
    with (
        pytest.raises(InputError, match="folder: cannot be replaced .* expected a file"),
        atomic_write(tmp_path / "folder"),
    ):
        pass
    with (
        pytest.raises(InputError, match="file: cannot be replaced .* expected a folder"),
        atomic_path(tmp_path / "file") as partial,
    ):
        partial.mkdir()
    assert names(tmp_path) == ["file", "folder"]


def test_the_cache_folder_is_the_user_s(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "blip2idc"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    for system, part in (("linux", ".cache"), ("darwin", "Library/Caches")):
        monkeypatch.setattr(sys, "platform", system)
        assert cache_folder() == tmp_path / part / "blip2idc"
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert cache_folder() == tmp_path / "local" / "blip2idc"
    monkeypatch.delenv("LOCALAPPDATA")
    assert cache_folder() == Path(tempfile.gettempdir()) / "blip2idc"


def test_somebody_without_a_home_has_a_cache_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(Path, "home", homeless)
    assert cache_folder() == Path(tempfile.gettempdir()) / "blip2idc"


def test_a_digest_is_that_of_the_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_digest(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    with pytest.raises(FileNotFoundError):
        file_digest(tmp_path / "b")


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe.json")
    return tmp_path / "pipe.json"


def test_a_device_or_a_pipe_is_never_replaced(pipe: Path, tmp_path: Path) -> None:
    """`--json /dev/null` by root once put a file there."""
    (tmp_path / "link.json").symlink_to("/dev/null")
    for path in (
        pipe,
        tmp_path / "link.json",
        Path("/dev/null"),
        Path("/dev/stdout"),
        Path("/proc/self/fd/1"),
    ):
        assert is_special(path)
        with (
            pytest.raises(InputError, match="is a device or a pipe, which is not replaced"),
            atomic_path(path),
        ):
            pass
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    assert not is_special(tmp_path / "new.json")
    assert not is_special("/dev/shm/new.json")


def test_a_device_or_a_pipe_is_written_to(pipe: Path) -> None:
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    with atomic_write(pipe) as handle:
        handle.write("[1]")
    assert os.read(reader, 10) == b"[1]"
    os.close(reader)
    with atomic_write("/dev/null", "wb") as handle:
        handle.write(b"1")


def test_one_that_cannot_be_written_to(pipe: Path) -> None:
    """A pipe that nobody reads is not waited for."""
    with (
        pytest.raises(InputError, match=r"/dev/full: cannot be written \(No space left"),
        atomic_write("/dev/full") as handle,
    ):
        handle.write("1")
    with pytest.raises(InputError, match=r"pipe.json: cannot be written \("), atomic_write(pipe) as handle:
        handle.write("1")


@pytest.mark.parametrize("name", ["", ".", "/"])
def test_names_of_folders_alone(name: str) -> None:
    with pytest.raises(InputError, match="is the name of a folder alone"), atomic_write(name):
        pass


def test_a_folder_in_which_nothing_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Such as /proc, whatever error it answers with."""

    def refuse(path: Path) -> None:
        raise FileNotFoundError(errno.ENOENT, "No such file or directory", os.fspath(path))

    with pytest.raises(InputError, match="x: cannot be written"), atomic_path(tmp_path / "x") as partial:
        refuse(partial)


def test_only_regular_files_have_a_digest(pipe: Path, tmp_path: Path) -> None:
    (tmp_path / "holes").touch()
    os.truncate(tmp_path / "holes", 30_000_000_000)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with pytest.raises(OSError, match="is a"):
            file_digest(path)
    with pytest.raises(OSError, match="more than the limit"):
        file_digest(tmp_path / "holes", 1000)


def test_folders_that_two_processes_replace(tmp_path: Path) -> None:
    """The second must not fail because the first has just taken the old folder away, or put its own there."""
    program = (
        "import sys, pathlib\nfrom blip2idc.runs.files import atomic_path\n"
        "for number in range(300):\n"
        "    with atomic_path(sys.argv[1]) as partial:\n"
        "        partial.mkdir()\n        (partial / 'a').touch()\n"
    )
    arguments = [sys.executable, "-c", program, str(tmp_path / "folder")]
    processes = [subprocess.Popen(arguments) for _ in range(2)]
    assert [process.wait() for process in processes] == [0, 0]
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_a_folder_that_cannot_take_its_place_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "old").touch()
    replaced = os.replace

    def refuse(source: Path, target: Path) -> None:
        if (source / "new").exists():
            raise OSError(errno.EIO, "Input/output error", os.fspath(source))
        replaced(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match="cannot be written"), atomic_path(tmp_path / "folder") as partial:
        partial.mkdir()
        (partial / "new").touch()
    assert [path.name for path in tmp_path.rglob("*")] == ["folder", "old"]


def test_a_fault_without_a_name_is_of_what_is_being_written(tmp_path: Path) -> None:
    assert (
        write_fault(OSError(errno.ENOSPC, "No space left on device"), tmp_path) == "No space left on device"
    )
    assert write_fault(OSError(errno.EPIPE, "Broken pipe"), tmp_path) is None
    assert write_fault(OSError(errno.ENOSPC, "No space left on device", "/elsewhere"), tmp_path) is None
    assert (
        write_fault(OSError(errno.ESTALE, "Stale file handle", str(tmp_path / "a")), tmp_path)
        == "Stale file handle"
    )


class Crowded:
    """`os.replace` where others put their own folder in the place first, so many times."""

    def __init__(self, target: Path, number: int, times: int) -> None:
        self.target, self.number, self.left = target, number, times
        self.replace = os.replace

    def __call__(self, source: Path, place: Path) -> None:
        if (
            place == self.target
            and self.left
            and files.PARTIAL_MARK in source.name
            and (source / "mine").exists()
        ):
            self.left -= 1
            raise OSError(self.number, os.strerror(self.number), str(source), None, str(place))
        self.replace(source, place)


def test_a_place_that_others_take_meanwhile_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    for number in (errno.ENOTEMPTY, errno.EEXIST):
        crowded = Crowded(target, number, 3)
        monkeypatch.setattr(files.os, "replace", crowded)
        with atomic_path(target) as partial:
            partial.mkdir()
            (partial / "mine").touch()
        assert crowded.left == 0
        assert names(tmp_path) == ["model"]
        assert names(target) == ["mine"]


@pytest.mark.parametrize(("number", "times"), [(errno.ENOTEMPTY, 10_000), (errno.EACCES, 1)])
def test_others_who_never_let_go_and_other_faults_leave_the_old_folder(
    number: int, times: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").touch()
    monkeypatch.setattr(files, "_ATTEMPTS", 5)
    crowded = Crowded(target, number, times)
    monkeypatch.setattr(files.os, "replace", crowded)
    with pytest.raises(WriteError, match="model: cannot be written"), atomic_path(target) as partial:
        partial.mkdir()
        (partial / "mine").touch()
    assert times - crowded.left == (5 if number == errno.ENOTEMPTY else 1)
    assert names(tmp_path) == ["model"]
    assert names(target) == ["old"]
