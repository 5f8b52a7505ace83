"""``python -m blip2idc``: the same as the ``blip2idc`` command."""

from blip2idc.cli.main import main

if __name__ == "__main__":
    main()
