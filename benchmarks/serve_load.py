"""How `blip2idc serve` holds up: fifty requests at once against one at a time, side by side, and too many of them.

    python -m benchmarks.serve_load [--count 100] [--rounds 3] [--seconds 400]

Writes `serve_load.json` beside itself. It starts `blip2idc serve --api-only` with the packaged model on the loopback
interface and sends it pairs of rendered scenes (320x160, PNG). A round sends `--count` requests to `/api/caption` one
after the other, and then as many with fifty threads; so too to `/api/explain`, with a quarter of them. For each way it
records requests a second by the clock, and requests a processor second of the server and the processes in which it
decodes, which does not depend on what else the machine does. Then a server with room for ten is sent fifty at once:
what it refuses it must refuse with 503 and a time to come again, and all that come again must be answered.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from benchmarks.caption_speed import make_pairs

from blip2idc.runs.record import run_record

AT_ONCE = 50
ROOM = 10  # of the server that is sent too much
TRIES = 60  # of a request that is refused
PATHS = {"/api/caption": 1.0, "/api/explain": 0.25}  # and the share of the requests


@dataclass(frozen=True)
class Server:
    """A server that runs."""

    port: int
    process: int

    def ask(self, path: str, body: bytes) -> tuple[int, Any, float]:
        """Status, answer, and seconds after which to come again."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request("POST", path, body, {"content-type": "multipart/form-data; boundary=edge"})
            answer = connection.getresponse()
            again = float(answer.headers.get("retry-after") or 0)
            return answer.status, json.loads(answer.read()), again
        finally:
            connection.close()

    def processor_seconds(self) -> float:
        """Of the process and its children."""
        return sum(_processor_seconds(number) for number in (self.process, *_children(self.process)))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=100, help="requests of a way and a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=400.0, help="no round begins after that")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        manifest = make_pairs(Path(folder), 20)
        bodies = [form(*map(Path.read_bytes, manifest.paths(record))) for record in manifest]
        with serving() as server:
            load = measure(server, bodies, arguments)
        with serving("--queue", str(ROOM)) as server:
            refused = too_many(server, bodies)
    result = {
        "load": load,
        "too_many": refused,
        "cores": len(os.sched_getaffinity(0)),
        "load_average": os.getloadavg(),
        "run_record": run_record(),
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({"load": load, "too_many": refused}, indent=2))


@contextmanager
def serving(*options: str) -> Iterator[Server]:
    """A server in a process of its own."""
    command = [sys.executable, "-m", "blip2idc", "serve", "--api-only", "--port", "0", *options]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().split()[0]
            yield Server(urlsplit(address).port or 0, process.pid)
        finally:
            process.terminate()
            process.wait(120)


def form(before: bytes, after: bytes) -> bytes:
    """The body of a request."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{role}"; filename="x.png"\r\n\r\n'.encode()
        + content
        for role, content in (("before", before), ("after", after))
    ]
    return b"\r\n".join([*parts, b"--edge--\r\n"])


def measure(server: Server, bodies: Sequence[bytes], arguments: argparse.Namespace) -> dict[str, Any]:
    """Both ways in turn, for both requests."""
    end = time.monotonic() + arguments.seconds
    found: dict[str, Any] = {}
    for path, share in PATHS.items():
        count = max(1, round(arguments.count * share))
        for threads in (1, AT_ONCE):  # warm up
            send(server, path, bodies, threads, min(count, 10 * threads))
        rates: dict[str, list[dict[str, float]]] = {"one_at_a_time": [], "fifty_at_once": []}
        captions: dict[str, list[str]] = {}
        for _ in range(arguments.rounds):
            if time.monotonic() > end and rates["one_at_a_time"]:
                break
            for name, threads in (("one_at_a_time", 1), ("fifty_at_once", AT_ONCE)):
                figures, captions[name] = send(server, path, bodies, threads, count)
                rates[name].append(figures)
        found[path] = {
            "requests": count,
            **rates,
            **{f"ratio_{kind}": _ratio(rates, kind) for kind in ("per_s", "per_processor_s")},
            "captions_that_differ": sum(
                map(str.__ne__, captions["one_at_a_time"], captions["fifty_at_once"])
            ),
        }
    return found


def send(
    server: Server, path: str, bodies: Sequence[bytes], threads: int, count: int
) -> tuple[dict[str, float], list[str]]:
    """Requests a second, and the captions."""
    wanted = list(islice(cycle(bodies), count))
    times: list[float] = []

    def one(body: bytes) -> str:
        begun = time.perf_counter()
        status, answer, _ = server.ask(path, body)
        times.append(time.perf_counter() - begun)
        if status != 200:
            raise SystemExit(f"{path} answered {status}: {answer}")
        return str(answer["caption"])

    processor, begun = server.processor_seconds(), time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        captions = list(pool.map(one, wanted))
    wall, processor = time.perf_counter() - begun, server.processor_seconds() - processor
    quantiles = statistics.quantiles(times, n=20)
    return {
        "per_s": count / wall,
        "per_processor_s": count / processor,
        "median_s": statistics.median(times),
        "p95_s": quantiles[-1],
    }, captions


def too_many(server: Server, bodies: Sequence[bytes]) -> dict[str, Any]:
    """Fifty at once for a server with room for ten; who is refused comes again when it was told to."""
    seen: Counter[int] = Counter()
    sentences: set[str] = set()

    def one(body: bytes) -> int:
        for tries in range(TRIES):
            status, answer, again = server.ask("/api/caption", body)
            seen[status] += 1
            if status != 503:
                return tries
            sentences.add(answer["error"])
            time.sleep(again)
        return TRIES

    with ThreadPoolExecutor(AT_ONCE) as pool:
        tries = list(pool.map(one, islice(cycle(bodies), AT_ONCE)))
    return {
        "room": ROOM,
        "requests": AT_ONCE,
        "answered": seen[200],
        "refused_with_503": seen[503],
        "other": sum(seen.values()) - seen[200] - seen[503],
        "most_tries": max(tries),
        "a_sentence": min(sentences, default=""),
    }


def _ratio(rates: dict[str, list[dict[str, float]]], kind: str) -> float:
    slow, fast = (
        statistics.median(figures[kind] for figures in rates[name])
        for name in ("one_at_a_time", "fifty_at_once")
    )
    return fast / slow


def _processor_seconds(process: int) -> float:
    """User and system time of a process, from /proc (Linux)."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{process}/task").iterdir():
        found += map(int, (task / "children").read_text().split())
    return found


if __name__ == "__main__":
    main()
