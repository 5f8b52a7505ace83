"""The exception tree is as its docstring draws it."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

from blip2idc import errors
from blip2idc.errors import Blip2idcError, InputError, MissingExtraError

CLASSES = [
    kind for _, kind in inspect.getmembers(errors, inspect.isclass) if kind.__module__ == errors.__name__
]


def drawn_parents() -> dict[str, str]:
    """Child to parent, read off the drawing in the module's docstring."""
    parents, above = {}, {}
    for line in (errors.__doc__ or "").splitlines():
        names = line.replace("├──", "   ").replace("└──", "   ").replace("│", " ")
        word = names.split()[0] if names.split() else ""
        if word.endswith("Error"):
            depth = len(names) - len(names.lstrip())
            above = {d: name for d, name in above.items() if d < depth}
            if above:
                parents[word] = above[max(above)]
            above[depth] = word
    return parents


def test_the_drawing_is_the_tree() -> None:
    assert drawn_parents() == {
        kind.__name__: kind.__bases__[0].__name__ for kind in CLASSES if kind is not Blip2idcError
    }


def test_every_error_has_the_root() -> None:
    assert all(issubclass(kind, Blip2idcError) for kind in CLASSES)
    assert len(CLASSES) == 9


@pytest.mark.parametrize("name", ["ImageError", "ManifestError", "PredictionError"])
def test_input_errors(name: str) -> None:
    assert issubclass(getattr(errors, name), InputError)


def test_a_missing_extra_tells_the_command() -> None:
    error = MissingExtraError("synthesis", "the InstructPix2Pix editor")
    assert error.extra == "synthesis"
    assert str(error) == (
        "the InstructPix2Pix editor needs packages that are not installed; run: pip install 'blip2idc[synthesis]'"
    )
    assert str(MissingExtraError("app")).startswith("this feature needs")


def test_a_sentence_is_bounded_and_printable() -> None:
    """Whatever a file or a setting holds: a file name with an escape sequence, a key of 100,000 characters."""
    error = InputError("a\x1b[2J\n.png: " + "x" * 100_000 + "; expected an image")
    assert len(str(error)) <= errors.LONGEST_SENTENCE
    assert str(error).startswith("a\\u001b[2J\\u000a.png: xxx")
    assert str(error).endswith("; expected an image")
    assert str(InputError("a.png: missing")) == "a.png: missing"


def _sentences() -> Iterator[tuple[str, str]]:
    """Where an error is raised or a fault counted, and how its sentence ends, where that is written there."""
    for path in sorted(Path(errors.__file__).parent.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            call = node.exc if isinstance(node, ast.Raise) else node
            fault = (
                isinstance(call, ast.Call)
                and isinstance(call.func, ast.Attribute)
                and call.func.attr == "fault"
            )
            if isinstance(call, ast.Call) and call.args and (isinstance(node, ast.Raise) or fault):
                said = call.args[0]
                last = said.values[-1] if isinstance(said, ast.JoinedStr) else said
                if isinstance(last, ast.Constant) and isinstance(last.value, str):
                    yield f"{path.name}:{call.lineno}", last.value


def test_sentences_end_alike() -> None:
    """Without a full stop: what follows them, a list or the next cause, has its own signs."""
    ends = dict(_sentences())
    assert len(ends) > 400
    assert [where for where, end in ends.items() if end.rstrip().endswith((".", "!"))] == []
