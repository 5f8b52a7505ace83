"""The command line's frame: exit codes, error lines, light start."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from blip2idc import __version__
from blip2idc.cli import main as cli
from blip2idc.errors import ImageError

HEAVY = ("torch", "transformers", "peft", "matplotlib", "datasets", "scipy", "pandas")


@pytest.fixture
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that end in every way there is, in a copy of the app."""
    copy = typer.Typer(pretty_exceptions_enable=False, rich_markup_mode=None)
    copy.callback()(cli._global_options)

    def fail(kind: str) -> None:
        errors: dict[str, BaseException] = {
            "expected": ImageError("a.png: no such file; expected an image"),
            "unexpected": ZeroDivisionError("division\nby zero"),
            "silent": AssertionError(),
            "interrupt": KeyboardInterrupt(),
            "differs": typer.Exit(1),
            "usage": typer.BadParameter("too small"),
        }
        raise errors[kind]

    def work(words: list[str]) -> None:
        typer.echo(" ".join(words))

    copy.command()(fail)
    copy.command()(work)
    monkeypatch.setattr(cli, "application", lambda module=None: copy)


@pytest.mark.usefixtures("commands")
class TestEndings:
    def test_done(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(["work", "a", "b"]) == 0
        assert capsys.readouterr() == ("a b\n", "")

    def test_expected_error_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(["fail", "expected"]) == 2
        assert capsys.readouterr() == ("", "error: a.png: no such file; expected an image\n")

    @pytest.mark.parametrize(
        ("kind", "sentence"),
        [("unexpected", "ZeroDivisionError: division by zero"), ("silent", "AssertionError: no message")],
    )
    def test_unexpected_error_is_one_line_too(
        self, kind: str, sentence: str, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(["fail", kind]) == 2
        printed = capsys.readouterr()
        assert printed == ("", f"error: unexpected {sentence}; run with --debug for the traceback\n")

    @pytest.mark.parametrize("arguments", [["--debug", "fail", "expected"], ["fail", "expected", "--debug"]])
    def test_debug_shows_the_traceback(
        self, arguments: list[str], capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert cli.run(arguments) == 2
        error = capsys.readouterr().err
        assert error.startswith("Traceback")
        assert error.endswith("ImageError: a.png: no such file; expected an image\n")

    def test_debug_after_the_separator_is_a_value(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(["work", "--", "--debug"]) == 0
        assert capsys.readouterr().out == "--debug\n"

    def test_interrupt(self) -> None:
        assert cli.run(["fail", "interrupt"]) == 130

    def test_a_checked_condition_that_does_not_hold(self) -> None:
        assert cli.run(["fail", "differs"]) == 1

    @pytest.mark.parametrize("arguments", [["fail", "usage"], ["nothing"], ["work", "--bogus"], ["work"]])
    def test_wrong_use(self, arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
        assert cli.run(arguments) == 2
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("error: ")
        assert printed.err.count("\n") == 1
        assert "; see blip2idc" in printed.err

    def test_main_exits_with_the_status(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys, "argv", ["blip2idc", "fail", "expected"])
        with pytest.raises(SystemExit) as caught:
            cli.main()
        assert caught.value.code == 2


def test_version_and_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["--version"]) == 0
    assert capsys.readouterr().out == f"blip2idc {__version__}\n"
    assert cli.run(["--help"]) == 0
    assert "Say what changed between two images" in capsys.readouterr().out


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_the_start_loads_nothing_heavy(option: str) -> None:
    """Neither torch nor anything else that takes long; the time itself is measured in benchmarks/."""
    program = (
        "import sys\nfrom blip2idc.cli.main import run\n"
        f"assert run([{option!r}]) == 0\n"
        f"print('heavy:', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy:"


@pytest.mark.parametrize(
    ("number", "status", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
def test_ended_while_it_starts(number: str, status: int, word: str) -> None:
    program = (
        "import os, signal, sys, types\n"
        "from blip2idc.__main__ import main\n"
        f"slow = types.SimpleNamespace(main=lambda: os.kill(os.getpid(), signal.{number}))\n"
        "sys.modules['blip2idc.cli.main'] = slow\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (status, "", f"{word}\n")


INTERRUPTED_IN_COMPILED_CODE = """
import builtins, ctypes
from blip2idc.cli import main as cli

def strike():
    raise KeyboardInterrupt

def run(arguments):
    builtins.strike = strike
    names = ctypes.py_object({"__builtins__": builtins.__dict__})
    try:
        ctypes.pythonapi.PyRun_String(b"strike()", 257, names, names)
    except KeyboardInterrupt:
        return 130

ctypes.pythonapi.PyRun_String.restype = ctypes.py_object
cli.run = run
cli.main([])
"""


def test_interrupted_in_python_that_compiled_code_runs(tmp_path: Path) -> None:
    """The interpreter would kill itself by the signal, which shells tell apart from an exit with 130."""
    (tmp_path / "struck.py").write_text(INTERRUPTED_IN_COMPILED_CODE)
    done = subprocess.run(
        [sys.executable, "-m", "struck"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a disk that is full")
@pytest.mark.parametrize(
    ("redirected", "told"),
    [
        (
            "stdout",
            "error: what is printed cannot be written (No space left on device)",
        ),
        ("stderr", ""),
    ],
)
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_what_is_printed_goes_to_a_full_disk(
    redirected: str, told: str, unbuffered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONUNBUFFERED", unbuffered)
    command = [
        sys.executable,
        "-m",
        "blip2idc",
        *(["--help"] if redirected == "stdout" else ["caption", "a", "b"]),
    ]
    with open("/dev/full", "w") as full:
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, redirected: full}
        done = subprocess.run(command, text=True, check=False, **streams)  # type: ignore[call-overload]
    assert done.returncode == 2
    assert (done.stderr or "").startswith(told)
    assert len((done.stderr or "").splitlines()) == bool(told)


def test_python_dash_m() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blip2idc", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"blip2idc {__version__}\n"


def test_every_command_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Each command and each of its options has a help text."""
    for words, command in cli.commands():
        assert command.help, words
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{' '.join(words)} {parameter.name}"
        assert cli.run([*words, "--help"]) == 0
        assert "Usage: blip2idc" in capsys.readouterr().out


@pytest.mark.parametrize("module", cli.GROUPS)
def test_a_module_adds_the_commands_it_is_listed_with(module: str) -> None:
    """A command that is called is looked for in this list, and alone is loaded."""
    command = typer.main.get_command(cli.application(module))
    assert tuple(getattr(command, "commands", {})) == cli.GROUPS[module]


def test_help_is_plain_text() -> None:
    """No colours or boxes, so that the documentation generated from it is the same everywhere."""
    environment = {**os.environ, "COLUMNS": "40", "FORCE_COLOR": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "blip2idc", "--help"],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("words", "completed"),
    [("blip2idc cap", "caption"), ("blip2idc synthesize sc", "scenes"), ("blip2idc audit --htm", "--html")],
)
def test_a_shell_completes_commands_and_options(
    words: str, completed: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As bash asks once `blip2idc --install-completion` was run."""
    monkeypatch.setenv("_BLIP2IDC_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))
    assert cli.run([]) == 0
    assert capsys.readouterr().out.split() == [completed]


#: Commands that open no image of a user.
WITHOUT_IMAGES = {"demo", "export", "paraphrase", "push", "synthesize scenes", "synthesize pages"}


def test_every_command_whose_errors_advise_it_takes_max_pixels() -> None:
    without = {
        " ".join(words)
        for words, command in cli.commands()
        if not any("--max-pixels" in parameter.opts for parameter in command.params)
    }
    assert without == WITHOUT_IMAGES


@pytest.mark.parametrize(
    "arguments",
    [
        ["audit", "LONG"],
        ["evaluate", "LONG", "-r", "LONG"],
        ["compare", "LONG", "LONG"],
        ["synthesize", "scenes", "-o", "LONG"],
        ["synthesize", "edits", "-o", "x", "--images", "LONG"],
        ["import", "magicbrush", "LONG", "-o", "x"],
        ["paraphrase", "LONG", "-o", "x", "--model", "m"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_names_longer_than_any_file_has(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = str(tmp_path / ("n" * 300))
    assert cli.run([long if part == "LONG" else part for part in arguments]) == 2
    printed = capsys.readouterr().err
    assert "File name too long" in printed
    assert printed.count("\n") == 1
    assert "unexpected" not in printed


@pytest.mark.parametrize("chosen", [None, "ACTIVE"])
def test_waiting_threads_sleep_unless_asked_otherwise(chosen: str | None) -> None:
    names = ("OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS")
    code = (
        "import os\nfrom blip2idc.cli import main as cli\n"
        f"cli.run = lambda words: print(*map(os.environ.get, {names!r})) or 0\n"
        "cli.main([])"
    )
    environment = {name: value for name, value in os.environ.items() if name not in names}
    if chosen is not None:
        environment["OMP_WAIT_POLICY"] = chosen
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True)
    assert told.stdout.split() == [chosen or "PASSIVE", "1"], told.stderr
