"""How the server runs: where it listens, what it takes, who may ask."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from blip2idc.errors import ConfigError

#: Requests that may be inside.
QUEUE = 100


@dataclass(frozen=True)
class AppSettings:
    """How the server runs.

    Attributes:
        host: Address to listen on; the default is reached from this machine only.
        port: 0 for any free one.
        max_upload_mb: Limit for each file.
        queue: Requests that may be inside; more are refused.
        examples: Pairs of image files to try.
        allow_hosts: Names by which the server may be asked, beside those of this machine; `*` for all.

    Raises:
        ConfigError: A number is outside its range.
    """

    host: str = "127.0.0.1"
    port: int = 7860
    max_upload_mb: int = 20
    queue: int = QUEUE
    examples: Sequence[tuple[Path, Path]] = ()
    allow_hosts: Sequence[str] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ConfigError(f"--port is {self.port}; expected 0 to 65535")
        for name, option in (("max_upload_mb", "--max-upload-mb"), ("queue", "--queue")):
            if getattr(self, name) < 1:
                raise ConfigError(f"{option} is {getattr(self, name)}; expected at least 1")

    def with_port(self) -> AppSettings:
        """The same with a port that is known to be free.

        Raises:
            ConfigError: The one that was asked for is taken, or the address is not one of this machine.
        """
        try:
            return replace(self, port=free_port(self.host, self.port))
        except OSError as error:
            raise self.cannot_listen(error) from None

    def cannot_listen(self, error: OSError) -> ConfigError:
        """The error for a port that is taken."""
        reason = " ".join(str(error).split())
        return ConfigError(
            f"cannot listen on {self.host}:{self.port} ({reason}); choose another --port or --host"
        )


def free_port(host: str, port: int = 0) -> int:
    """A port that is free now: any, or the one that is asked for."""
    import socket

    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        if os.name == "posix":  # elsewhere the option lets two servers share a port
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))
        found: int = probe.getsockname()[1]
    return found
