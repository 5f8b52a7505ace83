"""What is pushed to the hub, and the pushing.

In: the folder of an adapter, a backbone or a data set, and facts for its card. Out: a `Plan` of files, and on request
a commit in a repository of the hub. Only files that belong to such a folder go: weights, settings, tokenizer, manifest
and the images that it names; no checkpoints, no journals, nothing hidden. Paths of this machine are cut to their last
part in what is pushed.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Any, Literal

from blip2idc.data.json_files import read_json
from blip2idc.data.records import MANIFEST_NAME, Manifest, find_splits, read_records
from blip2idc.errors import ConfigError, InputError
from blip2idc.sharing.cards import CardFacts, dataset_card, model_card

ADAPTER_CONFIG, SETTINGS, CARD = "adapter_config.json", "blip2idc.json", "README.md"
_ADAPTER_FILES = ("adapter_model.safetensors", "training_log.jsonl")
_BACKBONE_FILES = (
    "*.safetensors",
    "*.safetensors.index.json",
    "config.json",
    "generation_config.json",
    "tokenizer*",
    "vocab.json",
    "merges.txt",
    "special_tokens_map.json",
    "added_tokens.json",
    "spiece.model",
    "chat_template*",
    "processor_config.json",
    "preprocessor_config.json",
    "training_log.jsonl",
)
_A_COMMIT = 500  # files


@dataclass(frozen=True)
class Plan:
    """What would go where.

    Attributes:
        repo: `owner/name`.
        kind: Of the repository.
        files: Name in the repository -> the file here, or its content.
        warnings: What whoever pushes should know.
    """

    repo: str
    kind: Literal["model", "dataset"]
    files: Mapping[str, Path | bytes]
    warnings: tuple[str, ...] = field(default=())

    def lines(self) -> Iterator[str]:
        """One line a file, images of a data set as a count."""
        images = [name for name in self.files if PurePath(name).suffix not in (".json", ".jsonl", ".md")]
        many = self.kind == "dataset" and len(images) > _SHOWN
        yield f"{self.kind} {self.repo}: {len(self.files):,} files, {self.size:,} bytes"
        for name, content in self.files.items():
            if not (many and name in images):
                yield f"  {_size(content):>13,}  {name}"
        if many:
            yield f"  {sum(_size(self.files[name]) for name in images):>13,}  {len(images):,} images"

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(map(_size, self.files.values()))


_SHOWN = 20  # images listed one by one


def plan_push(folder: Path, facts: CardFacts, base_model: str | None = None) -> Plan:
    """Look at a folder and decide what of it goes to the hub.

    Args:
        folder: Of an adapter, a backbone or a data set.
        facts: Repository, licence, scores.
        base_model: Hub id that others load the adapter's backbone by; None for the recorded one.

    Raises:
        ConfigError: The repository's name cannot be one, or the folder is none of the three.
        InputError: A file of it is missing or malformed.
    """
    owner, _, name = facts.repo.partition("/")
    if not owner or not name or "/" in name or not set(facts.repo) <= _NAME_LETTERS:
        raise ConfigError(f"REPO is {facts.repo!r}, expected owner/name on the hub")
    if not folder.is_dir():
        raise ConfigError(f"{folder}: no such folder, expected that of an adapter, a backbone or a data set")
    if (folder / ADAPTER_CONFIG).is_file():
        return _adapter(folder, facts, base_model)
    if (folder / SETTINGS).is_file() and (folder / "config.json").is_file():
        return _backbone(folder, facts)
    if (folder / MANIFEST_NAME).is_file() or find_splits(folder):
        return _dataset(folder, facts)
    raise ConfigError(
        f"{folder}: holds neither {ADAPTER_CONFIG} (an adapter), {SETTINGS} (a backbone) nor {MANIFEST_NAME}"
        " (a data set)"
    )


_NAME_LETTERS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./")


def _adapter(folder: Path, facts: CardFacts, base_model: str | None) -> Plan:
    config, settings = _object(folder / ADAPTER_CONFIG), _object(folder / SETTINGS)
    if base_model is not None:
        config["base_model_name_or_path"] = base_model
    base = str(config.get("base_model_name_or_path"))
    warnings = []
    if base == "tiny":
        warnings.append(
            "its backbone is the packaged tiny model, which only blip2idc has; plain peft needs its folder"
        )
    elif base.count("/") != 1 or base.startswith((".", "/", "~")) or Path(base).is_dir():
        warnings.append(
            f"its backbone is {base!r}, a folder that others do not have; push it first and say --base-model OWNER/NAME"
        )
    if not facts.scores:
        warnings.append("no --scores were given, so the card says that it was not evaluated")
    files: dict[str, Path | bytes] = {
        CARD: model_card(without_paths(settings), without_paths(config), facts).encode(),
        ADAPTER_CONFIG: _json(config),
        SETTINGS: _json(settings),
    }
    return Plan(facts.repo, "model", files | _those(folder, _ADAPTER_FILES, ".safetensors"), tuple(warnings))


def _backbone(folder: Path, facts: CardFacts) -> Plan:
    settings = _object(folder / SETTINGS)
    warnings = () if facts.scores else ("no --scores were given, so the card says that it was not evaluated",)
    files: dict[str, Path | bytes] = {
        CARD: model_card(without_paths(settings), None, facts).encode(),
        SETTINGS: _json(settings),
    }
    return Plan(facts.repo, "model", files | _those(folder, _BACKBONE_FILES, ".safetensors"), warnings)


def _dataset(folder: Path, facts: CardFacts) -> Plan:
    splits = find_splits(folder)
    manifests: dict[str, Manifest] = (
        {split: read_records(folder, split) for split in splits} if splits else {"all": read_records(folder)}
    )
    files: dict[str, Path | bytes] = {CARD: dataset_card(manifests, facts).encode()}
    for split, manifest in manifests.items():
        place = f"{split}/" if splits else ""
        files[f"{place}{MANIFEST_NAME}"] = manifest.root / MANIFEST_NAME
        for record in manifest:
            names = [record.before_file_name, record.after_file_name, record.extra.get("mask_file_name")]
            for name in filter(None, names):
                files.setdefault(f"{place}{name}", manifest.image_path(str(name)))
    missing = [str(path) for path in files.values() if isinstance(path, Path) and not path.is_file()]
    if missing:
        more = f" and {len(missing) - 1:,} more are" if len(missing) > 1 else " is"
        raise InputError(f"{missing[0]}{more} missing; a data set is pushed whole or not at all")
    return Plan(facts.repo, "dataset", files)


def _those(folder: Path, patterns: tuple[str, ...], needed: str) -> dict[str, Path | bytes]:
    """Files of a folder that fit one of the patterns.

    Raises:
        InputError: None of them ends as the weights do.
    """
    found: dict[str, Path | bytes] = {
        path.name: path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()
    }
    if not any(name.endswith(needed) for name in found):
        raise InputError(f"{folder}: holds no weights (*{needed}); train it again")
    return found


def without_paths(value: Any) -> Any:
    """A JSON value in which every absolute path is cut to its last part.

    >>> without_paths({"model": "/home/me/models/blip2", "argv": ["--data", "~/pairs"], "rate": 0.5, "s": "a/b"})
    {'model': 'blip2', 'argv': ['--data', 'pairs'], 'rate': 0.5, 's': 'a/b'}
    """
    if isinstance(value, Mapping):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [without_paths(item) for item in value]
    if isinstance(value, str) and (value.startswith(("/", "~/", "../")) or value[1:3] in (":\\", ":/")):
        return value.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return value


def push(plan: Plan, *, private: bool = False, say: Callable[[str], None] = lambda line: None) -> str:
    """Make the repository where it is missing, and commit the files.

    Args:
        plan: From `plan_push`.
        private: Whether a new repository is private.
        say: Told how far it is.

    Returns:
        The address of the repository.

    Raises:
        InputError: The hub refused, or could not be reached; what was committed before stays.
    """
    from huggingface_hub import CommitOperationAdd, HfApi
    from huggingface_hub.errors import HfHubHTTPError, LocalTokenNotFoundError

    hub = HfApi()
    try:
        address = hub.create_repo(plan.repo, repo_type=plan.kind, private=private, exist_ok=True)
        done = 0
        files = list(plan.files.items())
        for start in range(0, len(files), _A_COMMIT):
            operations = [
                CommitOperationAdd(name, io.BytesIO(content) if isinstance(content, bytes) else str(content))
                for name, content in files[start : start + _A_COMMIT]
            ]
            hub.create_commit(plan.repo, operations, commit_message="Push with blip2idc", repo_type=plan.kind)
            done += len(operations)
            say(f"{done:,} of {len(plan.files):,} files")
    except LocalTokenNotFoundError:
        raise InputError("the hub asks who you are; log in with: hf auth login (or set HF_TOKEN)") from None
    except (HfHubHTTPError, OSError, ValueError) as error:
        sentence = " ".join(str(error).split())[:300]
        raise InputError(f"{plan.repo}: the hub refused or could not be reached ({sentence})") from None
    return str(address)


def _object(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise InputError(f"{path} is missing; was this folder written by blip2idc train?")
    value = read_json(path, InputError)
    if not isinstance(value, dict):
        raise InputError(f"{path}: expected a JSON object")
    return value


def _json(value: Any) -> bytes:
    return (json.dumps(without_paths(value), indent=2, ensure_ascii=False, sort_keys=True) + "\n").encode()


def _size(content: Path | bytes) -> int:
    return len(content) if isinstance(content, bytes) else content.stat().st_size
