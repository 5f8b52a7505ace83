"""The public names, and that importing them stays light."""

from __future__ import annotations

import ast
import functools
import importlib.metadata
import itertools
import re
import subprocess
import sys
import tomllib
from collections import Counter
from pathlib import Path

import pytest

import blip2idc

ROOT = Path(__file__).parents[1]
SOURCE = Path(blip2idc.__file__).parent
HEAVY = {"torch", "transformers", "peft", "diffusers", "matplotlib", "datasets", "numpy", "PIL"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules a fresh interpreter has loaded after a statement."""
    program = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_every_public_name_resolves_to_its_home() -> None:
    for name in set(blip2idc.__all__) - {"__version__"}:
        value = getattr(blip2idc, name)
        assert value.__module__ == blip2idc._HOMES[name]
    assert set(blip2idc._HOMES) == set(blip2idc.__all__) - {"__version__"}
    assert dir(blip2idc) == sorted(blip2idc.__all__)


@pytest.mark.parametrize("name", sorted(set(blip2idc.__all__) - {"__version__"}))
def test_every_public_name_is_shown_in_use(name: str) -> None:
    """In its own docstring or in those of its methods; of errors the root alone."""
    value = getattr(blip2idc, name)
    if isinstance(value, type) and issubclass(value, blip2idc.Blip2idcError):
        value = blip2idc.Blip2idcError
    told = [value.__doc__, *(getattr(part, "__doc__", None) for part in vars(value).values())]
    assert any(text is not None and (">>> " in text or "Example::" in text) for text in told)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'blip2idc' has no attribute 'Captioneer'"):
        blip2idc.Captioneer  # noqa: B018


def test_import_loads_nothing_heavy() -> None:
    assert loaded_by("import blip2idc") & HEAVY == set()


def test_data_and_images_load_no_torch() -> None:
    light = loaded_by("from blip2idc import ImagePair, JointLayout, read_records, write_records")
    assert light & {"torch", "transformers", "peft"} == set()
    assert "PIL" in light  # not vacuous: the names were resolved


def test_the_probe_sees_torch() -> None:
    """Not vacuous: the same probe finds torch where it is loaded."""
    assert "torch" in loaded_by("import torch")


@functools.cache
def imports_of(file: Path) -> frozenset[str]:
    """The modules a file imports when it runs, wherever in the file, and names taken from them, in small letters."""
    found: set[str] = set()
    tree = ast.parse(file.read_text(encoding="utf-8"))
    # `transformers.Blip2Config` reaches the same class without an import of its own
    found |= {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting.extend(node.orelse)
            continue
        waiting.extend(ast.iter_child_nodes(node))
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return frozenset(name.lower() for name in found)


def importers(wanted: str) -> set[str]:
    """Files of the package, relative to it, that import a module whose dotted name starts with `wanted`."""
    return {
        file.relative_to(SOURCE).as_posix()
        for file in SOURCE.rglob("*.py")
        if any(name.startswith(wanted) for name in imports_of(file))
    }


BLIP2 = {
    "model/blip2.py",
    "model/layers/two_stream.py",
}  # the network, and the one that encodes two images apart


@pytest.mark.parametrize(
    ("wanted", "homes"),
    [
        ("transformers.blip2", BLIP2),
        ("transformers.models.blip_2", BLIP2),
        ("peft", {"model/adapters/adapter.py"}),
        ("diffusers", {"synthesis/editors/editor.py"}),
    ],
)
def test_only_few_files_import(wanted: str, homes: set[str]) -> None:
    assert importers(wanted) <= homes


def test_the_backbone_is_found_by_that_probe() -> None:
    """Not vacuous: transformers' BLIP-2 is imported, and only where it should be."""
    assert importers("transformers.blip2") | importers("transformers.models.blip_2") == BLIP2
    assert importers("peft") == {"model/adapters/adapter.py"}


def test_the_contracts_cover_every_part_without_torch() -> None:
    """The import contract names all of them, so that none is forgotten when it appears."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    (without_torch,) = [c for c in contracts if "work without torch" in c["name"]]
    assert set(without_torch["source_modules"]) == {
        f"blip2idc.{part}"
        for part in ("images", "comparison", "difference", "evaluation", "report", "runs", "worlds")
    }
    assert {"torch", "transformers"} <= set(without_torch["forbidden_modules"])


def test_no_module_is_a_drawer_for_anything() -> None:
    drawers = {"utils", "helpers", "common", "misc", "legacy", "v2"}
    assert not [path for path in SOURCE.rglob("*") if path.stem in drawers]


def test_every_module_says_what_it_is_for() -> None:
    for file in sorted(SOURCE.rglob("*.py")):
        assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))), file


def test_the_pins_cover_what_is_required() -> None:
    """Each dependency of pyproject.toml, extras that the tests need included, has its tested version pinned."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["test"]]
    inner = [name for extra in extras["test"] if (name := extra.partition("[")[2].rstrip("]")) in extras]
    wanted = [
        one
        for one in (*wanted, *(one for name in inner for one in extras[name]))
        if not one.startswith("blip2idc[")
    ]
    names = {requirement.split(">")[0].split("[")[0].lower().replace("_", "-") for requirement in wanted}
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(
        line.lower().replace("_", "-").split("==") for line in lines if line and not line.startswith("#")
    )
    assert names - set(pins) == set()
    assert pins["torch"] == "2.13.0"
    assert not [line for line in lines if "@" in line or "+" in line.split("#")[0] or "torchvision" in line]


def test_the_version_is_the_installed_one() -> None:
    assert importlib.metadata.version("blip2idc") == blip2idc.__version__


def test_a_commit_is_checked_as_make_check_does() -> None:
    import yaml

    target = (ROOT / "Makefile").read_text(encoding="utf-8").partition("\ncheck:")[2].partition("\n\n")[0]
    wanted = [line.strip().removeprefix("$(BIN)/").removesuffix(" .") for line in target.splitlines()[1:]]
    marker = re.search(r"^NOT_HERE := (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    assert marker is not None
    wanted = [line.replace("$(NOT_HERE)", marker[1]).replace("$(JOBS)", "2") for line in wanted]
    settings = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    hooks = [hook["entry"] for repo in settings["repos"] for hook in repo["hooks"]]
    assert [entry.removeprefix(".venv/bin/").replace(" --force-exclude", "") for entry in hooks] == wanted


def test_constants_are_documented_in_one_way() -> None:
    """By a comment `#:` above them, and by no string below."""
    below = [
        f"{path.name}:{text.lineno}"
        for path in SOURCE.rglob("*.py")
        for body in [ast.parse(path.read_text(encoding="utf-8")).body]
        for constant, text in itertools.pairwise(body)
        if isinstance(constant, ast.Assign | ast.AnnAssign)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    ]
    assert not below


def test_no_room_is_crowded() -> None:
    """At most fourteen modules lie flat in a folder; of the commands each has a file, as many as there are."""
    sizes = Counter(
        path.parent.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if path.name != "__init__.py"
    )
    assert {room: size for room, size in sizes.items() if size > 14 and room != "cli/commands"} == {}
