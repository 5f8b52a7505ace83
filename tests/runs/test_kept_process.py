"""A process beside this one: begun when it is needed, kept, and begun anew where it has died."""

from __future__ import annotations

from blip2idc.runs.kept_process import KeptProcess


def test_it_is_kept_begun_anew_and_ended() -> None:
    kept = KeptProcess("this")  # prints, and ends
    try:
        first, begun = kept.begin()
        assert begun
        assert first.stdout is not None
        assert b"Zen of Python" in first.stdout.read()
        first.wait()
        second, begun = kept.begin()
        assert begun
        assert second.pid != first.pid
        assert first.stdout.closed
    finally:
        kept.end()
    assert kept.running is None
    kept.end()  # nothing to end is no fault
    kept = KeptProcess("code")  # reads
    try:
        one, begun = kept.begin()
        assert kept.begin() == (one, False)
    finally:
        kept.end()
    assert one.returncode is not None
