"""Settings: frozen dataclasses for the commands, and the strict builder that fills them from YAML or JSON.

In: a YAML file and ``--set key=value`` overrides, or values that were read elsewhere. Out: an instance of the dataclass
asked for, every key known, every value of the annotated type, every number finite and in its range
(``Annotated[float, Range(0, 1)]``), no text or list too long (``Annotated[str, Longest(80)]``); nothing is converted
silently and nothing is guessed. A text in an annotation says what is expected where the type's name says too little.
A dataclass refuses contradictions in its ``__post_init__`` with a `ConfigError`. All faults are reported at once.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import math
import os
import types
import typing
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from blip2idc.errors import Blip2idcError, ConfigError, shortened
from blip2idc.regular_files import read_regular

Settings = TypeVar("Settings")

_LARGEST_FILE = 256 << 10  # bytes of settings; a recipe has a few thousand, and YAML is read by Python
_DEEPEST = 100  # brackets in brackets

#: What numpy's and torch's generators both take.
LARGEST_SEED = 2**63 - 1


@dataclasses.dataclass(frozen=True)
class Range:
    """Where a number of a dataclass may lie, for ``Annotated``.

    Attributes:
        low: The least.
        high: The greatest.
        above: `low` itself is not taken.
        below: `high` itself is not taken.

    >>> str(Range(0, 1, below=True)), 1.0 in Range(0, 1, below=True)
    ('from 0, below 1', False)
    """

    low: float
    high: float
    above: bool = False
    below: bool = False

    def __contains__(self, value: float) -> bool:
        low = value > self.low if self.above else value >= self.low
        return low and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        low, high = (f"{one:,}" if isinstance(one, int) else f"{one:g}" for one in (self.low, self.high))
        if not self.above and not self.below:
            return f"from {low} to {high}"
        return f"{'above' if self.above else 'from'} {low}, {'below' if self.below else 'at most'} {high}"


@dataclasses.dataclass(frozen=True)
class Longest:
    """How long a text or a list may be, for ``Annotated``.

    Attributes:
        most: Characters or items.
    """

    most: int

    def __contains__(self, value: Sequence[Any]) -> bool:
        return len(value) <= self.most

    def __str__(self) -> str:
        return f"(up to {self.most:,})"


Seed = Annotated[int, Range(0, LARGEST_SEED)]


def load_config(
    cls: type[Settings],
    path: str | os.PathLike[str] | Sequence[Path] | None = None,
    overrides: Sequence[str] = (),
) -> Settings:
    """Fill a dataclass from a YAML file and overrides.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Optimizer:
    ...     rate: float = 1e-3
    >>> load_config(Optimizer, overrides=["rate=1e-4"])
    Optimizer(rate=0.0001)

    Args:
        cls: A dataclass. Fields may be bool, int, float, str, literals, lists, tuples, dictionaries, unions of these
            with None, and further dataclasses. Its mapping `FORMER_NAMES`, where it has one, names fields as they
            were called before, so that older files are read.
        path: The YAML file; None for the defaults; several are laid over each other, the last one on top.
        overrides: ``key=value`` each, nested keys with dots (``optimizer.rate=1e-4``), the value in YAML; they win
            over the file, the last one over the earlier ones.

    Returns:
        An instance of `cls`; keys that are not given keep its defaults.

    Raises:
        ConfigError: The file cannot be read, a key is unknown (the nearest valid one is named), a required key is
            missing, a value has the wrong type, or the dataclass itself refuses the combination.
    """
    paths = [Path(path)] if isinstance(path, str | os.PathLike) else list(path or ())
    origin = " and ".join(map(str, paths)) or "settings"
    values: dict[str, Any] = {}
    for one in paths:
        _lay_over(values, _by_present_names(cls, _read_yaml(one), str(one)))
    for override in overrides:
        _apply(values, _present_name(cls, override))
    return build(cls, values, origin)


def build(
    cls: type[Settings], values: Mapping[Any, Any], origin: str, error: type[Blip2idcError] = ConfigError
) -> Settings:
    """Fill a dataclass from plain values.

    Args:
        cls: A dataclass, see `load_config`.
        values: Its fields by name, as YAML or JSON has them.
        origin: Where they come from, for the sentence: a file.
        error: What to raise.

    Raises:
        Blip2idcError: As `load_config` has it, of the kind that `error` says.
    """
    faults: list[str] = []
    settings = _build(cls, _by_present_names(cls, values, origin), "", faults)
    if faults:
        raise error(f"{origin}: " + "; ".join(faults))
    return typing.cast(Settings, settings)


def check_values(
    values: Mapping[str, Any], hints: Mapping[str, Any], origin: str, error: type[Blip2idcError] = ConfigError
) -> None:
    """Refuse values that do not fit, among keys of which other programs have more.

    Args:
        values: Of a file that somebody else's program wrote; keys that are absent or null are left to their defaults.
        hints: Key -> type, as a dataclass would annotate it.
        origin: Where they come from, for the sentence.
        error: What to raise.

    Raises:
        Blip2idcError: Of the kind that `error` says; all faults are told.
    """
    faults: list[str] = []
    for key, hint in hints.items():
        if values.get(key) is not None:
            _convert(hint, values[key], key, faults)
    if faults:
        raise error(f"{origin}: " + "; ".join(faults))


def shipped_recipe(name: str) -> Path:
    """A recipe that comes with the package, in a checkout or installed.

    Args:
        name: Its path in `recipes/`, without `.yaml`.

    Raises:
        ConfigError: There is none of this name.
    """
    path = recipes_folder() / f"{name}.yaml"
    if not path.is_file():
        raise ConfigError(f"{path}: no such recipe; name one with --config")
    return path


def recipes_folder() -> Path:
    """Where the recipes lie that come with the package: in the checkout, or where pip puts them."""
    import sysconfig

    checkout = Path(__file__).parents[2] / "recipes"
    installed = Path(sysconfig.get_path("data")) / "share" / "blip2idc" / "recipes"
    return checkout if checkout.is_dir() else installed


def _former_names(cls: type[Any]) -> Mapping[str, str]:
    """Former name of a field -> its name."""
    names: Mapping[str, str] = getattr(cls, "FORMER_NAMES", {})
    return names


def _by_present_names(cls: type[Any], values: Mapping[Any, Any], origin: str) -> dict[Any, Any]:
    """The same values under the names that the fields have now.

    Raises:
        ConfigError: A field is given twice, by both of its names.
    """
    former = _former_names(cls)
    renamed: dict[Any, Any] = {}
    for key, value in values.items():
        name = former.get(key, key)
        if name in renamed:
            raise ConfigError(f"{origin}: {name} is given twice, once by its former name; give {name} alone")
        renamed[name] = value
    return renamed


def _present_name(cls: type[Any], override: str) -> str:
    """An override under the name that its field has now."""
    key, equals, text = override.partition("=")
    return f"{_former_names(cls).get(key.strip(), key)}{equals}{text}"


def _lay_over(values: dict[str, Any], above: Mapping[str, Any]) -> None:
    """Put the settings of one file over those of another; groups of settings are merged."""
    for key, value in above.items():
        below = values.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            _lay_over(below, value)
        else:
            values[key] = value


def check_ranges(settings: Any, prefix: str = "") -> None:
    """Refuse numbers out of their range, for the ``__post_init__`` of a dataclass that Python code may fill.

    Args:
        settings: An instance.
        prefix: Put before the names, with a dot at its end.

    Raises:
        ConfigError: One is out of range or not finite; all are told.
    """
    faults = []
    for name, hint in hints_of(type(settings)).items():
        value = getattr(settings, name, None)
        if not _is_in_range(hint, value):
            faults.append(f"{prefix}{name} is {_shown(value)}; expected {spelled(hint)}")
    if faults:
        raise ConfigError("; ".join(faults))


def hints_of(cls: Any) -> Mapping[str, Any]:
    """Field -> its type, ranges included."""
    return _hints(cls)


_hints = functools.cache(functools.partial(typing.get_type_hints, include_extras=True))


def _is_in_range(hint: Any, value: Any) -> bool:
    """Whether every number in the value is in the range that its annotation gives; types are not looked at."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return all(value in one for one in parts[1:] if isinstance(one, Range))  # not a number is in none
        if isinstance(value, str | list | tuple) and any(
            value not in one for one in parts[1:] if isinstance(one, Longest)
        ):
            return False
        return _is_in_range(parts[0], value)
    if origin in (typing.Union, types.UnionType):
        return value is None or all(_is_in_range(part, value) for part in parts)
    if origin in (list, tuple, Sequence) and isinstance(value, list | tuple):
        inner = [part for part in parts if part is not ...]
        return all(_is_in_range(inner[min(i, len(inner) - 1)], item) for i, item in enumerate(value))
    if hint is float and isinstance(value, float):
        return math.isfinite(value)
    return True


def _read_yaml(path: Path) -> dict[str, Any]:
    import yaml

    try:
        content = yaml.load(read_regular(path, _LARGEST_FILE).decode("utf-8"), Loader=_strict_loader())
    except FileNotFoundError:
        shipped = recipes_folder() / Path(*path.parts[1:]) if path.parts[:1] == ("recipes",) else None
        there = shipped is not None and shipped.is_file()
        remedy = f"the recipe that ships is {shipped}" if there else "expected a YAML file of settings"
        raise ConfigError(f"{path}: no such file; {remedy}") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read as YAML ({error.strerror or error})") from None
    except Exception as error:  # the loader raises anything: `!!bool x`, `!!int ''`
        raise ConfigError(f"{path}: cannot be read as YAML ({' '.join(str(error).split())})") from None
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds a {type(content).__name__}; expected keys with values")
    return content


def _strict_loader() -> type[Any]:
    """YAML's safe loader, which here also refuses repeated keys and reads ``1e-4`` as the number it looks like.

    It refuses aliases of lists and mappings too: a few lines of them can stand for more than any memory holds.
    """
    import re

    import yaml

    class Loader(yaml.SafeLoader):
        def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
            alias: Any = None
            if self.check_event(yaml.AliasEvent):
                alias = self.peek_event()  # type: ignore[no-untyped-call]
            node = super().compose_node(parent, index)
            if alias is not None and not isinstance(node, yaml.ScalarNode):
                raise yaml.composer.ComposerError(
                    None, None, f"alias {alias.anchor!r} of a list or mapping", alias.start_mark
                )
            return node

        def fetch_flow_collection_start(self, token: Any) -> None:
            if self.flow_level >= _DEEPEST:  # each level makes the loader's next step longer
                raise yaml.scanner.ScannerError(None, None, "nested too deeply", self.get_mark())
            super().fetch_flow_collection_start(token)

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            keys = [self.construct_object(key, deep=True) for key, _ in node.value]
            counts = Counter(str(key) for key in keys)
            repeated = sorted(key for key, count in counts.items() if count > 1)
            if repeated:
                raise yaml.constructor.ConstructorError(
                    None, None, f"key {repeated[0]!r} twice", node.start_mark
                )
            return super().construct_mapping(node, deep=deep)

    # YAML 1.1 wants a dot in the mantissa of a float, so that 1e-4 would be text
    Loader.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?[0-9][0-9_]*(\.[0-9_]*)?[eE][-+]?[0-9]+$"),
        list("-+0123456789"),
    )
    return Loader


def _apply(values: dict[str, Any], override: str) -> None:
    """Set one ``key=value`` in nested dictionaries."""
    import yaml

    key, equals, text = override.partition("=")
    names = key.strip().split(".")
    if not equals or not all(names):
        raise ConfigError(f"--set {override!r} is not of the form key=value")
    try:
        value = yaml.load(text, Loader=_strict_loader())
    except Exception:  # as for a file
        raise ConfigError(f"--set {override!r}: the value cannot be read as YAML") from None
    for depth, name in enumerate(names[:-1], start=1):
        inner = values.setdefault(name, {})
        if inner is None:
            inner = values[name] = {}
        if not isinstance(inner, dict):
            raise ConfigError(
                f"--set {override!r}: {'.'.join(names[:depth])} holds a value, not further keys"
            )
        values = inner
    values[names[-1]] = value


def _build(cls: type[Any], values: Mapping[Any, Any], prefix: str, faults: list[str]) -> Any:
    """An instance of the dataclass; None, with the reasons appended to `faults`, where that is not possible."""
    hints = hints_of(cls)
    known = {field.name: field for field in dataclasses.fields(cls) if field.init}
    found_before = len(faults)
    arguments: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            faults.append(_unknown(key, prefix, known))
            continue
        arguments[key] = _convert(hints[key], value, f"{prefix}{key}", faults)
    for name, field in known.items():
        has_default = (
            field.default is not dataclasses.MISSING or field.default_factory is not dataclasses.MISSING
        )
        if not has_default and name not in values:
            faults.append(f"{prefix}{name} is missing; expected {spelled(hints[name])}")
    if len(faults) > found_before:
        return None
    try:
        return cls(**arguments)
    except ConfigError as error:
        faults.append(str(error))
        return None


def _unknown(key: object, prefix: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(str(key)[:80], known, n=1, cutoff=0.5)
    remedy = f"did you mean {prefix}{near[0]}?" if near else f"expected {', '.join(sorted(known))}"
    return f"key {prefix}{shortened(str(key), 80)} is not known; {remedy}"


def _convert(hint: Any, value: Any, name: str, faults: list[str]) -> Any:
    """The value in the type the hint asks for; a fault where it does not fit."""
    if dataclasses.is_dataclass(hint) and isinstance(value, dict):
        return _build(typing.cast(type[Any], hint), value, f"{name}.", faults)
    try:
        return _fitted(hint, value, name, faults)
    except TypeError:
        faults.append(f"{name} is {_shown(value)}; expected {spelled(hint)}")
        return None


def _fitted(hint: Any, value: Any, name: str, faults: list[str]) -> Any:
    """The value in the type of the hint; TypeError where it does not fit."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if origin is Annotated:
        fitted = _fitted(parts[0], value, name, faults)
        return _if(_is_in_range(hint, fitted), fitted)
    if origin in (typing.Union, types.UnionType):
        return _first_fit(parts, value, name, faults)
    if origin is typing.Literal:
        return _if(any(value == part and type(value) is type(part) for part in parts), value)
    if origin in (list, Sequence):
        items = _if(isinstance(value, list), value)
        return [_convert(parts[0], item, f"{name}[{i}]", faults) for i, item in enumerate(items)]
    if origin is tuple:
        return _fitted_tuple(parts, value, name, faults)
    if origin in (dict, Mapping):
        content = _if(isinstance(value, dict), value)
        return {
            _fitted(parts[0], key, name, faults): _convert(parts[1], item, f"{name}.{key}", faults)
            for key, item in content.items()
        }
    return _fitted_plain(hint, value)


def _first_fit(options: Sequence[Any], value: Any, name: str, faults: list[str]) -> Any:
    for option in options:
        if dataclasses.is_dataclass(option) and isinstance(value, dict):
            return _build(typing.cast(type[Any], option), value, f"{name}.", faults)
        try:
            return _fitted(option, value, name, faults)
        except TypeError:
            continue
    raise TypeError


def _fitted_tuple(parts: Sequence[Any], value: Any, name: str, faults: list[str]) -> tuple[Any, ...]:
    items = _if(isinstance(value, list), value)
    if len(parts) == 2 and parts[1] is ...:
        parts = (parts[0],) * len(items)
    _if(len(items) == len(parts), items)
    return tuple(
        _convert(part, item, f"{name}[{i}]", faults)
        for i, (part, item) in enumerate(zip(parts, items, strict=True))
    )


def _fitted_plain(hint: Any, value: Any) -> Any:
    """None, bool, int, float, str, Path, or any other class the value is an instance of."""
    if hint is type(None):
        return _if(value is None, value)
    if hint is float:
        try:
            number = float(_if(isinstance(value, int | float) and not isinstance(value, bool), value))
        except OverflowError:
            raise TypeError from None
        return _if(math.isfinite(number), number)
    if hint is int:
        return _if(isinstance(value, int) and not isinstance(value, bool), value)
    if hint is Path:
        return Path(_if(isinstance(value, str), value))
    return _if(isinstance(value, hint), value)


def _if(fits: bool, value: Any) -> Any:
    if not fits:
        raise TypeError
    return value


def _shown(value: Any) -> str:
    """A value as a sentence can hold it, whatever its size."""
    try:
        return shortened(repr(value), 100)
    except (ValueError, RecursionError):  # of thousands of digits, or nested without end
        return f"a {type(value).__name__} that is too large to be shown"


_WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "text", type(None): "null"}


def spelled(hint: Any) -> str:
    """A type in the words of somebody who writes YAML."""
    origin, parts = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        words = [one for one in parts[1:] if isinstance(one, str)]
        if words:
            return words[0]
        limits = [str(one) for one in parts[1:] if isinstance(one, Range | Longest)]
        return " ".join([spelled(parts[0]), *limits])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(spelled(part) for part in parts)
    if origin is typing.Literal:
        return " or ".join(str(part) for part in parts)
    if origin in (list, Sequence) or (origin is tuple and parts[-1] is ...):
        return f"a list of {spelled(parts[0])}"
    if origin is tuple:
        return f"a list of {len(parts)} values"
    if origin in (dict, Mapping) or dataclasses.is_dataclass(hint):
        return "keys with values"
    if hint is Path:
        return "a path"
    return _WORDS.get(hint, getattr(hint, "__name__", str(hint)))
