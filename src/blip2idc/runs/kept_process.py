"""One process beside this one, kept and asked again: a module of this package that reads stdin and writes stdout.

In: the module. Out: its running process, begun anew where it has died. It hears no Ctrl-C of the terminal, which is for
the program that asks it, and is ended by that one.
"""

from __future__ import annotations

import os
import subprocess
import sys


class KeptProcess:
    """Begins `python -m MODULE` when it is first needed.

    Args:
        module: Its name.

    Attributes:
        running: The process, or None where there is none at present.
    """

    def __init__(self, module: str) -> None:
        self._module = module
        self.running: subprocess.Popen[bytes] | None = None

    def begin(self) -> tuple[subprocess.Popen[bytes], bool]:
        """The process, and whether it was begun just now; one that has died makes way for another."""
        if self.running is not None and self.running.poll() is None:
            return self.running, False
        self.end()
        self.running = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            start_new_session=True,
        )
        return self.running, True

    def end(self) -> None:
        """End the process, if there is one."""
        process, self.running = self.running, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()
