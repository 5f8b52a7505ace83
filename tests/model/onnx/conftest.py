"""Random checkpoints for the tests of this folder."""

from tests.fixtures.checkpoints import opt_checkpoint, released_checkpoint, t5_checkpoint

__all__ = ["opt_checkpoint", "released_checkpoint", "t5_checkpoint"]
