"""The images to be edited, and what is known of them.

In: a folder of photographs, perhaps with captions, or a data set whose captions are edit instructions. Out:
`SourceImage`s in a fixed order, each picture once, and the files that cannot be read with the reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from blip2idc.data.json_files import parse, parse_lines, read_text
from blip2idc.data.records import MANIFEST_NAME, Manifest, PairRecord, find_splits, read_records
from blip2idc.errors import ConfigError, ImageError, InputError
from blip2idc.images.decoding.files import read_regular
from blip2idc.images.decoding.limits import MAX_PIXELS, max_bytes
from blip2idc.images.pair import open_image
from blip2idc.synthesis.instructions.instruction import SourceImage
from blip2idc.worlds.edits.photographs import photographs_in

#: Keys of a record that say what its image before shows, in the order in which they are looked for.
CAPTION_KEYS = ("before_caption", "original_prompt", "input_caption")

#: Keys of a line of captions that say what the image shows: the first one is that of `datasets`' imagefolder.
TEXT_KEYS = ("text", "caption", "captions")


@dataclass
class Sources:
    """Images to be edited.

    Attributes:
        images: Each picture once, in the order of file names or records.
        skipped: name -> why it is not among them.
        repeated: Files that hold the same bytes as an earlier one; what is known of them went to that one.
    """

    images: list[SourceImage] = field(default_factory=list)
    skipped: dict[str, str] = field(default_factory=dict)
    repeated: int = 0


@dataclass(frozen=True)
class Inspection:
    """What a look into an image file told.

    Attributes:
        width: In pixels, upright; 0 where it cannot be opened.
        height: In pixels, upright.
        fault: Why it cannot be opened; None where it can.
    """

    width: int = 0
    height: int = 0
    fault: str | None = None


def read_sources(
    images: Path | None = None,
    data: Path | None = None,
    *,
    split: str | None = None,
    captions: Path | None = None,
    max_pixels: int = MAX_PIXELS,
) -> Sources:
    """Find the images to be edited.

    Args:
        images: A folder of photographs, subfolders included. What they show is read from `metadata.jsonl` in it
            where that has `file_name` and `text`, as `datasets`' imagefolder has it.
        data: Instead of a folder, a data set: its images before, its captions as instructions.
        split: Of the data set; None for all records of it.
        captions: What the images show: JSONL with `file_name` and `text`, JSON `{file name: caption or captions}`, or a
            COCO caption file.
        max_pixels: Files larger than such an image can be are left out.

    Raises:
        ConfigError: Neither or both of `images` and `data` are given.
        InputError: There is no image, or a file of captions cannot be read.
    """
    if (images is None) == (data is None):
        given = "both" if images is not None else "neither"
        raise ConfigError(f"source images: {given} of --images and --data given; expected one of them")
    if images is not None:
        return _collect(_of_folder(images, captions), max_pixels)
    assert data is not None
    if captions is not None:
        raise ConfigError("--captions goes with --images; with --data the records say what their images show")
    return _collect(_of_data_set(data, split), max_pixels)


_Found = tuple[str, Path, tuple[str, ...], tuple[str, ...]]  # name, file, captions, instructions


def _of_folder(folder: Path, captions: Path | None) -> Iterable[_Found]:
    files = photographs_in(folder)
    beside = folder / MANIFEST_NAME
    file = captions if captions is not None else beside if beside.is_file() else None
    known = read_captions(file) if file is not None else {}
    for path in files:
        name = path.relative_to(folder).as_posix()
        if not any(part.startswith(".") for part in Path(name).parts):
            yield name, path, known.get(name, known.get(path.name, ())), ()


def _of_data_set(data: Path, split: str | None) -> Iterable[_Found]:
    for manifest in _manifests(data, split):
        for record in manifest:
            path = manifest.image_path(record.before_file_name)
            name = (
                record.before_file_name
                if manifest.split is None
                else f"{manifest.split}/{record.before_file_name}"
            )
            yield name, path, _shown(record), _instructions(record)


def _shown(record: PairRecord) -> tuple[str, ...]:
    """What the image before of a record shows, where one of its keys says so."""
    texts = (record.extra.get(key) for key in CAPTION_KEYS)
    return next(((text,) for text in texts if isinstance(text, str)), ())


def _instructions(record: PairRecord) -> tuple[str, ...]:
    """The instruction of a pair that was made here; else its captions, which are instructions in many data sets."""
    text = (record.change or {}).get("instruction")
    return (text,) if isinstance(text, str) else record.captions


def _manifests(data: Path, split: str | None) -> Sequence[Manifest]:
    splits = find_splits(data) if split is None else ()
    return [read_records(data, name) for name in splits] if splits else [read_records(data, split)]


def _collect(found: Iterable[_Found], max_pixels: int) -> Sources:
    """Each picture once; what is known of equal files is put together."""
    sources = Sources()
    place: dict[str, int] = {}
    for name, path, captions, instructions in found:
        try:
            digest = hashlib.sha256(read_regular(path, max_bytes(max_pixels), str(path))).hexdigest()
        except ImageError as error:
            sources.skipped[name] = str(error)
            continue
        if digest not in place:
            place[digest] = len(sources.images)
            sources.images.append(SourceImage(path, name, digest, captions, instructions))
            continue
        first = sources.images[place[digest]]
        sources.repeated += first.path != path
        sources.images[place[digest]] = SourceImage(
            first.path,
            first.name,
            digest,
            tuple(dict.fromkeys(first.captions + captions)),
            tuple(dict.fromkeys(first.instructions + instructions)),
        )
    if not sources.images:
        first_fault = next(iter(sources.skipped.values()), "it holds none")
        raise InputError(f"source images: not one can be read; the first one says: {first_fault}")
    return sources


def read_captions(file: Path) -> dict[str, tuple[str, ...]]:
    """What images show, by file name.

    Raises:
        InputError: The file cannot be read, or is of none of the forms that `read_sources` lists.
    """
    if file.suffix == ".jsonl":
        lines = parse_lines(read_text(file), str(file))
        return _merged(_line_caption(file, number, line) for number, line in lines)
    content = parse(read_text(file), str(file))
    if not isinstance(content, dict):
        raise InputError(
            f"{file}: is a JSON {type(content).__name__}; expected an object of captions by file name"
        )
    if "annotations" in content:
        return _coco_captions(file, content)
    return _merged((name, _texts(value, f"{file}, {name!r}")) for name, value in content.items())


def _line_caption(file: Path, number: int, line: Any) -> tuple[str, tuple[str, ...]]:
    where = f"{file}, line {number}"
    name = line.get("file_name") if isinstance(line, dict) else None
    key = next((key for key in TEXT_KEYS if isinstance(line, dict) and key in line), None)
    if not isinstance(name, str) or key is None:
        raise InputError(f"{where}: expected an object with file_name and {TEXT_KEYS[0]}")
    return name, _texts(line[key], where)


def _coco_captions(file: Path, content: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    try:
        names = {image["id"]: image["file_name"] for image in content["images"]}
        pairs = [(names[one["image_id"]], (str(one["caption"]),)) for one in content["annotations"]]
    except (KeyError, TypeError) as error:
        raise InputError(
            f"{file}: is no COCO caption file ({error!r}); expected images and annotations"
        ) from None
    return _merged(pairs)


def _merged(pairs: Iterable[tuple[str, tuple[str, ...]]]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for name, texts in pairs:
        found[name] = tuple(dict.fromkeys(found.get(name, ()) + texts))
    return found


def _texts(value: Any, where: str) -> tuple[str, ...]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise InputError(f"{where}: caption is {value!r}; expected text, or a list of texts")
    return tuple(stripped for text in texts if (stripped := " ".join(text.split())))


def inspect(image: SourceImage, max_pixels: int = MAX_PIXELS) -> Inspection:
    """Open an image as the editor will, to know its size and that it is whole."""
    try:
        opened = open_image(image.path, max_pixels=max_pixels)
    except InputError as error:
        return Inspection(fault=str(error))
    return Inspection(opened.width, opened.height)


def inspect_all(
    images: Sequence[SourceImage],
    report: Callable[[list[tuple[SourceImage, Inspection]]], None],
    threads: int = 4,
    max_pixels: int = MAX_PIXELS,
) -> None:
    """Inspect images, a few at a time, and report them in batches, in order."""
    step = 16 * threads
    with ThreadPoolExecutor(threads) as pool:
        for start in range(0, len(images), step):
            batch = images[start : start + step]
            report(list(zip(batch, pool.map(partial(inspect, max_pixels=max_pixels), batch), strict=True)))
