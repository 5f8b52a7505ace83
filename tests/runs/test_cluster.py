"""Batches through a Ray cluster: what comes back, how many actors of what kind do it, which faults reach who asked."""

from __future__ import annotations

import logging
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from blip2idc.errors import Blip2idcError, ConfigError, InputError, MissingExtraError, ModelError
from blip2idc.runs import cluster
from blip2idc.runs.cluster import Stage, work_with_ray

FAULT = "two is too many"


@dataclass
class Add:
    """Adds a number to every number of a batch, and its process to its end."""

    number: int

    def load(self) -> None:
        self.loaded = True

    def __call__(self, batch: list[int]) -> list[int]:
        assert self.loaded
        return [*(one + self.number for one in batch), os.getpid()]


@dataclass
class Refuse:
    """Refuses to be loaded, or the batch of a two."""

    at_load: bool = False

    def load(self) -> None:
        if self.at_load:
            raise MissingExtraError("onnx", "a stage")

    def __call__(self, batch: list[int]) -> list[int]:
        if batch == [2]:
            raise ModelError(FAULT)
        return batch


class OddError(ModelError):
    """An error of ours that only a stage knows."""


@dataclass
class RefuseOddly:
    """Refuses every batch with an error that `errors` does not hold."""

    def load(self) -> None:
        pass

    def __call__(self, batch: Any) -> Any:
        raise OddError("odd")


@dataclass
class Break:
    """Fails as no program should."""

    def load(self) -> None:
        raise ValueError("not one of ours")

    def __call__(self, batch: Any) -> Any:
        return batch


class FakeRay:
    """What `ray` is asked for, done in this process; keeps what it was asked."""

    def __init__(self, cores: int, gpus: int) -> None:
        counts = {"CPU": float(cores), "GPU": float(gpus)}
        self.resources = {kind: count for kind, count in counts.items() if count}
        self.settings: dict[str, Any] = {}
        self.kinds: list[dict[str, Any]] = []
        self.blocks: list[int] = []
        self.fault: Exception | None = None
        self.shut = 0
        self.context = SimpleNamespace(enable_progress_bars=True)

    def init(self, **settings: Any) -> None:
        self.settings = settings
        if self.fault is not None:
            raise self.fault

    def cluster_resources(self) -> dict[str, float]:
        return self.resources

    def shutdown(self) -> None:
        self.shut += 1

    def from_items(self, rows: list[Any], *, override_num_blocks: int) -> FakeRows:
        self.blocks.append(override_num_blocks)
        return FakeRows(self, rows)


class FakeRows:
    def __init__(self, ray: FakeRay, rows: list[Any]) -> None:
        self.ray, self.rows = ray, rows

    def map_batches(self, actor: Callable[..., Any], *, fn_constructor_args: Any, **kind: Any) -> FakeRows:
        assert kind.pop("batch_size") == 1
        self.ray.kinds.append(kind)
        act = actor(*fn_constructor_args)
        done = [act({"content": [row["content"]]}) for row in self.rows]
        return FakeRows(self.ray, [{"content": one["content"][0]} for one in done])

    def iter_rows(self) -> Iterator[Any]:
        yield from self.rows


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FakeRay]:
    """Puts a cluster with these cores and GPUs in the place of Ray."""

    def put(cores: int = 4, gpus: int = 0) -> FakeRay:
        ray = FakeRay(cores, gpus)
        module, data = ModuleType("ray"), ModuleType("ray.data")
        for name in ("init", "cluster_resources", "shutdown"):
            setattr(module, name, getattr(ray, name))
        data.DataContext = SimpleNamespace(get_current=lambda: ray.context)  # type: ignore[attr-defined]
        data.ActorPoolStrategy = SimpleNamespace  # type: ignore[attr-defined]
        data.from_items = ray.from_items  # type: ignore[attr-defined]
        module.data = data  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "ray", module)
        monkeypatch.setitem(sys.modules, "ray.data", data)
        for name in ("RAY_USAGE_STATS_ENABLED", "RAY_BACKEND_LOG_LEVEL"):
            monkeypatch.delenv(name, raising=False)
        return ray

    return put


@pytest.mark.parametrize(
    ("cores", "gpus", "workers", "first", "beside"),
    [
        (4, 0, None, {"num_cpus": 1, "size": 3}, {"num_cpus": 0, "size": 1}),  # one core is left to who asks
        (2, 0, None, {"num_cpus": 1, "size": 1}, {"num_cpus": 0, "size": 1}),
        (1, 0, None, {"num_cpus": 1, "size": 1}, {"num_cpus": 0, "size": 1}),
        (0, 0, 3, {"num_cpus": 1, "size": 1}, {"num_cpus": 0, "size": 1}),  # Ray names no core
        (4, 0, 2, {"num_cpus": 1, "size": 2}, {"num_cpus": 0, "size": 1}),
        (4, 0, 9, {"num_cpus": 1, "size": 4}, {"num_cpus": 0, "size": 1}),  # more would wait for ever
        (8, 2, None, {"num_gpus": 0.75, "size": 2}, {"num_gpus": 0.25, "size": 2}),
        (8, 2, 1, {"num_gpus": 0.75, "size": 1}, {"num_gpus": 0.25, "size": 1}),
        (8, 2, 9, {"num_gpus": 0.75, "size": 2}, {"num_gpus": 0.25, "size": 2}),
    ],
)
def test_actors_are_as_many_as_find_a_place(
    fake: Callable[..., FakeRay],
    cores: int,
    gpus: int,
    workers: int | None,
    first: dict[str, Any],
    beside: Any,
) -> None:
    ray = fake(cores, gpus)
    stages = [Stage(Add(1), gpu=0.75), Stage(Add(100), gpu=0.25, beside=True)]
    found = list(work_with_ray([[1], [2]], stages, workers=workers))
    assert [one[0] for one in found] == [102, 103]
    for kind, expected in zip(ray.kinds, (first, beside), strict=True):
        assert {"size": kind.pop("compute").size, **kind} == {"zero_copy_batch": True, **expected}
    assert ray.shut == 1


def test_a_long_list_is_handed_over_in_parts(
    fake: Callable[..., FakeRay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "WINDOW", 3)
    ray = fake()
    found = list(work_with_ray([[number] for number in range(7)], [Stage(Add(1))]))
    assert [one[0] for one in found] == list(range(1, 8))
    assert ray.blocks == [3, 3, 1]  # a block a batch: a worker that dies costs one batch


def test_ray_reports_to_nobody_and_leaves_the_terminal_alone(fake: Callable[..., FakeRay]) -> None:
    ray, talks, others = fake(), logging.getLogger("ray.data"), logging.getLogger().level
    talks.setLevel(logging.NOTSET)
    list(work_with_ray([[1]], [Stage(Add(1))]))
    assert (talks.level, logging.getLogger().level) == (logging.ERROR, others)
    assert not ray.context.enable_progress_bars
    assert ray.settings == {
        "address": "local",
        "log_to_driver": False,
        "logging_level": logging.ERROR,
        "include_dashboard": False,
    }
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    assert os.environ["RAY_BACKEND_LOG_LEVEL"] == "fatal"
    assert ray.shut == 1


def test_a_fault_of_ours_reaches_who_asked(fake: Callable[..., FakeRay]) -> None:
    """Through the stages after it, and with the kind and the sentence that it had where it came from."""
    ray = fake()
    results = work_with_ray([[1], [2], [3]], [Stage(Refuse()), Stage(Refuse())])
    assert next(results) == [1]
    with pytest.raises(ModelError, match=f"^{FAULT}$"):
        next(results)
    assert ray.shut == 1
    with pytest.raises(Blip2idcError) as raised:
        list(work_with_ray([[1]], [Stage(Refuse(at_load=True)), Stage(Refuse())]))
    assert str(raised.value) == str(MissingExtraError("onnx", "a stage"))
    with pytest.raises(Blip2idcError, match="^odd$"):
        list(work_with_ray([[1]], [Stage(RefuseOddly())]))
    with pytest.raises(ValueError, match="not one of ours"):
        list(work_with_ray([[1]], [Stage(Break())]))
    assert ray.shut == 4


@pytest.mark.parametrize(
    ("fault", "kind", "sentence"),
    [
        (
            ConnectionError("no  way\nthere"),
            ConfigError,
            r"^--ray is 'auto' .* answers there \(no way there\)",
        ),
        (ValueError("x" * 900), ConfigError, r"\(x{200}\); expected local, auto, or the address"),
        (RuntimeError("odd"), ConfigError, r"\(odd\)"),
        (
            Exception("timed\nout " + "y" * 900),
            InputError,
            r"^--ray is 'auto' .* timed out y{190}; wait until the machine is less busy, and",
        ),
    ],
)
def test_ray_that_does_not_start(
    fake: Callable[..., FakeRay], fault: Exception, kind: type[Blip2idcError], sentence: str
) -> None:
    ray = fake()
    ray.fault = fault
    with pytest.raises(kind, match=sentence):
        list(work_with_ray([[1]], [Stage(Add(1))], address="auto"))
    assert "include_dashboard" not in ray.settings  # which is for a cluster of our own
    assert ray.shut == 0


def test_ray_that_is_not_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtraError, match=r"--ray needs .*blip2idc\[ray\]"):
        list(work_with_ray([[1]], [Stage(Add(1))]))


@pytest.mark.parametrize("address", ["127.0.0.1:{}", "ray://127.0.0.1:{}", "[::1]:{}"])
def test_an_address_is_asked_before_ray_waits_for_it(fake: Callable[..., FakeRay], address: str) -> None:
    family = socket.AF_INET6 if "::" in address else socket.AF_INET
    if family == socket.AF_INET6 and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    ray = fake()
    with socket.socket(family) as listening:
        try:
            listening.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        except OSError:
            pytest.skip("no such address here")
        address = address.format(listening.getsockname()[1])
        said = re.escape(f"--ray is {address!r} and no cluster answers there (") + r"[^)]*refused"
        with pytest.raises(ConfigError, match=said):  # bound, not listening
            list(work_with_ray([[1]], [Stage(Add(1))], address=address))
        assert not ray.settings
        listening.listen()
        assert len(list(work_with_ray([[1]], [Stage(Add(1))], address=address))) == 1
    assert ray.settings["address"] == address


@pytest.mark.parametrize("address", ["127.0.0.1:port", "127.0.0.1:99999999"])
def test_an_address_that_is_none(fake: Callable[..., FakeRay], address: str) -> None:
    ray = fake()
    with pytest.raises(ConfigError, match="no cluster answers there"):
        list(work_with_ray([[1]], [Stage(Add(1))], address=address))
    assert not ray.settings


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_ray_itself_takes_batches_through_every_stage() -> None:
    batches = [[number, 10 * number] for number in range(5)]
    stages = [Stage(Add(1)), Stage(Add(100), beside=True)]
    found = list(work_with_ray(batches, stages, workers=2))
    assert sorted(one[:2] for one in found) == [[101 + number, 101 + 10 * number] for number in range(5)]
    first, second = {one[2] - 100 for one in found}, {one[3] for one in found}
    assert os.getpid() not in first | second
    assert not first & second
    assert len(first) <= 2
    assert len(second) == 1
    with pytest.raises(ModelError, match=f"^{FAULT}$"):
        list(work_with_ray([[2]], [Stage(Refuse()), Stage(Add(1))], workers=1))
