"""Many requests, one model: what waits goes through it together, and no more may wait than was agreed.

In: items from many threads, each admitted first. Out: a future each. One thread works: it takes the item that has
waited longest and all others of its kind, up to the largest batch. Where other requests are on their way it waits some
milliseconds for each of them; a single request never waits. Who comes when the room is full is told so at once, and
when to come again.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from blip2idc.errors import Blip2idcError

Item = TypeVar("Item")
Result = TypeVar("Result")

PATIENCE = 0.005  # seconds to wait for each request that is on its way
LONGEST_PATIENCE = 0.25  # seconds to wait for all of them, about as long as a full batch takes
_LONGEST_ADVICE = 60  # seconds
_MEMORY = 0.8  # weight of what was known of the pace when a new batch is measured
_ENDING = 30.0  # seconds for the batch in work when the server ends


class BusyError(Blip2idcError):
    """As many requests as may wait are waiting.

    Args:
        inside: How many there are.
        seconds: After how many to ask again.
    """

    def __init__(self, inside: int, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            f"{inside} requests are being answered or wait, as many as this server takes; ask again in {seconds}"
            f" {'seconds' if seconds > 1 else 'second'}"
        )


@dataclass(frozen=True, eq=False)
class _Waiting(Generic[Item, Result]):
    item: Item
    kind: str
    future: Future[Result] = field(default_factory=Future)


class Ticket(Generic[Item, Result]):
    """The place of one request; see `Batcher.admitted`."""

    def __init__(self, batcher: Batcher[Item, Result]) -> None:
        self._batcher = batcher
        self.submitted = False

    def submit(self, item: Item, kind: str) -> Future[Result]:
        """Hand an item over, once.

        Args:
            item: For `work`.
            kind: Items of one kind go through the model together.
        """
        self.submitted = True
        return self._batcher._submit(item, kind)


class Batcher(Generic[Item, Result]):
    """A thread that works on what waits, batch by batch.

    Args:
        work: From a kind and its items to their results, in order; called by one thread. Where it raises, the items of
            the batch are tried one by one, so that only those that are to blame fail.
        largest: From a kind to the most items of a batch.
        room: Requests that may be inside, from their admission to their answer.
        patience: Seconds to wait for each request that was admitted and has not handed its item over.
        longest_patience: Seconds to wait for all of them.
    """

    def __init__(
        self,
        work: Callable[[str, Sequence[Item]], Sequence[Result]],
        largest: Callable[[str], int],
        room: int,
        patience: float = PATIENCE,
        longest_patience: float = LONGEST_PATIENCE,
    ) -> None:
        self._work = work
        self._largest = largest
        self.room = room
        self._patience = patience
        self._longest_patience = longest_patience
        self._changed = threading.Condition()
        self._waiting: deque[_Waiting[Item, Result]] = deque()
        self._inside = 0
        self._coming = 0
        self._pace = 0.0  # seconds an item, lately
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="batches", daemon=True)
        self._thread.start()

    @property
    def inside(self) -> int:
        """Requests between admission and answer."""
        return self._inside

    @property
    def works(self) -> bool:
        """Whether items that are handed over will be worked on."""
        return self._thread.is_alive() and not self._closed

    @contextmanager
    def admitted(self) -> Iterator[Ticket[Item, Result]]:
        """A place for one request, until the block ends.

        Raises:
            BusyError: There is none.
        """
        with self._changed:
            if self._inside >= self.room:
                raise BusyError(self._inside, self._advice())
            self._inside += 1
            self._coming += 1
        ticket = Ticket(self)
        try:
            yield ticket
        finally:
            with self._changed:
                self._inside -= 1
                if not ticket.submitted:
                    self._coming -= 1
                    self._changed.notify_all()

    def patience_for(self, coming: int) -> float:
        """Seconds to wait for so many requests on their way; what they take meanwhile is theirs to use."""
        return min(self._longest_patience, self._patience * coming)

    def close(self) -> None:
        """End the thread; what waits is cancelled."""
        with self._changed:
            self._closed = True
            for one in self._waiting:
                one.future.cancel()
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join(_ENDING)

    def _submit(self, item: Item, kind: str) -> Future[Result]:
        one: _Waiting[Item, Result] = _Waiting(item, kind)
        with self._changed:
            self._coming -= 1
            if self._closed:
                one.future.cancel()
            else:
                self._waiting.append(one)
            self._changed.notify_all()
        return one.future

    def _advice(self) -> int:
        """Seconds until what is inside will be done, by the pace of late."""
        return max(1, min(_LONGEST_ADVICE, math.ceil(self._inside * self._pace)))

    def _run(self) -> None:
        while (batch := self._next()) is not None:
            started = time.monotonic()
            batch = [one for one in batch if one.future.set_running_or_notify_cancel()]
            if batch:
                self._answer(batch)
                pace = (time.monotonic() - started) / len(batch)
                self._pace = _MEMORY * self._pace + (1 - _MEMORY) * pace if self._pace else pace

    def _next(self) -> list[_Waiting[Item, Result]] | None:
        """The next batch; None where there will be no more."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._closed:
                return None
            kind = self._waiting[0].kind
            largest = self._largest(kind)
            self._changed.wait_for(
                lambda: self._closed or not self._coming or len(self._waiting) >= largest,
                self.patience_for(self._coming),
            )
            batch = [one for one in self._waiting if one.kind == kind][:largest]
            taken = set(map(id, batch))
            self._waiting = deque(one for one in self._waiting if id(one) not in taken)
            return batch

    def _answer(self, batch: list[_Waiting[Item, Result]]) -> None:
        try:
            results = self._work(batch[0].kind, [one.item for one in batch])
        except Exception as error:
            if len(batch) == 1:
                batch[0].future.set_exception(error)
                return
            for one in batch:
                self._answer([one])
            return
        for one, result in zip(batch, results, strict=True):
            one.future.set_result(result)
