"""Work in other processes: every result, few items ahead, nothing left running, signals heard by the first alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blip2idc.errors import InputError
from blip2idc.runs.processes import in_processes

_PREPARED: list[object] = []


def _prepare(*values: object) -> None:
    _PREPARED.extend(values)


def _twice(number: int) -> tuple[int, int, list[object]]:
    return 2 * number, os.getpid(), _PREPARED


def _masked(_: int) -> set[int]:
    return set(signal.pthread_sigmask(signal.SIG_BLOCK, []))


def _end_at_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def _fail_at_once_else_wait(number: int) -> int:
    if number == 0:
        raise ValueError("zero")
    time.sleep(120)
    return number


def _touch_and_wait(file: Path) -> None:
    file.touch()
    if file.name != "0":
        time.sleep(120)


def _slowly(_: int) -> int:
    time.sleep(0.3)
    return os.getpid()


def _write_process_and_wait(file: Path) -> None:
    written = file.with_suffix(".part")
    written.write_text(str(os.getpid()))
    written.rename(file)
    time.sleep(120)


@pytest.fixture(autouse=True)
def nothing_is_left() -> Iterator[None]:
    """Handlers and mask of signals are as before, and no process that was begun goes on."""
    earlier = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [])
    others = set(multiprocessing.active_children())
    yield
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == earlier
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == mask
    assert set(multiprocessing.active_children()) <= others


def test_every_item_comes_back_with_its_result_from_prepared_processes() -> None:
    _PREPARED.append("here")  # which no process that is started afresh can know
    try:
        found = list(in_processes(_twice, range(9), 2, _prepare, "one", 2))
    finally:
        _PREPARED.clear()
    assert sorted((item, result[0]) for item, result in found) == [(item, 2 * item) for item in range(9)]
    assert all(result[2] == ["one", 2] for _, result in found)
    assert os.getpid() not in {result[1] for _, result in found}


def test_it_works_in_a_thread_where_no_signal_is_heard() -> None:
    found: list[tuple[int, int]] = []
    thread = threading.Thread(
        target=lambda: found.extend(
            (item, result[0]) for item, result in in_processes(_twice, [4, 5], 1, _prepare)
        )
    )
    thread.start()
    thread.join()
    assert sorted(found) == [(4, 8), (5, 10)]


def test_few_items_are_taken_ahead() -> None:
    taken: list[int] = []

    def items() -> Iterator[int]:
        for item in range(20):
            taken.append(item)
            yield item

    done = 0
    for _ in in_processes(_twice, items(), 1, _prepare):
        done += 1
        assert len(taken) <= done + 1  # two items a process are with it, the one that is done among them
    assert done == len(taken) == 20


def test_no_more_processes_than_asked_for_are_at_it() -> None:
    assert len({other for _, other in in_processes(_slowly, range(4), 1, _prepare)}) == 1


def test_only_the_first_process_hears_signals() -> None:
    ((_, masked),) = in_processes(_masked, [0], 1, _prepare)
    assert {signal.SIGINT, signal.SIGTERM} <= masked


def test_a_killed_process_is_told() -> None:
    with pytest.raises(
        InputError, match="a process was killed, perhaps for want of memory; .* fewer workers"
    ):
        list(in_processes(_end_at_three, range(9), 2, _prepare))


def test_a_fault_of_the_work_is_raised_and_ends_the_others() -> None:
    begun = time.monotonic()
    with pytest.raises(ValueError, match="zero"):
        list(in_processes(_fail_at_once_else_wait, range(4), 2, _prepare))
    assert time.monotonic() - begun < 60


def test_what_is_not_read_to_the_end_is_ended(tmp_path: Path) -> None:
    begun = time.monotonic()
    results = in_processes(_touch_and_wait, [tmp_path / str(item) for item in range(4)], 2, _prepare)
    assert next(results) == (tmp_path / "0", None)
    results.close()  # type: ignore[attr-defined]
    assert time.monotonic() - begun < 60


class _EndedError(Exception):
    """What a program's own handler raises."""


def _refuse(number: int, frame: object) -> None:
    raise _EndedError(number)


@pytest.mark.parametrize(
    ("number", "handler", "raised"),
    [
        (signal.SIGINT, signal.default_int_handler, KeyboardInterrupt),
        (signal.SIGINT, lambda number, frame: None, KeyboardInterrupt),
        (signal.SIGTERM, _refuse, _EndedError),
    ],
)
def test_a_signal_ends_it_between_two_results(
    number: int, handler: signal.Handlers, raised: type[BaseException], tmp_path: Path
) -> None:
    earlier = signal.signal(number, handler)
    seen = 0
    try:
        with pytest.raises(raised):
            for _ in in_processes(_touch_and_wait, [tmp_path / str(item) for item in range(4)], 2, _prepare):
                seen += 1
                signal.raise_signal(number)  # as from a terminal; the loop itself goes on
                assert seen == 1
    finally:
        signal.signal(number, earlier)
    assert seen == 1


def test_a_signal_is_heard_while_nothing_is_done(tmp_path: Path) -> None:
    timer = threading.Timer(1.5, os.kill, (os.getpid(), signal.SIGINT))
    begun = time.monotonic()
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        list(in_processes(_touch_and_wait, [tmp_path / "1", tmp_path / "2"], 1, _prepare))
    assert time.monotonic() - begun < 30


PROGRAM = """
import pathlib, sys, time
from blip2idc.runs.processes import in_processes
from tests.runs.test_processes import _prepare, _write_process_and_wait
if __name__ == "__main__":
    list(in_processes(_write_process_and_wait, [pathlib.Path(sys.argv[1])], 1, _prepare))
"""


def test_a_process_ends_with_the_one_that_began_it(tmp_path: Path) -> None:
    program, file = tmp_path / "program.py", tmp_path / "process"
    program.write_text(PROGRAM)
    path = os.pathsep.join([str(Path(__file__).parents[2]), *sys.path])
    with subprocess.Popen(
        [sys.executable, str(program), str(file)], env={**os.environ, "PYTHONPATH": path}
    ) as first:
        until(file.exists)
        number = int(file.read_text())
        os.kill(number, 0)  # it is there
        first.kill()
    until(lambda: not is_there(number))


def is_there(number: int) -> bool:
    """Whether a process of this number runs."""
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{number}/stat")  # one that ended is there until its end is asked for
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] != "Z"


def until(holds: Callable[[], bool]) -> None:
    """Waits for something, a minute at most."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < 60
        time.sleep(0.05)


def test_an_ignored_signal_stays_ignored() -> None:
    earlier = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        for _ in in_processes(_twice, range(3), 1, _prepare):
            signal.raise_signal(signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, earlier)
