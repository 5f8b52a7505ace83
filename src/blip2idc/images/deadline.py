"""Open images in a process of their own, which is ended where it takes too long.

For servers, whose files come from anybody: the checks before decoding bound what is known to run away, this bounds the
rest, in time and, where the system can (POSIX), in memory. The process is kept and asked again; it imports no torch.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLong
from pathlib import Path
from typing import IO

from PIL import Image

from blip2idc.errors import ConfigError, ImageError
from blip2idc.images.decoding.limits import MAX_PIXELS, Limits
from blip2idc.runs.kept_process import KeptProcess

_STARTING = 30.0  # seconds for the process to begin; it is not the image's fault
_BESIDES = 1 << 30  # address space of Python, numpy and Pillow


def check_seconds(seconds: float) -> None:
    """Refuse a time in which nothing can be opened, or none.

    Raises:
        ConfigError: It is not positive, or infinite.
    """
    if not 0 < seconds < float("inf"):
        raise ConfigError(f"--decode-seconds is {seconds}; expected a positive number")


class Opener:
    """Opens images as `open_image` does, within a time.

    Args:
        seconds: For one image.
        max_pixels: Largest width times height.

    Raises:
        ConfigError: `seconds` is not positive.
    """

    def __init__(self, seconds: float = 10.0, max_pixels: int = MAX_PIXELS) -> None:
        check_seconds(seconds)
        self.seconds = seconds
        self.max_pixels = max_pixels
        self._process = KeptProcess("blip2idc.images.deadline")
        self._lock = threading.Lock()
        self._reader = ThreadPoolExecutor(1, "opener")

    def open(self, path: Path, name: str) -> Image.Image:
        """One image as 8-bit RGB.

        Args:
            path: Of the file.
            name: What to call it in errors.

        Raises:
            ImageError: It cannot be used, or takes longer than the time.
        """
        with self._lock:
            process = self._running()
            request = {"path": os.fspath(path), "name": name, "max_pixels": self.max_pixels}
            try:
                return self._reader.submit(_exchange, process, request).result(self.seconds)
            except TooLong:
                self._process.end()
                raise ImageError(
                    f"{name}: takes longer than {self.seconds:g} seconds to decode; make it smaller, or export it again"
                ) from None
            except (
                OSError,
                EOFError,
                ValueError,
            ):  # the process has died: a decoder crashed, or memory ran out
                self._process.end()
                raise ImageError(f"{name}: the image cannot be decoded; export it again") from None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._process.end()
        self._reader.shutdown(wait=False)

    def _running(self) -> subprocess.Popen[bytes]:
        process, begun = self._process.begin()
        if begun:
            try:
                self._reader.submit(_read_line, process.stdout).result(_STARTING)
            except (TooLong, EOFError, OSError):
                self._process.end()
                raise ImageError("images cannot be decoded: the process for it does not start") from None
        return process


def _exchange(process: subprocess.Popen[bytes], request: dict[str, object]) -> Image.Image:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(request).encode() + b"\n")
    process.stdin.flush()
    answer = json.loads(_read_line(process.stdout))
    if "error" in answer:
        raise ImageError(answer["error"])
    width, height = answer["size"]
    pixels = process.stdout.read(width * height * 3)
    if len(pixels) < width * height * 3:
        raise EOFError
    return Image.frombytes("RGB", (width, height), pixels)


def _read_line(pipe: IO[bytes] | None) -> bytes:
    line = pipe.readline() if pipe is not None else b""
    if not line:
        raise EOFError
    return line


def main() -> None:
    """The process: one request a line on stdin, for each an answer on stdout and the pixels."""
    from blip2idc.images.pair import open_image

    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    for line in sys.stdin.buffer:
        request = json.loads(line)
        _limit_memory(request["max_pixels"])
        try:
            image = open_image(Path(request["path"]), name=request["name"], max_pixels=request["max_pixels"])
            answer: dict[str, object] = {"size": image.size}
            pixels = image.tobytes()
        except ImageError as error:
            answer, pixels = {"error": str(error)}, b""
        except MemoryError:
            answer, pixels = (
                {"error": f"{request['name']}: takes too much memory to decode; make it smaller"},
                b"",
            )
        out.write(json.dumps(answer).encode() + b"\n")
        out.write(pixels)
        out.flush()


def _limit_memory(max_pixels: int) -> None:
    try:
        import resource
    except ImportError:  # Windows
        return
    wanted = _BESIDES + 2 * Limits(max_pixels, "").memory
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    if hard == resource.RLIM_INFINITY or wanted < hard:
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


if __name__ == "__main__":
    main()
