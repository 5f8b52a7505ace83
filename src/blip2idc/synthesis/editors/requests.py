"""What goes into an editor and what comes out of it; every editor speaks in these, with weights or without.

In: nothing. Out: `EditRequest`, `EditResult` and the protocol `Editor`, which `editor` passes on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from PIL import Image


@dataclass(frozen=True, eq=False)
class EditRequest:
    """One image to edit.

    Attributes:
        image: RGB, of a size that `EditorSettings.target_size` gave.
        instruction: What to change. Empty for nothing: then the image comes back as the editor's own encoder and
            decoder leave it, so that their traces alone are no sign of a change.
        seed: Of the noise; an editor's result depends on nothing but the request and its settings.
        guidance: How strictly to follow the instruction (classifier-free guidance of the text).
        image_guidance: How strictly to keep the image; None for editors without it.
    """

    image: Image.Image
    instruction: str
    seed: int
    guidance: float
    image_guidance: float | None = None


@dataclass(frozen=True, eq=False)
class EditResult:
    """What an editor made.

    Attributes:
        image: RGB, of the size of the request's; None where it made none.
        fault: Why there is no image, as a short code such as `safety-checker`; None where there is one.
    """

    image: Image.Image | None
    fault: str | None = None


class Editor(Protocol):
    """Edits images."""

    def edit(self, requests: Sequence[EditRequest]) -> list[EditResult]:
        """One result for each request, in order.

        All images are of one size, all guidance values equal, and either all instructions are empty or none is.
        """
        ...
