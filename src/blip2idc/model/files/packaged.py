"""The model in the package and its adapters: where they are, and by which names they are meant. No torch."""

from __future__ import annotations

from pathlib import Path

from blip2idc.errors import ModelError

#: The model in the package: `backbone/` and `adapters/`.
TINY_MODEL = Path(__file__).resolve().parents[2] / "assets" / "tiny"
TINY_NAME = "tiny"
DEFAULT_ADAPTER = "default"


def is_packaged(model: str | Path | None) -> bool:
    """Whether the model in the package is meant: by None, or by its name where no folder has it."""
    return model is None or (str(model) == TINY_NAME and not Path(TINY_NAME).is_dir())


def find_adapter(model: str | Path | None, adapter: str | Path | None) -> str | None:
    """Decide which adapter is meant.

    Args:
        model: What the user gave; None for the packaged model.
        adapter: What the user gave: None, `default`, the name of a packaged adapter, a folder or a hub id.

    Returns:
        Folder or hub id; None for no adapter.

    Raises:
        ModelError: The packaged model has no adapter of that name.
    """
    packaged_model = is_packaged(model)
    if adapter is None or (not packaged_model and adapter == DEFAULT_ADAPTER):
        return None
    name = str(adapter)
    if not packaged_model or Path(name).is_dir() or "/" in name:
        return name
    packaged = TINY_MODEL / "adapters"
    if not (packaged / name).is_dir():
        names = sorted(folder.name for folder in packaged.iterdir()) if packaged.is_dir() else []
        raise ModelError(
            f"adapter '{name}': neither a folder nor an adapter of the packaged model"
            f" ({', '.join(names) or 'which has none'}); check --adapter"
        )
    return str(packaged / name)


def adapter_name(location: str | None) -> str | None:
    """A packaged adapter is told by its name, any other by its location."""
    if location is not None and Path(location).parent == TINY_MODEL / "adapters":
        return Path(location).name
    return location


def is_packaged_adapter(name: str) -> bool:
    """Whether an adapter of that name, as `adapter_name` tells it, came with the package."""
    return name in {folder.name for folder in (TINY_MODEL / "adapters").glob("*")}
