"""Asking a language model for an edit of an image of which only the caption is known, and reading what it answers.

In: a caption. Out: the two texts of a prompt; from an answer, the instruction and the caption of the edited image. In
the manner of InstructPix2Pix, whose language model wrote both from a caption (Brooks et al., CVPR 2023, arXiv
2211.09800); there it was trained for that, here it is shown examples. The examples are drawn anew for every prompt,
which keeps its proposals apart even where nothing is left to chance in its answers.
"""

from __future__ import annotations

import hashlib
import json
import random
import re

SYSTEM = (
    "You propose edits of photographs. You are given the caption of a photograph. Answer with one edit that can be"
    " seen clearly, in exactly two lines: first 'Instruction:' and what to change, as one short command; then 'Edited"
    " caption:' and the caption of the photograph after the edit, which keeps everything that the edit does not"
    " change. Write nothing else."
)

#: Caption, instruction, caption after the edit.
EXAMPLES = (
    (
        "a man walking his dog along a beach",
        "Make it snow.",
        "a man walking his dog along a beach in heavy snow",
    ),
    (
        "two cups of coffee on a wooden table",
        "Replace the coffee with orange juice.",
        "two cups of orange juice on a wooden table",
    ),
    ("a small boat on a calm lake", "Turn the boat into a giant swan.", "a giant swan on a calm lake"),
    (
        "a woman reading in an armchair",
        "Put a sleeping cat on her lap.",
        "a woman with a cat reading in an armchair",
    ),
    ("a city street full of cars", "Remove the cars.", "an empty city street"),
    ("a bowl of apples near a window", "Make the apples golden.", "a bowl of golden apples near a window"),
    ("a red brick house behind a fence", "Paint the house blue.", "a blue brick house behind a fence"),
    ("a horse grazing in a meadow", "Change it to autumn.", "a horse grazing in a meadow with autumn leaves"),
    ("children playing football in a park", "Make it night.", "children playing football in a park at night"),
    (
        "an old truck parked by a barn",
        "Cover the truck with flowers.",
        "an old truck covered with flowers by a barn",
    ),
    (
        "a plate of pasta on a checkered cloth",
        "Turn it into an oil painting.",
        "an oil painting of a plate of pasta",
    ),
    ("a girl holding a yellow umbrella", "Swap the umbrella for a kite.", "a girl holding a yellow kite"),
)
#: Examples in a prompt.
SHOWN = 4

#: Names the wording, so that results of another one are not taken for its own.
WORDING = hashlib.sha256(json.dumps([SYSTEM, EXAMPLES, SHOWN]).encode()).hexdigest()[:16]

_INSTRUCTION = re.compile(
    r"^\W*(?:\d+\W+)?(?:edit(?:ing)?[ _])?instruction\W*[:：](?:\*\*|__)?\s*(.+)$", re.I | re.M
)
_AFTER = re.compile(
    r"^\W*(?:\d+\W+)?(?:(?:edited|new|final|output|after|modified)[ _]caption|caption after the edit)"
    r"\W*[:：](?:\*\*|__)?\s*(.+)$",
    re.I | re.M,
)
_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.I)


def question(caption: str, chance: random.Random) -> tuple[str, str]:
    """The system and the user text of a prompt.

    Args:
        caption: What the image shows.
        chance: Draws the examples.
    """
    shown = chance.sample(EXAMPLES, SHOWN)
    examples = [
        f"Caption: {before}\nInstruction: {instruction}\nEdited caption: {after}"
        for before, instruction, after in shown
    ]
    return SYSTEM, "\n\n".join([*examples, f"Caption: {' '.join(caption.split())}"])


def read_answer(text: str) -> tuple[str, str] | None:
    """The instruction and the caption after the edit, as they stand in an answer.

    Args:
        text: Two labelled lines, as asked for; a JSON object with such keys; or two lines and nothing else. What stands
            before the first and after the second line is not looked at.

    Returns:
        Both; None where the answer is of another form.
    """
    text = _THOUGHT.sub("", text)
    found = _of_json(text)
    if found is not None:
        return found
    instruction, after = _INSTRUCTION.search(text), _AFTER.search(text)
    if instruction and after:
        return instruction[1].strip(), after[1].strip()
    lines = [line.strip() for line in text.splitlines() if line.strip(" `")]
    if len(lines) == 2 and not any(":" in line for line in lines):
        return lines[0], lines[1]
    return None


def _of_json(text: str) -> tuple[str, str] | None:
    start, end = text.find("{"), text.rfind("}")
    if not 0 <= start < end:
        return None
    try:
        values = json.loads(text[start : end + 1])
    except (ValueError, RecursionError):
        return None
    plain = {re.sub(r"[\W_]+", " ", str(key)).lower().strip(): value for key, value in values.items()}
    instruction = plain.get("instruction", plain.get("edit"))
    after = next(
        (
            plain[key]
            for key in ("edited caption", "new caption", "output caption", "caption")
            if key in plain
        ),
        None,
    )
    return (instruction, after) if isinstance(instruction, str) and isinstance(after, str) else None
