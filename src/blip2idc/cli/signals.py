"""Ctrl-C and SIGTERM: raised where they come, and once more where a library lost them.

In: the signals of the process. Out: `KeyboardInterrupt`, or `SystemExit` with status 143, in the main thread. An
exception that a signal raises while torch or transformers are imported can be caught by whatever they try there, so
that the command would go on as if nobody had asked it to end: `raise_what_came` is called after the heavy imports.
"""

from __future__ import annotations

import os
import signal
from types import FrameType
from typing import NoReturn

EXIT_TERMINATED = 143  # 128 + SIGTERM, as shells report it

_came: list[int] = []


def listen() -> None:
    """Take both signals; Ctrl-C only where it was not switched off, as for jobs in the background."""
    signal.signal(signal.SIGTERM, _raise)  # so that files, locks and processes are put away
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, _raise)


def raise_what_came() -> None:
    """Raise again what a signal raised before, where somebody caught it since.

    Raises:
        KeyboardInterrupt: Ctrl-C came.
        SystemExit: SIGTERM came.
    """
    if _came:
        _raise(_came[-1], None)


def leave_at_once() -> None:
    """End without a word where a signal comes from now on: all is done, and the interpreter puts its things away."""
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) is _raise:
            signal.signal(number, lambda came, frame: os._exit(128 + came))


def _raise(number: int, frame: FrameType | None) -> NoReturn:
    _came.append(number)
    if number == signal.SIGINT:
        raise KeyboardInterrupt
    raise SystemExit(EXIT_TERMINATED)
