"""A process beside this one: begun when it is needed, kept, and begun anew where it has died."""

from __future__ import annotations

from pathlib import Path

import pytest

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


def test_it_has_our_settings_one_thread_and_hears_no_ctrl_c(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tells_where_it_is.py").write_text(
        "import os\nprint(os.environ['OPENBLAS_NUM_THREADS'], os.environ['OURS'], os.getsid(0) == os.getpid())\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("OURS", "kept")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    kept = KeptProcess("tells_where_it_is")
    try:
        process, _ = kept.begin()
        assert process.stdout is not None
        assert process.stdout.read() == b"1 kept True\n"
    finally:
        kept.end()
