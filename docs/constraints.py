"""Write constraints.txt: the versions of this virtual environment, which the tests ran with.

Local labels (``+cpu``) and local paths are left out, so that the pins hold on every platform; packages that only
platform builds of torch need, and torchvision, which does not work beside this torch, are left to pip.

    python docs/constraints.py
"""

from __future__ import annotations

import importlib.metadata
import re
from pathlib import Path

TARGET = Path(__file__).parents[1] / "constraints.txt"
HEADER = "# The versions that the tests ran with, written by docs/constraints.py.\n"
LEFT_OUT = re.compile(r"^(blip2idc|pip|setuptools|wheel|torchvision|triton|nvidia-.*|cuda-.*)$")


def pins() -> list[str]:
    """``name==version`` of every installed package, sorted."""
    found = {
        re.sub(r"[-_.]+", "-", installed.name).lower(): installed.version.partition("+")[0]
        for installed in importlib.metadata.distributions()
    }
    return [f"{name}=={version}" for name, version in sorted(found.items()) if not LEFT_OUT.match(name)]


if __name__ == "__main__":
    TARGET.write_text(HEADER + "\n".join(pins()) + "\n", encoding="utf-8")
