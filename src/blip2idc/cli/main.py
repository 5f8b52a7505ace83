"""The ``blip2idc`` command: global options, the list of command groups, and how errors become exit codes.

In: a command line. Out: results on stdout, progress and logs on stderr. Exit status: 0 done, 1 a checked condition
does not hold (``compare``), 2 wrong use or bad input, 130 interrupted, 143 terminated. Nothing here imports torch: each
command group is a module with ``register(app)``, which imports what is heavy inside the bodies of its commands.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from blip2idc.cli.signals import EXIT_TERMINATED, leave_at_once, listen
from blip2idc.errors import Blip2idcError, printable, shortened
from blip2idc.version import __version__

EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it

#: The modules of this package that add commands, with the commands of each, in the order of ``--help``.
GROUPS: dict[str, tuple[str, ...]] = {
    "demo": ("demo",),
    "caption": ("caption",),
    "explain": ("explain",),
    "compare": ("compare",),
    "synthesize": ("synthesize",),
    "paraphrase": ("paraphrase",),
    "data": ("import",),
    "train": ("train",),
    "export": ("export",),
    "evaluate": ("evaluate",),
    "baseline": ("baseline", "audit"),
    "reproduce": ("reproduce",),
    "push": ("push",),
    "serve": ("serve",),
}


def application(module: str | None = None) -> typer.Typer:
    """The command line, whole or with the commands of one module alone, which takes a third of the time to build."""
    app = typer.Typer(
        name="blip2idc",
        no_args_is_help=True,
        add_completion=True,  # --install-completion, --show-completion
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
        help="Say what changed between two images, show where, and how sure it is.",
    )
    app.callback()(_global_options)
    for name in GROUPS if module is None else (module,):
        importlib.import_module(f"blip2idc.cli.commands.{name}").register(app)
    return app


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"blip2idc {__version__}")
        raise typer.Exit


def _global_options(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show the traceback of an error.")
    ] = False,  # see run
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Take the options that come before the command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit.

    Args:
        arguments: What follows the program's name; ``sys.argv[1:]`` by default.
    """
    # NumPy's matrix products here are small: threads that wait for each other take longer than one (torch has its own)
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # torch's threads sleep where they wait: spinning took ten times as long on cores that others use as well
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    _silence_libraries()
    listen()
    status = run(sys.argv[1:] if arguments is None else arguments)
    gc.freeze()  # the interpreter's last collections would walk over every object of a large run
    if status == EXIT_INTERRUPTED:
        _forget_interrupt()
    leave_at_once()
    sys.exit(_after_printing(status))


def _after_printing(status: int) -> int:
    """The exit status once all is printed; what cannot be is told and dropped, where Python would end with 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            if error.errno in _NO_ROOM and status == 0:
                status = _report(error, debug=False)
            with contextlib.suppress(OSError, ValueError):
                nowhere = os.open(os.devnull, os.O_WRONLY)
                os.dup2(nowhere, stream.fileno())
                os.close(nowhere)
    return status


def _silence_libraries() -> None:
    """Keep what libraries tell programmers off the terminal, here and in processes to come, unless it is asked for."""
    import warnings

    if not sys.warnoptions and "PYTHONWARNINGS" not in os.environ:
        warnings.simplefilter("ignore")
        os.environ["PYTHONWARNINGS"] = "ignore"
    for library in ("TRANSFORMERS", "HF_HUB"):
        os.environ.setdefault(f"{library}_VERBOSITY", "critical")  # their errors are raised as well


def _forget_interrupt() -> None:
    """Have CPython end with the status that is given.

    Where Ctrl-C struck a text of Python inside a library's compiled code (torch's import runs some), the interpreter
    keeps a note of it and would kill itself by the signal at the end, whoever caught it since; the next text of
    Python that compiled code runs wipes the note.
    """
    with contextlib.suppress(ImportError, AttributeError):
        import ctypes

        ctypes.pythonapi.PyRun_SimpleString(b"pass")


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its exit status; ``--debug`` is accepted anywhere before a ``--``."""
    arguments = list(arguments)
    debug = "--debug" in _before_separator(arguments)
    if debug:
        arguments.remove("--debug")
    try:
        command = typer.main.get_command(application(_module_of(arguments)))
        ended: Any = command.main(arguments, prog_name="blip2idc", standalone_mode=False)
        status = ended if isinstance(ended, int) else 0  # of typer.Exit; commands return nothing
    except SystemExit as end:  # how typer ends a command, usage errors and Ctrl-C included
        status = end.code if isinstance(end.code, int) else 0
        if status in _STOPPED:
            _tell_stopped(status)
        return status
    except KeyboardInterrupt:
        _tell_stopped(EXIT_INTERRUPTED)
        return EXIT_INTERRUPTED
    except Exception as error:
        if hasattr(error, "format_message"):
            return _tell_wrong_use(error)
        return _report(error, debug=debug)
    if status in _STOPPED:
        _tell_stopped(status)
    return status


def _tell_wrong_use(error: Any) -> int:
    """An option that does not exist, a value of another kind: one sentence, which names the command's help."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return EXIT_BAD_INPUT
    path = error.ctx.command_path if error.ctx is not None else "blip2idc"
    with contextlib.suppress(OSError):
        sentence = shortened(printable(" ".join(error.format_message().split()))).rstrip(".")
        print(f"error: {sentence}; see {path} --help", file=sys.stderr)
    return EXIT_BAD_INPUT


def commands() -> Iterator[tuple[list[str], Any]]:
    """Every command with the words that call it, ``(["synthesize", "scenes"], command)``, in the order of the help."""
    waiting: list[tuple[list[str], Any]] = [([], typer.main.get_command(application()))]
    while waiting:
        words, command = waiting.pop(0)
        inner = getattr(command, "commands", None)
        if inner is None:
            yield words, command
        else:
            waiting = [([*words, name], child) for name, child in inner.items()] + waiting


_STOPPED = {EXIT_INTERRUPTED: "interrupted", EXIT_TERMINATED: "terminated"}


def _tell_stopped(status: int) -> None:
    told = "no file is half written; a command that keeps what is done goes on when it is run again"
    with contextlib.suppress(OSError):
        print(f"{_STOPPED[status]}: {told}", file=sys.stderr)


def _module_of(arguments: Sequence[str]) -> str | None:
    """The module of the command that is called; None where it is none, or the help of all is asked for."""
    verb = next(iter(arguments), "")
    return next((module for module, verbs in GROUPS.items() if verb in verbs), None)


def _before_separator(arguments: list[str]) -> list[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _report(error: Exception, *, debug: bool) -> int:
    """Print an error as one line on stderr, or with its traceback."""
    with contextlib.suppress(OSError):  # where nothing can be told, the status tells it
        if debug:
            traceback.print_exception(error)
        else:
            print(f"error: {_in_a_sentence(error)}", file=sys.stderr)
    return EXIT_BAD_INPUT


#: Of standard output: whatever writes files names them (`runs.files`).
_NO_ROOM = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EROFS})


#: What the system says of a path that was handed over, wherever it is first looked at.
_OF_A_PATH = frozenset(
    {
        *(
            errno.ENAMETOOLONG,
            errno.EACCES,
            errno.EPERM,
            errno.ELOOP,
            errno.ENOTDIR,
            errno.EISDIR,
            errno.ENOENT,
        ),
        *(errno.ENOSPC, errno.EROFS, errno.EFBIG, errno.EIO, errno.EMFILE, errno.EEXIST),
    }
)


def _in_a_sentence(error: Exception) -> str:
    if isinstance(error, Blip2idcError):
        return str(error)
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        return f"what is printed cannot be written ({error.strerror}); files that were written are whole"
    if isinstance(error, OSError) and error.filename is not None and error.errno in _OF_A_PATH:
        name = shortened(printable(str(error.filename)), 600)
        return f"{name}: cannot be used ({error.strerror}); check the path and its permissions"
    sentence = shortened(printable(" ".join(str(error).split()))) or "no message"
    return f"unexpected {type(error).__name__}: {sentence}; run with --debug for the traceback"
