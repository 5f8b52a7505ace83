"""Records and the manifest: the one format in which data sets travel between the parts of this package.

In: a folder with ``metadata.jsonl`` (or ``train/``, ``val/``, ``test/`` with one each), or a JSONL file, also in chat
form (``messages`` and ``images``). Out: a `Manifest` of `PairRecord`, every line checked; errors name file and line.
``datasets.load_dataset("imagefolder", data_dir=...)`` opens the same folder as it is.
"""

from __future__ import annotations

import difflib
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn, TypeAlias

from blip2idc.data.json_files import parse, parse_lines, read_text
from blip2idc.errors import ManifestError, shortened
from blip2idc.runs.files import atomic_write

MANIFEST_NAME = "metadata.jsonl"
SPLITS = ("train", "val", "test")
#: ``change.kind`` of a pair in which nothing changed.
NO_CHANGE = "none"

#: The no-change sentences of CLEVR-Change (Park, Darrell, Rohrbach, ICCV 2019, arXiv 1901.02527).
NO_CHANGE_CAPTIONS: tuple[str, ...] = (
    "no change was made",
    "there is no change",
    "the two scenes seem identical",
    "the scene is the same as before",
    "the scene remains the same",
    "nothing has changed",
    "nothing was modified",
    "no change has occurred",
    "there is no difference",
)

#: Key of a record that counts the references a benchmark left empty: scored as it scores them, never trained on.
EMPTY_REFERENCES = "empty_references"

MOST_EMPTY_REFERENCES = 1000
LONGEST_NAME, LONGEST_PATH = 255, 3000  # bytes of a part, characters of all: what file systems take
LARGEST_PIXEL = 1e9  # of a box: no image is that wide

#: (x, y, width, height) in pixels of the image the box belongs to.
Box: TypeAlias = tuple[float, float, float, float]

_KEYS = (
    "id",
    "before_file_name",
    "after_file_name",
    "captions",
    "change",
    "before_box",
    "after_box",
    "source",
)
_TYPO_SIMILARITY = (
    0.84  # "caption" is refused as a misspelt "captions", "camera_before" is somebody's own key
)


@dataclass(frozen=True)
class PairRecord:
    """One pair: where its images are, what was said of it, what is known of the change.

    >>> PairRecord("1", "1_before.png", "1_after.png", ("the car is gone",), {"kind": "drop"}).kind
    'drop'

    Attributes:
        id: Unique in its manifest.
        before_file_name: Path of the image before, relative to the manifest's folder, with forward slashes.
        after_file_name: Path of the image after.
        captions: Reference captions; empty where none are known.
        change: What is known of the change; ``change["kind"]`` is ``"none"`` where nothing changed.
        before_box: Where the change is in the image before; None where unknown or not there.
        after_box: Where the change is in the image after.
        source: Name of the world, benchmark or editor the pair comes from.
        extra: All further keys of the line, kept as they are.
    """

    id: str
    before_file_name: str
    after_file_name: str
    captions: tuple[str, ...] = ()
    change: Mapping[str, Any] | None = None
    before_box: Box | None = None
    after_box: Box | None = None
    source: str | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str | None:
        """Kind of the change, ``"none"`` for no change, None where it is not known."""
        kind = self.change.get("kind") if self.change is not None else None
        return kind if isinstance(kind, str) else None

    @property
    def references(self) -> tuple[str, ...]:
        """The captions as a benchmark scores them: with those that it left empty, at the end."""
        empty = self.extra.get(EMPTY_REFERENCES, 0)
        return self.captions + ("",) * (empty if isinstance(empty, int) else 0)

    def to_dict(self) -> dict[str, Any]:
        """The record as one line of ``metadata.jsonl``; the eight known keys first and always there."""
        return {
            "id": self.id,
            "before_file_name": self.before_file_name,
            "after_file_name": self.after_file_name,
            "captions": list(self.captions),
            "change": dict(self.change) if self.change is not None else None,
            "before_box": list(self.before_box) if self.before_box is not None else None,
            "after_box": list(self.after_box) if self.after_box is not None else None,
            "source": self.source,
            **self.extra,
        }


@dataclass(frozen=True)
class Manifest(Sequence[PairRecord]):
    """The records of one data set, or of one split of it.

    Example::

        manifest = read_records("data/", "test")
        for record in manifest:
            before, after = manifest.paths(record)

    Attributes:
        root: Folder that the file names are relative to.
        records: In the order of the file.
        split: ``"train"``, ``"val"`` or ``"test"`` where a split was read.
    """

    root: Path
    records: tuple[PairRecord, ...]
    split: str | None = None

    def __len__(self) -> int:
        return len(self.records)

    def __getitem__(self, index: Any) -> Any:
        return self.records[index]

    def __iter__(self) -> Iterator[PairRecord]:
        return iter(self.records)

    def image_path(self, file_name: str) -> Path:
        """Path of an image of this data set.

        Raises:
            ManifestError: The name is absolute or leads out of the folder, directly or through a symbolic link.
        """
        fault = self._guard.fault(file_name)
        if fault:
            raise ManifestError(f"{self.root}: file name {file_name!r} {fault}")
        return self.root / file_name

    @cached_property
    def _guard(self) -> FolderGuard:
        """One for all names: it looks at each folder once."""
        return FolderGuard(self.root)

    def paths(self, record: PairRecord) -> tuple[Path, Path]:
        """Paths of the images (before, after) of a record."""
        return self.image_path(record.before_file_name), self.image_path(record.after_file_name)


def find_splits(path: str | os.PathLike[str]) -> tuple[str, ...]:
    """Which of train, val and test the data set holds as folders of their own; empty for a single manifest."""
    return tuple(name for name in SPLITS if (Path(path) / name / MANIFEST_NAME).is_file())


def read_records(path: str | os.PathLike[str], split: str | None = None) -> Manifest:
    """Read and check a data set.

    Example::

        for record in read_records("data/", "test"):
            print(record.id, record.captions)

    Args:
        path: A folder with ``metadata.jsonl``, a folder with ``train/``, ``val/``, ``test/`` holding one each, or a
            JSONL file in the manifest's or in chat form.
        split: Which split. Where all records are in one file, those whose own key ``split`` says so.

    Returns:
        The records; their images are not opened.

    Raises:
        ManifestError: Missing, or a line is not as it should be; the sentence names file and line.
    """
    file, wanted = _find_file(Path(path), split)
    records = tuple(_read_lines(file))
    if wanted is not None:
        records = tuple(record for record in records if record.extra.get("split") == wanted)
        if not records:
            raise ManifestError(
                f"{file}: no record has split {wanted!r}; expected a folder {wanted}/ or that key"
            )
    if not records:
        raise ManifestError(f"{file}: holds no records; expected one JSON object a line")
    return Manifest(root=file.parent, records=records, split=split)


def _find_file(path: Path, split: str | None) -> tuple[Path, str | None]:
    """The file to read, and the split to select inside it (None where the whole file is meant)."""
    if split is not None and split not in SPLITS:
        raise ManifestError(f"split is {split!r}; expected {', '.join(SPLITS)}")
    if path.is_file():
        return path, split
    if not path.is_dir():
        raise ManifestError(
            f"{path}: no such data set; expected a folder with {MANIFEST_NAME}, or a JSONL file"
        )
    splits = find_splits(path)
    if split in splits:
        return path / str(split) / MANIFEST_NAME, None
    if (path / MANIFEST_NAME).is_file():
        return path / MANIFEST_NAME, split
    if split is None and len(splits) == 1:
        return path / splits[0] / MANIFEST_NAME, None
    if splits:
        asked = "say which one to read" if split is None else f"there is no {split!r}"
        raise ManifestError(f"{path}: holds the splits {', '.join(splits)}; {asked}")
    raise ManifestError(
        f"{path}: holds no {MANIFEST_NAME} and no {'/, '.join(SPLITS)}/ with one; is it a data set?"
    )


def _read_lines(file: Path) -> Iterator[PairRecord]:
    text = read_text(file, ManifestError)
    folder = FolderGuard(file.parent)
    first_line_of: dict[str, int] = {}
    for number, content in parse_lines(text, str(file), ManifestError):
        record = _Line(f"{file}, line {number}", folder, number).record(content)
        earlier = first_line_of.setdefault(record.id, number)
        if earlier != number:
            raise ManifestError(
                f"{file}, line {number}: id {_shown(record.id)} was used on line {earlier}; ids are unique"
            )
        yield record


class FolderGuard:
    """Decides whether a file name stays inside a folder, with one look at each parent directory."""

    def __init__(self, root: Path) -> None:
        self.root = os.path.realpath(root)
        self._inside: dict[str, bool] = {}

    def fault(self, name: str) -> str | None:
        """Why the name is refused, as the end of a sentence; None where it is fine."""
        if not name or "\0" in name or "\\" in name:
            return "is not a file name; expected a relative path with forward slashes"
        pure = PurePosixPath(name)
        if not pure.parts:
            return "is the folder itself; expected the relative path of a file"
        if pure.is_absolute() or ":" in pure.parts[0] or ".." in pure.parts:
            return "leads out of the data set; expected a relative path inside its folder"
        if (
            any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_NAME for part in pure.parts)
            or len(name) > LONGEST_PATH
        ):
            return f"is too long; expected parts of at most {LONGEST_NAME} bytes, {LONGEST_PATH} characters together"
        parent, full = os.path.join(self.root, *pure.parts[:-1]), os.path.join(self.root, name)
        if parent not in self._inside:
            self._inside[parent] = self._contains(parent)
        if not self._inside[parent] or (os.path.islink(full) and not self._contains(full)):
            return "leads out of the data set through a symbolic link; copy the file into the folder"
        return None

    def _contains(self, path: str) -> bool:
        real = os.path.realpath(path)
        return real == self.root or real.startswith(self.root + os.sep)


@dataclass(frozen=True)
class _Line:
    """One line of a manifest: `where` it stands for errors, and the checks of each key."""

    where: str
    folder: FolderGuard
    number: int

    def refuse(self, fault: str) -> NoReturn:
        raise ManifestError(f"{self.where}: {fault}")

    def record(self, content: Any) -> PairRecord:
        """The checked record of a line's JSON value."""
        if not isinstance(content, dict):
            self.refuse(f"is a JSON {type(content).__name__}; expected an object")
        if "messages" in content:
            content = self._from_chat(content)
        extra = {key: value for key, value in content.items() if key not in _KEYS}
        self._refuse_misspelt(extra)
        self._check_empty_references(extra.get(EMPTY_REFERENCES, 0))
        return PairRecord(
            id=self._id(content),
            before_file_name=self._file_name(content, "before_file_name"),
            after_file_name=self._file_name(content, "after_file_name"),
            captions=self._captions(content.get("captions")),
            change=self._change(content.get("change")),
            before_box=self._box(content, "before_box"),
            after_box=self._box(content, "after_box"),
            source=self._text_or_none(content, "source"),
            extra=extra,
        )

    def _check_empty_references(self, value: Any) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MOST_EMPTY_REFERENCES:
            self.refuse(
                f"{EMPTY_REFERENCES} is {_shown(value)}; expected a whole number from 0 to {MOST_EMPTY_REFERENCES}"
            )

    def _refuse_misspelt(self, extra: Mapping[str, Any]) -> None:
        for key in extra:
            near = difflib.get_close_matches(key[:80], _KEYS, n=1, cutoff=_TYPO_SIMILARITY)
            if near:
                self.refuse(f"key {_shown(key)} is not known; did you mean {near[0]!r}?")

    def _id(self, content: Mapping[str, Any]) -> str:
        value = content.get("id")
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value:
            self.refuse(f"id is {_shown(value)}; expected a string that is not empty")
        if any(character < " " for character in value):
            self.refuse(f"id is {_shown(value)}; expected a string without control characters")
        return value

    def _file_name(self, content: Mapping[str, Any], key: str) -> str:
        value = content.get(key)
        if not isinstance(value, str):
            self.refuse(f"{key} is {_shown(value)}; expected the relative path of an image")
        fault = self.folder.fault(value)
        if fault:
            self.refuse(f"{key} {_shown(value)} {fault}")
        return value

    def _captions(self, value: Any) -> tuple[str, ...]:
        if value is None:
            return ()
        if not isinstance(value, list):
            self.refuse(f"captions is {_shown(value)}; expected a list of strings")
        for caption in value:
            if not isinstance(caption, str) or not caption.strip():
                self.refuse(f"captions holds {_shown(caption)}; expected strings that are not empty")
        return tuple(value)

    def _change(self, value: Any) -> Mapping[str, Any] | None:
        if value is None:
            return None
        if not isinstance(value, dict):
            self.refuse(f"change is {_shown(value)}; expected an object with a key 'kind'")
        if not isinstance(value.get("kind"), str):
            self.refuse(
                f"change.kind is {_shown(value.get('kind'))}; expected a string, {NO_CHANGE!r} for no change"
            )
        return value

    def _box(self, content: Mapping[str, Any], key: str) -> Box | None:
        value = content.get(key)
        if value is None:
            return None
        numbers = value if isinstance(value, list) else []
        if len(numbers) != 4 or not all(_is_pixel_number(number) for number in numbers):
            self.refuse(f"{key} is {_shown(value)}; expected [x, y, width, height] in pixels, or null")
        if numbers[2] < 0 or numbers[3] < 0:
            self.refuse(f"{key} is {_shown(value)}; expected a width and a height of at least 0")
        return numbers[0], numbers[1], numbers[2], numbers[3]

    def _text_or_none(self, content: Mapping[str, Any], key: str) -> str | None:
        value = content.get(key)
        if value is not None and not isinstance(value, str):
            self.refuse(f"{key} is {_shown(value)}; expected a string")
        return value

    def _from_chat(self, content: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of a manifest line from ``{"messages": [...], "images": [before, after]}``."""
        images = content.get("images")
        if not isinstance(images, list) or len(images) != 2:
            self.refuse(f"images is {_shown(images)}; expected a list of two paths, before and after")
        names = [image.get("path") if isinstance(image, dict) else image for image in images]
        rest = {key: value for key, value in content.items() if key not in ("messages", "images")}
        return {
            "id": f"{self.number:06d}",
            **rest,
            "before_file_name": names[0],
            "after_file_name": names[1],
            "captions": self._answers(content["messages"]),
        }

    def _answers(self, messages: Any) -> list[str]:
        """What the assistant says in a conversation, message by message."""
        if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
            self.refuse("messages is not a list of objects with 'role' and 'content'")
        contents = [message.get("content") for message in messages if message.get("role") == "assistant"]
        if not contents:
            self.refuse("messages hold nothing by the role 'assistant'; its content is the caption")
        return [self._text_of(content) for content in contents]

    def _text_of(self, content: Any) -> str:
        if isinstance(content, list):  # [{"type": "text", "text": ...}, ...]
            content = " ".join(str(part.get("text", "")) for part in content if isinstance(part, dict))
        if not isinstance(content, str):
            self.refuse(f"content of an assistant message is {_shown(content)}; expected text")
        return content.strip()


def _is_pixel_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= LARGEST_PIXEL


def _shown(value: object) -> str:
    return shortened(repr(value), 200)


def write_records(root: str | os.PathLike[str], records: Iterable[PairRecord]) -> Path:
    """Write ``metadata.jsonl`` into a folder, whole or not at all.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     record = PairRecord("1", "1_before.png", "1_after.png", ("the car is gone",))
    ...     file = write_records(folder, [record])
    ...     read_records(folder).records[0].captions
    ('the car is gone',)

    Args:
        root: The data set's folder (of one split, where there are several); made if missing.
        records: What to write; each is checked as reading would check it, before anything is replaced.

    Returns:
        Path of the file.

    Raises:
        ManifestError: A record would not read back; the sentence names the line.
    """
    root = Path(root)
    target = root / MANIFEST_NAME
    folder = FolderGuard(root)
    seen: set[str] = set()
    with atomic_write(target) as handle:
        for number, record in enumerate(records, start=1):
            checker = _Line(f"{target}, line {number}", folder, number)
            own = [key for key in record.extra if key in _KEYS]
            if own:
                checker.refuse(f"key {own[0]!r} of extra is one of the record's own; expected another name")
            line = json.dumps(record.to_dict(), ensure_ascii=False)
            checker.record(parse(line, checker.where, ManifestError))
            if record.id in seen:
                checker.refuse(f"id {record.id!r} is there already; ids are unique")
            seen.add(record.id)
            handle.write(line + "\n")
    return target
