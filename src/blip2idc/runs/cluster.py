"""Work on a Ray cluster: batches streamed by Ray Data through one or more kinds of actors.

In: batches, and for each kind of actor a callable that turns one batch into the next. Out: what became of the batches,
in whatever order they are done. The process that calls writes everything, so that a worker which dies leaves nothing
half done: Ray starts another one, which does the batch in flight again. Needs `[ray]`.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import blip2idc.errors
from blip2idc.errors import Blip2idcError, ConfigError, InputError, MissingExtraError

#: Batches handed to Ray at a time: each is a block of its own, so that a lost worker costs one batch.
WINDOW = 4096

#: Seconds within which a cluster must take a connection.
SECONDS_TO_ANSWER = 10.0

_Row = dict[str, Any]


class Work(Protocol):
    """What an actor does; pickled on its way to it."""

    def load(self) -> Any:
        """Called once in each actor, before the first batch."""

    def __call__(self, batch: Any) -> Any:
        """One batch into the next; both can be pickled."""


@dataclass(frozen=True)
class Stage:
    """One kind of actor.

    Attributes:
        work: What it does.
        gpu: Share of a GPU that each takes, where the cluster has some.
        beside: Shares the GPUs or cores of the stage before it, instead of taking a core of its own.
    """

    work: Work
    gpu: float = 1.0
    beside: bool = False


def work_with_ray(
    batches: Sequence[Any], stages: Sequence[Stage], *, address: str = "local", workers: int | None = None
) -> Iterator[Any]:
    """Do batches on a Ray cluster.

    Files must be found under the same paths on every machine of it.

    Args:
        batches: To be done.
        stages: That each goes through, in turn.
        address: `local` starts a cluster on this machine; else the address of a running one, or `auto`.
        workers: Actors of a stage at work at a time, at most one a GPU, or a core where there is none; None for one a
            GPU, else one a core but one.

    Yields:
        What the last stage made of a batch.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: There is no cluster at that address.
        InputError: Ray does not start.
        Blip2idcError: What a stage raised of the kind, in loading or in a batch.
    """
    ray = _start(address)
    try:
        gpus = int(ray.cluster_resources().get("GPU", 0))
        cores = int(ray.cluster_resources().get("CPU", 1))
        places = gpus or cores  # Ray would wait for ever for an actor that finds no place
        count = min(workers or gpus or max(1, cores - 1), places)
        for start in range(0, len(batches), WINDOW):
            for row in _stream(batches[start : start + WINDOW], stages, count, gpus):
                yield _unpack(row)
    finally:
        ray.shutdown()


def _start(address: str) -> Any:
    """Ray, connected; it is told to report nothing to anybody, and to leave stderr to this program."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault(
        "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0"
    )  # the coming default; silences its warning
    try:
        import ray
    except ImportError:
        raise MissingExtraError("ray", "--ray") from None
    settings: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address == "local":
        settings["include_dashboard"] = False
    else:
        _refuse_silent(address)
    try:
        ray.init(address=address, **settings)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise _no_cluster(address, error) from None
    except Exception as error:  # a bare one where Ray's own processes do not answer in time on a busy machine
        raise InputError(
            f"--ray is {address!r} and Ray does not start: {' '.join(str(error).split())[:200]}; wait until the machine"
            " is less busy, and run the same command again"
        ) from error
    return ray


def _refuse_silent(address: str) -> None:
    """Ray would wait for minutes for a cluster that is not there."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER).close()
    except (OSError, ValueError, OverflowError) as error:
        raise _no_cluster(address, error) from None


def _no_cluster(address: str, error: Exception) -> ConfigError:
    reason = " ".join(str(error).split())[:200]
    return ConfigError(
        f"--ray is {address!r} and no cluster answers there ({reason}); "
        "expected local, auto, or the address of a running cluster, like 10.0.0.5:6379"
    )


def _stream(batches: Sequence[Any], stages: Sequence[Stage], count: int, gpus: int) -> Iterator[_Row]:
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    rows = [{"content": pickle.dumps(batch)} for batch in batches]
    data: Any = ray.data.from_items(rows, override_num_blocks=len(rows))
    for stage in stages:
        place = {"num_gpus": stage.gpu} if gpus else {"num_cpus": 0 if stage.beside else 1}
        actors = max(1, min(count, gpus or 1)) if stage.beside else count
        data = data.map_batches(
            _Actor,
            fn_constructor_args=(stage.work,),
            compute=ray.data.ActorPoolStrategy(size=actors),
            batch_size=1,
            zero_copy_batch=True,
            **place,
        )
    yield from data.iter_rows()


@dataclass(frozen=True)
class _Fault:
    """An error of ours on its way to the process that asked: raised, it would come back wrapped, and be tried again."""

    kind: str
    sentence: str

    @classmethod
    def of(cls, error: Blip2idcError) -> _Fault:
        return cls(type(error).__name__, str(error))

    def error(self) -> Blip2idcError:
        kind = getattr(blip2idc.errors, self.kind, Blip2idcError)
        found: Blip2idcError = (Blip2idcError if kind is MissingExtraError else kind)(self.sentence)
        return found


class _Actor:
    """Runs one stage on pickled batches; faults are handed on instead of raised."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self._fault: _Fault | None = None
        try:
            work.load()
        except Blip2idcError as error:
            self._fault = _Fault.of(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        found = pickle.loads(bytes(batch["content"][0]))
        if self._fault is not None:
            found = self._fault
        elif not isinstance(found, _Fault):
            try:
                found = self._work(found)
            except Blip2idcError as error:
                found = _Fault.of(error)
        return {"content": [pickle.dumps(found)]}


def _unpack(row: _Row) -> Any:
    found = pickle.loads(bytes(row["content"]))
    if isinstance(found, _Fault):
        raise found.error()
    return found
