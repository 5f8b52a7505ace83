"""Language models that answer prompts: a local one by transformers, or any server that speaks OpenAI's protocol.

In: `Prompt`s. Out: one `Answer` each, in the same order; a prompt that cannot be answered has a reason instead of a
text, and never stops the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class Prompt:
    """What a language model is asked.

    Attributes:
        system: The instructions.
        user: The question.
        seed: Of the sampling; equal prompts give equal answers where the model allows it.
    """

    system: str
    user: str
    seed: int = 0


@dataclass(frozen=True)
class Answer:
    """What it said, as it said it.

    Attributes:
        text: The answer; None where there is none.
        fault: Why there is none, as a clause; None where there is a text.
    """

    text: str | None
    fault: str | None = None


class LanguageModel(Protocol):
    """Answers prompts."""

    def describe(self) -> dict[str, Any]:
        """What decides its answers, in plain JSON values: kind, model, revision, sampling; no secrets, no addresses."""
        ...

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """One answer for each prompt, in order."""
        ...
