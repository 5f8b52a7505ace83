"""The ``blip2idc`` command, and ``python -m blip2idc``: quiet even where it is ended while it starts."""

import signal
import sys


def main() -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _terminate)  # until the command line has its own
    try:
        from blip2idc.cli.main import main as run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)  # 128 + SIGINT


def _terminate(number: int, frame: object) -> None:
    print("terminated", file=sys.stderr)
    sys.exit(143)  # 128 + SIGTERM


if __name__ == "__main__":
    main()
