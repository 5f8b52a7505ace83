"""What goes beside every result: JSON, with versions, without secrets."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import blip2idc
from blip2idc.runs import record as record_module
from blip2idc.runs.record import run_record


def test_run_record_is_json_and_tells_versions() -> None:
    record = run_record(seed=3, layout={"height": 224})
    assert json.loads(json.dumps(record)) == record
    assert record["blip2idc"] == blip2idc.__version__
    assert record["packages"]["torch"].startswith("2.")
    assert record["seed"] == 3
    assert set(record) == {
        "blip2idc", "git", "python", "platform", "packages", "time", "argv", "seed", "layout"
    }  # fmt: skip
    assert (record["python"], record["argv"]) == (sys.version.split()[0], sys.argv)
    assert sys.platform in record["platform"].lower()
    assert set(record["packages"]) >= {"transformers", "peft", "numpy", "pillow"}
    assert abs(datetime.fromisoformat(record["time"]) - datetime.now(UTC)).total_seconds() < 3600
    assert record["time"].endswith("+00:00")
    assert "." not in record["time"]


def test_run_record_hides_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    command = [
        "blip2idc",
        "paraphrase",
        "--api-key",
        "sk-1",
        "--hub-token=hf-2",
        "--seed",
        "4",
        "key",
        "PASSWORD=x",
    ]
    monkeypatch.setattr(sys, "argv", command)
    assert run_record()["argv"] == [
        "blip2idc",
        "paraphrase",
        "--api-key",
        "***",
        "--hub-token=***",
        "--seed",
        "4",
        "key",  # no option
        "PASSWORD=x",
    ]


def test_run_record_needs_no_git(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_git(*arguments: object, **options: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert run_record()["git"] is None


def test_the_commit_of_a_checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def git(*arguments: str) -> str:
        command = [
            "git",
            "-C",
            str(tmp_path),
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@example.org",
            *arguments,
        ]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    module = tmp_path / "src" / "blip2idc" / "runs" / "record.py"
    module.parent.mkdir(parents=True)
    module.write_text("old")
    monkeypatch.setattr(record_module, "__file__", str(module))
    assert run_record()["git"] is None  # a wheel
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        git(*arguments)
    head = git("rev-parse", "HEAD")
    assert run_record()["git"] == {"commit": head, "changed": False}
    (tmp_path / "other.txt").touch()  # is not tracked
    assert run_record()["git"] == {"commit": head, "changed": False}
    module.write_text("new")
    assert run_record()["git"] == {"commit": head, "changed": True}


def test_git_that_fails_or_hangs_is_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(record_module, "__file__", str(tmp_path / "src" / "blip2idc" / "runs" / "record.py"))
    asked: list[dict[str, Any]] = []

    def fails(command: list[str], **options: Any) -> None:
        asked.append(options)
        raise subprocess.TimeoutExpired(command, 1)

    monkeypatch.setattr(subprocess, "run", fails)
    assert run_record()["git"] is None
    assert asked[0]["check"]
    assert asked[0]["timeout"] > 0


def test_packages_that_are_not_there_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_module, "_RECORDED_PACKAGES", ("numpy", "no-such-package-anywhere"))
    assert set(run_record()["packages"]) == {"numpy"}
