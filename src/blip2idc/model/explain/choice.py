"""The methods of explanation by their names, without torch: what a command checks before it loads anything."""

from __future__ import annotations

from blip2idc.errors import ConfigError

#: The mean attention, and two gradient-weighted ones: for backbones that look at patches by cross-attention.
ATTENTION_METHODS = ("cross_attention", "gradient_cross_attention", "rollout")

#: And for every backbone the gradient of the pixels, and the slow check by filling in.
METHODS = (*ATTENTION_METHODS, "gradient", "occlusion")

#: What stands for the default where there is no cross-attention.
WITHOUT_ATTENTION = "gradient"

#: The one that points best on both worlds with the tiny model, see `docs/localization.md`.
DEFAULT_METHOD = "cross_attention"

#: Pairs explained together; gradients need far more memory than captions.
BATCH_SIZE = 8


def check_method(method: str) -> None:
    """Refuse a method that does not exist.

    Raises:
        ConfigError: It is not among `METHODS`.
    """
    if method not in METHODS:
        raise ConfigError(f"method of explanation is {method!r}; expected one of {', '.join(METHODS)}")
