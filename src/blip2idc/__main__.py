"""The ``blip2idc`` command, and ``python -m blip2idc``: quiet even where it is interrupted while it starts."""

import sys


def main() -> None:
    """Run the command line and exit."""
    try:
        from blip2idc.cli.main import main as run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        sys.exit(130)  # 128 + SIGINT


if __name__ == "__main__":
    main()
