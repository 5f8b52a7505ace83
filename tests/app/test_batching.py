"""Batches of what waits: who goes together, who waits for whom, who is refused, and who is to blame."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from blip2idc.app.batching import Batcher, BusyError

LARGEST = {"small": 2, "large": 8}


class Work:
    """Doubles numbers, when it is let; remembers its batches."""

    def __init__(self) -> None:
        self.batches: list[tuple[str, list[int]]] = []
        self.begun = threading.Event()
        self.let = threading.Event()

    def __call__(self, kind: str, items: Sequence[int]) -> list[int]:
        self.batches.append((kind, list(items)))
        self.begun.set()
        assert self.let.wait(10)
        if 13 in items:
            raise ValueError("thirteen")
        return [2 * item for item in items]


@pytest.fixture
def work() -> Work:
    return Work()


@pytest.fixture
def batcher(work: Work) -> Iterator[Batcher[int, int]]:
    made = Batcher(work, LARGEST.__getitem__, room=12, patience=5.0, longest_patience=5.0)
    yield made
    work.let.set()
    made.close()


def submitted(
    batcher: Batcher[int, int], stack: ExitStack, items: Sequence[int], kind: str = "large"
) -> list[Future[int]]:
    return [stack.enter_context(batcher.admitted()).submit(item, kind) for item in items]


def test_what_waits_goes_together(batcher: Batcher[int, int], work: Work) -> None:
    with ExitStack() as stack:
        first = submitted(batcher, stack, [1])
        assert work.begun.wait(10)  # alone: nobody else was on the way
        waiting = submitted(batcher, stack, [2, 3, 4])
        work.let.set()
        assert [one.result(10) for one in first + waiting] == [2, 4, 6, 8]
    assert work.batches == [("large", [1]), ("large", [2, 3, 4])]
    assert batcher.inside == 0


def test_who_is_on_the_way_is_waited_for(batcher: Batcher[int, int], work: Work) -> None:
    work.let.set()
    with ExitStack() as stack:
        coming = stack.enter_context(batcher.admitted())
        first = submitted(batcher, stack, [1])
        assert not work.begun.wait(0.05)
        second = coming.submit(2, "large")
        assert (first[0].result(10), second.result(10)) == (2, 4)
    assert work.batches == [("large", [1, 2])]


def test_the_more_are_on_the_way_the_longer_it_waits(work: Work) -> None:
    batcher: Batcher[int, int] = Batcher(work, LARGEST.__getitem__, room=12)
    assert batcher.patience_for(0) == 0, "who is alone never waits"
    assert 0 < 2 * batcher.patience_for(1) == batcher.patience_for(2) < 0.02
    assert batcher.patience_for(1000) == batcher.patience_for(2000) < 0.5
    batcher.close()


def test_who_left_is_not_waited_for(batcher: Batcher[int, int], work: Work) -> None:
    work.let.set()
    with ExitStack() as stack:
        with batcher.admitted():
            first = submitted(batcher, stack, [1])
            assert not work.begun.wait(0.05)
        assert first[0].result(1) == 2


def test_kinds_go_apart_in_the_order_in_which_they_came(batcher: Batcher[int, int], work: Work) -> None:
    with ExitStack() as stack:
        submitted(batcher, stack, [0])
        assert work.begun.wait(10)
        waiting = submitted(batcher, stack, [1], "small")
        waiting += submitted(batcher, stack, [2], "large")
        waiting += submitted(batcher, stack, [3, 4], "small")
        work.let.set()
        assert [one.result(10) for one in waiting] == [2, 4, 6, 8]
    assert work.batches[1:] == [("small", [1, 3]), ("large", [2]), ("small", [4])]


def test_no_more_than_the_room(batcher: Batcher[int, int]) -> None:
    with ExitStack() as stack:
        for _ in range(12):
            stack.enter_context(batcher.admitted())
        with pytest.raises(BusyError, match="12 requests are being answered or wait.*ask again in 1 second$"):
            stack.enter_context(batcher.admitted())
    with batcher.admitted():
        assert batcher.inside == 1


def test_one_is_to_blame(batcher: Batcher[int, int], work: Work) -> None:
    with ExitStack() as stack:
        submitted(batcher, stack, [0])
        assert work.begun.wait(10)
        good, bad = submitted(batcher, stack, [1, 13])
        work.let.set()
        assert good.result(10) == 2
        with pytest.raises(ValueError, match="thirteen"):
            bad.result(10)
        assert submitted(batcher, stack, [5])[0].result(10) == 10  # it goes on


def test_who_has_gone_is_left_out(batcher: Batcher[int, int], work: Work) -> None:
    with ExitStack() as stack:
        submitted(batcher, stack, [0])
        assert work.begun.wait(10)
        gone, stays = submitted(batcher, stack, [1, 2])
        assert gone.cancel()
        work.let.set()
        assert stays.result(10) == 4
    assert work.batches[1:] == [("large", [2])]


def test_the_end_cancels_what_waits(batcher: Batcher[int, int], work: Work) -> None:
    with ExitStack() as stack:
        running = submitted(batcher, stack, [0])
        assert work.begun.wait(10)
        waiting = submitted(batcher, stack, [1])
        with ThreadPoolExecutor(1) as pool:
            closing = pool.submit(batcher.close)
            while not waiting[0].cancelled():
                time.sleep(0.001)
            work.let.set()
            closing.result(10)
        assert running[0].result(10) == 0
        assert not batcher.works
        assert submitted(batcher, stack, [2])[0].cancelled()
