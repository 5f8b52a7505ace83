"""What stands around the model when pairs become many: opening, hashing, the journal, the manifest in memory.

    python benchmarks/scaling.py [--pairs 24]

Writes `scaling.json` beside itself: processor milliseconds a pair to open and join images of several sizes and formats,
and to hash their files; what an entry of the journal takes on disk and in memory, and how many a second are written;
what a record of the manifest takes in memory. Needs no network and no model.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
import tracemalloc
from pathlib import Path
from typing import Any

from PIL import Image

from blip2idc.data.records import PairRecord, read_records, write_records
from blip2idc.images.joint import JointLayout
from blip2idc.images.pair import ImagePair
from blip2idc.runs.files import file_digest
from blip2idc.runs.journal import Journal
from blip2idc.runs.record import run_record
from blip2idc.worlds.edits.photographs import packaged_photographs

SIZES = {"320x240": (320, 240), "1024x768": (1024, 768), "4032x3024 (12 megapixels)": (4032, 3024)}
ENTRIES = 10_000
LAYOUT = JointLayout("vertical", 224, 224)
SENTENCE = "the small red rubber cube behind the large blue metal sphere has disappeared"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--pairs", type=int, default=12, help="of each size and format")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = {
            "images": images(Path(folder), arguments.pairs),
            "journal": journal(Path(folder)),
            "manifest": manifest(Path(folder)),
            "load_average": os.getloadavg(),
            "run_record": run_record(),
        }
    Path(__file__).with_suffix(".json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(json.dumps({key: value for key, value in result.items() if key != "run_record"}, indent=2))


def images(folder: Path, count: int) -> dict[str, dict[str, float]]:
    """Milliseconds a pair for photographs of several sizes."""
    photographs = packaged_photographs("train")
    found = {}
    for name, size in SIZES.items():
        for kind in ("jpeg", "png"):
            files = [folder / f"photograph-{number}.{kind}" for number in range(2)]
            for source, file in zip(photographs, files, strict=False):
                Image.open(source).convert("RGB").resize(size).save(file, kind.upper())
            pairs = count if size[0] < 4000 else max(1, count // 6)
            start = time.process_time()
            for _ in range(pairs):
                pair = ImagePair.open(*files)
                LAYOUT.join(pair.before, pair.after)
            opened = time.process_time() - start
            start = time.process_time()
            for _ in range(pairs):
                for file in files:
                    file_digest(file)
            hashed = time.process_time() - start
            found[f"{name} {kind}"] = {
                "bytes_a_pair": sum(file.stat().st_size for file in files),
                "open_and_join_cpu_ms": opened / pairs * 1e3,
                "hash_cpu_ms": hashed / pairs * 1e3,
            }
    return found


def journal(folder: Path) -> dict[str, float]:
    """Entries as captioning writes them."""
    path = folder / "journal.jsonl"
    prediction = {
        "image_id": "", "caption": SENTENCE, "change_probability": 0.987654321, "changed": True,
        "changes": [{"before_box": [10, 20, 30, 40], "after_box": None, "kind": "drop", "caption": SENTENCE,
                     "probability": 0.9, "before_text": None, "after_text": None}], "alignment": "aligned",
    }  # fmt: skip
    tracemalloc.start()
    with Journal(path) as entries:
        start = time.process_time()
        for number in range(ENTRIES):
            key = f"{number:09d}"
            entry: dict[str, Any] = {"kind": "captioned", "key": key, "content": "0" * 64}
            entries.add([{**entry, "prediction": {**prediction, "image_id": key}}])
        seconds = time.process_time() - start
        held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {
        "bytes_an_entry": path.stat().st_size / ENTRIES,
        "memory_bytes_an_entry": held / ENTRIES,
        "entries_a_cpu_s": ENTRIES / seconds,
    }


def manifest(folder: Path) -> dict[str, float]:
    """A manifest that is read."""
    root = folder / "manifest"
    root.mkdir()
    records = [
        PairRecord(f"{number:09d}", f"images/{number:09d}_before.png", f"images/{number:09d}_after.png",
                   captions=(SENTENCE,), change={"kind": "drop"})
        for number in range(ENTRIES)
    ]  # fmt: skip
    write_records(root, records)
    del records
    tracemalloc.start()
    start = time.process_time()
    read = read_records(root)
    seconds = time.process_time() - start
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return {"memory_bytes_a_record": held / len(read), "records_read_a_cpu_s": len(read) / seconds}


if __name__ == "__main__":
    main()
