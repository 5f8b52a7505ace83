"""Random checkpoints for the tests of this folder."""

from tests.fixtures.checkpoints import checkpoint, opt_checkpoint, released_checkpoint, t5_checkpoint

__all__ = ["checkpoint", "opt_checkpoint", "released_checkpoint", "t5_checkpoint"]
