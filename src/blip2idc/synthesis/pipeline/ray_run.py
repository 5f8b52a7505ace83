"""The same work on a Ray cluster: editors and embedders as actors, batches streamed between them by Ray Data.

In: batches of edits. Out: their outcomes, in whatever order they are done. The process that calls writes everything, so
that a worker which dies leaves nothing half done: Ray starts another one, which does that batch again. Needs `[ray]`.
"""

from __future__ import annotations

import logging
import os
import pickle
import socket
from collections.abc import Iterator, Sequence
from typing import Any

from blip2idc.errors import Blip2idcError, ConfigError, MissingExtraError, ModelError
from blip2idc.synthesis.pipeline.plan import WorkItem
from blip2idc.synthesis.pipeline.work import EditWork, MeasureWork, Outcome

#: Batches handed to Ray at a time: each is a block of its own, so that a lost worker costs one batch.
WINDOW = 4096

#: Share of a GPU that an editor and an embedder take: both fit on one.
EDITOR_GPU, EMBEDDER_GPU = 0.75, 0.25

#: Seconds within which a cluster must take a connection.
SECONDS_TO_ANSWER = 10.0

_Row = dict[str, Any]


def work_with_ray(
    batches: Sequence[Sequence[WorkItem]],
    editing: EditWork,
    measuring: MeasureWork,
    *,
    address: str = "local",
    workers: int | None = None,
) -> Iterator[list[Outcome]]:
    """Do batches on a Ray cluster.

    The files of the source images must be found under the same paths on every machine of it.

    Args:
        batches: Of edits.
        editing: Runs in actors, each with a GPU of its own where the cluster has some.
        measuring: Runs in actors that share those GPUs.
        address: `local` starts a cluster on this machine; else the address of a running one, or `auto`.
        workers: Editors at work at a time, at most one a GPU, or a core where there is none; None for one a GPU, else
            one a core but one.

    Raises:
        MissingExtraError: Ray is not installed.
        ConfigError: There is no cluster at that address.
        ModelError: A model cannot be loaded there.
    """
    ray = _start(address)
    try:
        gpus = int(ray.cluster_resources().get("GPU", 0))
        cores = int(ray.cluster_resources().get("CPU", 1))
        places = gpus or cores  # Ray would wait for ever for an actor that finds no place
        editors = min(workers or gpus or max(1, cores - 1), places)
        for start in range(0, len(batches), WINDOW):
            for row in _stream(ray, batches[start : start + WINDOW], editing, measuring, editors, gpus):
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


def _stream(
    ray: Any,
    batches: Sequence[Sequence[WorkItem]],
    editing: EditWork,
    measuring: MeasureWork,
    editors: int,
    gpus: int,
) -> Iterator[_Row]:
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    rows = [{"content": pickle.dumps(list(batch))} for batch in batches]
    data = ray.data.from_items(rows, override_num_blocks=len(rows))
    each = {"batch_size": 1, "zero_copy_batch": True}
    edit_on = {"num_gpus": EDITOR_GPU} if gpus else {"num_cpus": 1}
    measure_on = {"num_gpus": EMBEDDER_GPU} if gpus else {"num_cpus": 0}
    edited = data.map_batches(
        _Actor,
        fn_constructor_args=(editing,),
        compute=ray.data.ActorPoolStrategy(size=editors),
        **edit_on,
        **each,
    )
    embedders = max(1, min(editors, gpus or 1))
    measured = edited.map_batches(
        _Actor,
        fn_constructor_args=(measuring,),
        compute=ray.data.ActorPoolStrategy(size=embedders),
        **measure_on,
        **each,
    )
    yield from measured.iter_rows()


class _Actor:
    """Runs one half of the work on pickled batches; what cannot be loaded is handed on instead of raised.

    An exception in an actor would come back wrapped, and Ray would try it again for ever.
    """

    def __init__(self, work: EditWork | MeasureWork) -> None:
        self._work = work
        self._fault: str | None = None
        try:
            work.load()
        except Blip2idcError as error:
            self._fault = str(error)

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        content = bytes(batch["content"][0])
        found = pickle.loads(content)
        if self._fault is not None:
            found = self._fault
        elif not isinstance(found, str):
            found = self._work(found)
        return {"content": [pickle.dumps(found)]}


def _unpack(row: _Row) -> list[Outcome]:
    found = pickle.loads(bytes(row["content"]))
    if isinstance(found, str):
        raise ModelError(found)
    outcomes: list[Outcome] = found
    return outcomes
