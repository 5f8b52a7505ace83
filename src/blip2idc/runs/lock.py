"""One writer at a time: a second process that would write the same output is refused with a sentence."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from blip2idc.errors import InputError


@contextlib.contextmanager
def only_run(lock: Path, output: Path, *, remove: bool = False) -> Iterator[None]:
    """Refuses a second run that would write the same output; a killed run lets go by itself.

    Args:
        lock: File that is locked; made, with its folder, where it is missing.
        output: What the run writes, for the sentence.
        remove: Take the lock file away at the end, from a folder that is not ours alone.

    Raises:
        InputError: Another run is at it, or the folder cannot be written.
    """
    import filelock

    held = filelock.FileLock(lock)
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        held.acquire(timeout=0)
    except filelock.Timeout:
        if not lock.exists():  # in folders such as /proc, where no file can be made, it waits as well
            raise InputError(
                f"{lock.parent}: cannot be written (no file can be made there); expected a folder for the output"
            ) from None
        raise InputError(f"{output}: another run is writing into it; wait for it, or end it") from None
    except OSError as error:
        raise InputError(
            f"{lock.parent}: cannot be written ({error.strerror or error}); expected a folder for the output"
        ) from None
    try:
        yield
    finally:
        if remove:  # while it is held: who waits for it notices that the file is another one now
            with contextlib.suppress(OSError):
                lock.unlink()
        held.release()
