"""Other processes for a long job: started afresh, deaf to Ctrl-C and SIGTERM, gone with the one that started them.

In: a function, its arguments, a count. Out: results, in the order in which they are done. A terminal sends Ctrl-C to
every process of a command, and each that is just starting would print a traceback; here the first process alone hears
it, between two results, and ends the others. (An exception that a signal raises in the middle of `concurrent.futures`
can leave one of its locks taken, and the end of the program waits for it forever.)
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, TypeVar

from blip2idc.errors import InputError

Item = TypeVar("Item")
Result = TypeVar("Result")

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_LOOK_SECONDS = 0.2  # between two looks whether a signal came


def in_processes(
    work: Callable[[Item], Result],
    items: Iterable[Item],
    workers: int,
    prepare: Callable[..., None],
    *values: Any,
) -> Iterator[tuple[Item, Result]]:
    """Does work in other processes; to be closed where it is not read to the end.

    Args:
        work: A function of a module.
        items: Its arguments, each for one call; not more than a few are taken ahead.
        workers: Processes.
        prepare: Called once in each process when it starts.
        *values: Its arguments.

    Yields:
        An item and what became of it.

    Raises:
        InputError: A process was killed.
        KeyboardInterrupt: Ctrl-C, and for any other signal what its handler raises.
    """
    others = set(multiprocessing.active_children())
    with _signals_noted() as received:
        context = multiprocessing.get_context("spawn")
        pool = ProcessPoolExecutor(
            workers, mp_context=context, initializer=_start, initargs=(prepare, values)
        )
        whole = False
        try:
            yield from _results(pool, work, items, 2 * workers, received)
            whole = not received
        except BrokenProcessPool:
            raise InputError(
                "a process was killed, perhaps for want of memory; run the command again to go on, with fewer workers"
                " if it happens again"
            ) from None
        finally:
            if not whole:
                for process in set(multiprocessing.active_children()) - others:
                    process.kill()
            pool.shutdown(wait=True, cancel_futures=True)


def _results(
    pool: ProcessPoolExecutor,
    work: Callable[[Item], Result],
    items: Iterable[Item],
    ahead: int,
    received: list[int],
) -> Iterator[tuple[Item, Result]]:
    """Keeps `ahead` items with the pool, so that a long list of them needs no memory; ends when a signal came."""
    waiting = iter(items)
    running: dict[Future[Result], Item] = {}
    more = True
    while True:
        while more and len(running) < ahead and not received:
            for item in waiting:
                running[_submit(pool, work, item)] = item
                break
            else:
                more = False
        if received or not running:
            return
        for future in wait(running, timeout=_LOOK_SECONDS, return_when=FIRST_COMPLETED).done:
            yield running.pop(future), future.result()


def _submit(pool: ProcessPoolExecutor, work: Callable[[Item], Result], item: Item) -> Future[Result]:
    """Hand over an item; a process that this starts takes over that the signals are masked."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        return pool.submit(work, item)
    earlier = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        return pool.submit(work, item)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


@contextlib.contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """Note Ctrl-C and SIGTERM instead of acting on them; they are acted on at the end."""
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # where no signal is ever handled
        yield received
        return
    heard = [
        one for one in _SIGNALS if signal.getsignal(one) != signal.SIG_IGN
    ]  # as a shell's `&` ignores Ctrl-C
    handlers = {one: signal.signal(one, lambda number, frame: received.append(number)) for one in heard}
    try:
        yield received
    finally:
        for one, handler in handlers.items():
            signal.signal(one, handler)
        for number in received:
            signal.raise_signal(number)
    if received:
        raise KeyboardInterrupt


def _start(prepare: Callable[..., None], values: tuple[Any, ...]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    prepare(*values)


def _end_with_parent() -> None:
    """Ends this process when the one that started it is gone; a killed parent cannot say goodbye."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
