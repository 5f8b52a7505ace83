"""The methods of explanation by their names, without torch: what a command checks before it loads anything."""

from __future__ import annotations

from blip2idc.errors import ConfigError

METHODS = ("cross_attention", "gradient_cross_attention", "rollout", "occlusion")
"""The mean attention; two gradient-weighted ones; and the slow check by filling in."""

DEFAULT_METHOD = "cross_attention"
"""The one that points best on both worlds with the tiny model, see `docs/localization.md`."""

BATCH_SIZE = 8
"""Pairs explained together; gradients need far more memory than captions."""


def check_method(method: str) -> None:
    """Refuse a method that does not exist.

    Raises:
        ConfigError: It is not among `METHODS`.
    """
    if method not in METHODS:
        raise ConfigError(f"method of explanation is {method!r}; expected one of {', '.join(METHODS)}")
