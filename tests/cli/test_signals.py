"""Signals that libraries lose, and signals that come when all is done."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

LOST = """
import contextlib, os, signal, sys
from blip2idc.cli.signals import listen, raise_what_came
signal.signal(signal.SIGINT, signal.default_int_handler)
listen()
raise_what_came()  # nothing came yet
with contextlib.suppress(BaseException):
    os.kill(os.getpid(), int(sys.argv[1]))
    os.kill(os.getpid(), 0)
try:
    raise_what_came()
except BaseException as error:
    print(type(error).__name__, getattr(error, "code", ""))
"""
LATE = """
import atexit, os, signal, sys
from blip2idc.cli.signals import leave_at_once, listen
signal.signal(signal.SIGINT, signal.default_int_handler)
listen()
atexit.register(os.kill, os.getpid(), int(sys.argv[1]))
leave_at_once()
"""


def run(program: str, number: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", program, str(number)], capture_output=True, text=True)


@pytest.mark.parametrize(
    ("number", "told"), [(signal.SIGINT, "KeyboardInterrupt"), (signal.SIGTERM, "SystemExit 143")]
)
def test_what_a_library_caught_is_raised_again(number: int, told: str) -> None:
    """As by an `except:` around an import that is optional."""
    done = run(LOST, number)
    assert (done.stdout.strip(), done.stderr) == (told, "")


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_at_the_very_end_nothing_is_said(number: int, status: int) -> None:
    """Where Python calls what is registered for its exit, an exception would be printed with its traceback."""
    done = run(LATE, number)
    assert (done.returncode, done.stderr) == (status, "")


def test_a_job_in_the_background_keeps_ctrl_c_off() -> None:
    program = (
        "import signal\nfrom blip2idc.cli.signals import listen\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        "listen()\nprint(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)\n"
    )
    assert run(program, 0).stdout.strip() == "True"
