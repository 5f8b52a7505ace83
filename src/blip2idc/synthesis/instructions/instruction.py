"""Edit instructions: for each source image, what to change and how the change is described.

In: source images with what is known of them. Out: for each a list of `Instruction`s, and what was refused and why. Four
sources: a file, the records of the data set, a language model, templates. All clean and check what they have by
`sentences`, and what an image gets depends on that image, the number asked for and the seed alone.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from blip2idc.errors import ConfigError
from blip2idc.synthesis.instructions import prompts as instruction_prompts
from blip2idc.synthesis.instructions.files import Row, read_rows
from blip2idc.synthesis.instructions.templates import propose
from blip2idc.synthesis.language_models.language_model import (
    Answer,
    LanguageModel,
    LanguageModelSettings,
    Prompt,
)
from blip2idc.synthesis.language_models.sentences import clean, fault_of, imperative_fault, same_words


@dataclass(frozen=True)
class SourceImage:
    """An image to be edited.

    Attributes:
        path: Its file.
        name: What a person calls it: its path relative to the folder or data set it comes from.
        digest: SHA-256 of the file's bytes, as hex.
        captions: What the image shows, where that is known.
        instructions: Edit instructions that came with it, as the captions of Emu Edit are; empty where none did.
    """

    path: Path
    name: str
    digest: str
    captions: tuple[str, ...] = ()
    instructions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Instruction:
    """One edit to make.

    Attributes:
        text: What the editor is told: one imperative sentence.
        caption: What is said of the pair: the difference caption.
        before_caption: What the image shows before the edit; None where it is not known.
        after_caption: What it shows after it; None where it is not known.
        origin: `file`, `records`, `language-model` or `templates`.
    """

    text: str
    caption: str
    before_caption: str | None = None
    after_caption: str | None = None
    origin: str = "file"


@dataclass(frozen=True)
class Refusal:
    """An instruction that was not taken.

    Attributes:
        text: What it was, shortened.
        reason: A short code, such as `refusal`, `too-long`, `duplicate`.
    """

    text: str
    reason: str


@dataclass(frozen=True)
class Instructed:
    """What came of asking for the instructions of one source image.

    Attributes:
        instructions: Those that are good, at most as many as asked for.
        refused: Those that are not.
        fault: Why there are none, where the source of instructions failed; None where it did not.
    """

    instructions: tuple[Instruction, ...] = ()
    refused: tuple[Refusal, ...] = ()
    fault: str | None = None


class InstructionSource(Protocol):
    """Makes instructions for source images."""

    def describe(self) -> dict[str, Any]:
        """What decides its instructions, in plain JSON values."""
        ...

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """At most `per_image` instructions for each source, in order; each depends on its source alone."""
        ...


#: Words of a difference caption, or of the caption of an image, at most; people write longer ones than commands.
LONGEST_CAPTION = 60
#: Characters of a refused text that are kept.
_SHOWN = 120
#: How often a language model is asked for what an image still lacks.
_ROUNDS = 3


class FileInstructions:
    """Instructions that a person has written into a file, for single images or for all.

    An image gets the rows that name it (its `SourceImage.name` or the last part of that) in the order of the file, then
    rows for every image, drawn by a generator seeded with the seed and its digest.

    Args:
        path: See `instruction_files.read_rows`.

    Raises:
        InputError: The file cannot be read or used.
    """

    def __init__(self, path: Path) -> None:
        rows, self._digest = read_rows(path)
        self._general = [row for row in rows if row.name is None]
        self._named: dict[str, list[Row]] = {}
        for row in rows:
            if row.name is not None:
                self._named.setdefault(row.name, []).append(row)

    def describe(self) -> dict[str, Any]:
        """The file by its content."""
        return {"kind": "file", "sha256": self._digest}

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """See `InstructionSource`; an image for which the file has no row has a fault."""
        return [self._of(source, per_image, seed) for source in sources]

    def _of(self, source: SourceImage, per_image: int, seed: int) -> Instructed:
        names = dict.fromkeys((source.name, PurePosixPath(source.name).name))
        rows = [row for name in names for row in self._named.get(name, ())]
        enough = min(len(self._general), 8 * per_image + 64)  # some will be refused
        rows += _chance(seed, source).sample(self._general, enough)
        if not rows:
            return Instructed(fault="the file has no instruction for this image")
        before = _caption(source)
        return checked(
            (
                Instruction(
                    row.instruction,
                    row.caption or "",
                    row.before_caption or before,
                    row.after_caption,
                    origin="file",
                )
                for row in rows
            ),
            per_image,
        )


class RecordInstructions:
    """Instructions that came with the images: in Emu Edit and Image Editing Request the captions are instructions."""

    def describe(self) -> dict[str, Any]:
        """Its name; the instructions belong to the images."""
        return {"kind": "records"}

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """See `InstructionSource`; an image without instructions has a fault."""
        return [self._of(source, per_image) for source in sources]

    def _of(self, source: SourceImage, per_image: int) -> Instructed:
        if not source.instructions:
            return Instructed(fault="no instruction came with this image")
        before = _caption(source)
        return checked(
            (Instruction(text, "", before, origin="records") for text in source.instructions), per_image
        )


class TemplateInstructions:
    """Instructions by templates, see `templates`: of things that a caption names, and of the whole image."""

    def describe(self) -> dict[str, Any]:
        """Its name and the version of its templates, which changes with them."""
        return {"kind": "templates", "version": 1}

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """See `InstructionSource`; images without a caption get edits of the whole image."""
        return [self._of(source, per_image, seed) for source in sources]

    def _of(self, source: SourceImage, per_image: int, seed: int) -> Instructed:
        chance = _chance(seed, source)
        caption = chance.choice(source.captions) if source.captions else None
        return checked(
            (
                Instruction(one.text, one.caption, one.before, one.after, origin="templates")
                for one in propose(caption, chance)
            ),
            per_image,
        )


class LanguageModelInstructions:
    """Instructions that a language model writes from captions, see `instruction_prompts`.

    Args:
        model: The model, or its settings, by which it is loaded when it is first needed.
    """

    def __init__(self, model: LanguageModelSettings | LanguageModel) -> None:
        self._described = model.describe()
        self._model = model

    def describe(self) -> dict[str, Any]:
        """The model, and the wording of what it is asked."""
        described = {"kind": "language-model", "wording": instruction_prompts.WORDING}
        return {**described, "model": self._described}

    def instruct(self, sources: Sequence[SourceImage], per_image: int, seed: int) -> list[Instructed]:
        """See `InstructionSource`; an image without a caption, or whose questions stay unanswered, has a fault.

        What an image still lacks after an answer that is no good is asked for again, with other examples and another
        seed, up to three times.

        Raises:
            ConfigError: The model cannot be loaded as set, or its server does not let us in.
            ModelError: There is no such model.
            MissingExtraError: The client for servers is not installed.
        """
        results = [
            Instructed() if source.captions else Instructed(fault="no caption of this image is known")
            for source in sources
        ]
        waiting = [index for index, source in enumerate(sources) if source.captions]
        for attempt in range(_ROUNDS):
            asked: list[tuple[int, str, Prompt]] = []
            for index in waiting:
                missing = per_image - len(results[index].instructions)
                asked += [(index, *_asked(sources[index], seed, attempt, one)) for one in range(missing)]
            answers = self._loaded().answer([prompt for _, _, prompt in asked]) if asked else []
            heard: dict[int, list[tuple[str, Answer]]] = {index: [] for index in waiting}
            for (index, caption, _), answer in zip(asked, answers, strict=True):
                heard[index].append((caption, answer))
            for index in waiting:
                results[index] = _with_answers(results[index], heard[index], per_image)
            waiting = [
                index
                for index in waiting
                if results[index].fault is None and len(results[index].instructions) < per_image
            ]
        return results

    def _loaded(self) -> LanguageModel:
        if isinstance(self._model, LanguageModelSettings):
            self._model = self._model.load()
        return self._model


def make_source(
    kind: str, *, file: Path | None = None, language_model: LanguageModelSettings | None = None
) -> InstructionSource:
    """The source of instructions that settings name.

    Args:
        kind: `file`, `records`, `language-model` or `templates`.
        file: For `file` only.
        language_model: For `language-model` only.

    Raises:
        ConfigError: There is no such kind, or it lacks what it needs or is given what it does not use.
        InputError: The file cannot be used.
    """
    kinds = ("file", "records", "language-model", "templates")
    if kind not in kinds:
        raise ConfigError(f"the source of instructions is {kind!r}; expected {', '.join(kinds)}")
    for name, value, user in (("file", file, "file"), ("language_model", language_model, "language-model")):
        if value is not None and kind != user:
            raise ConfigError(
                f"{name} is given but the source of instructions is {kind!r}; choose {user!r} or leave {name} out"
            )
    if kind == "file":
        if file is None:
            raise ConfigError("the source of instructions is 'file' but no file is given; name it as file")
        return FileInstructions(file)
    if kind == "language-model":
        if language_model is None:
            raise ConfigError(
                "the source of instructions is 'language-model' but language_model is not given; name a model there"
            )
        return LanguageModelInstructions(language_model)
    return RecordInstructions() if kind == "records" else TemplateInstructions()


def checked(
    candidates: Iterable[Instruction], per_image: int, earlier: Instructed | None = None
) -> Instructed:
    """Clean instructions and take those that are good, until there are enough.

    Args:
        candidates: Of one image, as they were found. An empty caption stands for the instruction itself.
        per_image: Most instructions; candidates after that many good ones are not looked at.
        earlier: What the image has already.

    Returns:
        The earlier instructions and the good ones; the earlier refusals and those of the others, by a code of
        `sentences`, `duplicate`, or a code after `caption-` where the fault lies with a caption.
    """
    earlier = earlier or Instructed()
    good, refused = list(earlier.instructions), list(earlier.refused)
    known = {same_words(one.text) for one in good}
    for candidate in candidates:
        if len(good) >= per_image:
            break
        cleaned = _cleaned(candidate)
        reason = _fault(cleaned)
        if reason is None and same_words(cleaned.text) in known:
            reason = "duplicate"
        if reason is not None:
            refused.append(Refusal(_shortened(candidate.text), reason))
            continue
        known.add(same_words(cleaned.text))
        good.append(cleaned)
    return Instructed(tuple(good), tuple(refused))


def _cleaned(candidate: Instruction) -> Instruction:
    text = clean(candidate.text)
    before, after = (clean(one or "") or None for one in (candidate.before_caption, candidate.after_caption))
    return replace(
        candidate,
        text=text,
        caption=clean(candidate.caption) or text,
        before_caption=before,
        after_caption=after,
    )


def _fault(instruction: Instruction) -> str | None:
    fault = fault_of(instruction.text) or imperative_fault(instruction.text)
    if fault is not None:
        return fault
    for caption in (instruction.caption, instruction.after_caption):
        fault = None if caption is None else fault_of(caption, longest_words=LONGEST_CAPTION)
        if fault == "several-sentences":  # people describe an image in several
            fault = "too-long" if len((caption or "").split()) > LONGEST_CAPTION else None
        if fault is not None:
            return f"caption-{fault}"
    before, after = instruction.before_caption, instruction.after_caption
    if before is not None and after is not None and same_words(before) == same_words(after):
        return "caption-unchanged"
    return None


def _asked(source: SourceImage, seed: int, attempt: int, number: int) -> tuple[str, Prompt]:
    """A caption of the image and a prompt about it."""
    chance = random.Random(f"{seed} {source.digest} {attempt} {number}")
    caption = source.captions[number % len(source.captions)]
    system, user = instruction_prompts.question(caption, chance)
    return caption, Prompt(system, user, seed=chance.randrange(2**31))


def _with_answers(earlier: Instructed, answers: Sequence[tuple[str, Answer]], per_image: int) -> Instructed:
    """What an image has after some more answers; a fault where all went unanswered and it has nothing."""
    refused, candidates = list(earlier.refused), list[Instruction]()
    for caption, answer in answers:
        if answer.text is None:
            continue
        read = instruction_prompts.read_answer(answer.text)
        if read is None:
            refused.append(Refusal(_shortened(answer.text), fault_of(clean(answer.text)) or "unreadable"))
            continue
        candidates.append(Instruction(read[0], "", caption, read[1], origin="language-model"))
    result = checked(candidates, per_image, replace(earlier, refused=tuple(refused)))
    faults = [answer.fault for _, answer in answers if answer.text is None]
    if faults and len(faults) == len(answers) and not result.instructions:
        return replace(result, fault=faults[-1])
    return result


def _caption(source: SourceImage) -> str | None:
    return source.captions[0] if source.captions else None


def _chance(seed: int, source: SourceImage) -> random.Random:
    return random.Random(f"{seed} {source.digest}")


def _shortened(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
