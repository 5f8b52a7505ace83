"""What a checkpoint says about itself besides weights: tokenizer, image statistics, special tokens.

In: a hub id or a folder, and the configuration of its network. Out: the tokenizer, an `ImageStatistics` and a
`TextFormat`. The image token and the number of query tokens are stated in several files of a checkpoint; where they
disagree the checkpoint is refused, and where one is silent the network's configuration decides. Only JSON is read here.
"""

from __future__ import annotations

import contextlib
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from blip2idc.config import Range, check_values
from blip2idc.data.conventions import STATISTICS, ImageStatistics, TextFormat
from blip2idc.errors import Blip2idcError, ModelError
from blip2idc.model.files.foreign import read_object

IMAGE_TOKEN = "<image>"


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from.

    Attributes:
        name: As the user wrote it, or `tiny` for the model in the package.
        location: Hub id or folder, as transformers takes it.
        revision: Commit on the hub; None for a folder.
    """

    name: str
    location: str
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        """The folder, or None for a model on the hub."""
        return Path(self.location) if Path(self.location).is_dir() else None


def refuse_misspelt_folder(kind: str, name: str) -> None:
    """Refuse a name that has the form of a hub id, but whose first part is a folder here: a path with a slip in it.

    Args:
        kind: `model` or `adapter`, for the sentence.
        name: As the user wrote it; no folder.

    Raises:
        ModelError: It is such a path; those that are there are told.
    """
    parent = Path(name).parent
    if parent == Path() or not parent.is_dir():
        return
    if Path(name).exists():
        raise ModelError(f"{kind} '{name}': is a file; expected a folder, or a hub id of the form owner/name")
    near = difflib.get_close_matches(Path(name).name, sorted(path.name for path in parent.iterdir()), n=1)
    remedy = f"did you mean {parent / near[0]}?" if near else f"check --{kind}"
    raise ModelError(f"{kind} '{name}': no such folder in {parent}; {remedy}")


_UNREACHED = re.compile(r"connect|offline|resolv|timed? ?out|Name or service", re.IGNORECASE)


def hub_reason(error: Exception) -> str:
    """Why a name that is no folder here could not be looked up on the hub, without what libraries say beside it."""
    reason = " ".join(str(error).split())
    return not_looked_up() if _UNREACHED.search(reason) else f"is no folder here, and on the hub: {reason}"


def not_looked_up(revision: str = "") -> str:
    """What is said where the hub does not answer."""
    return f"is no folder here, and the hub cannot be reached to look for a model of that id{revision} there"


def read_tokenizer(source: ModelSource) -> Any:
    """The tokenizer, taught the image token where the checkpoint is older than image tokens."""
    from transformers import AutoTokenizer

    with loading(source):
        tokenizer = AutoTokenizer.from_pretrained(
            source.location, revision=source.revision, trust_remote_code=False
        )
    if (
        IMAGE_TOKEN not in tokenizer.get_vocab()
    ):  # as Blip2Processor does for checkpoints older than image tokens
        tokenizer.add_tokens([_special_token(IMAGE_TOKEN)], special_tokens=True)
    return tokenizer


def _special_token(content: str) -> Any:
    from tokenizers import AddedToken

    return AddedToken(content, normalized=False, special=True)


def read_processor_settings(source: ModelSource) -> dict[str, Any]:
    """The processor's JSON files as one dictionary: keys of the image processor, and `num_query_tokens` if stated."""
    from transformers.utils.hub import cached_file

    settings: dict[str, Any] = {}
    for name in ("preprocessor_config.json", "processor_config.json"):
        with loading(source):
            path = cached_file(
                source.location, name, revision=source.revision, _raise_exceptions_for_missing_entries=False
            )
        if path is None:
            continue
        values = read_object(Path(path), f"model '{source.name}'")
        inner = values.get("image_processor") or {}
        if not isinstance(inner, dict):
            raise ModelError(f"model '{source.name}': image_processor in {name} is not an object")
        settings.update(values)
        settings.update(inner)
    return settings


def read_template(source: ModelSource, tokenizer: Any) -> str:
    """The chat template: the processor's where it has one of its own, else the tokenizer's.

    Args:
        source: Of the checkpoint.
        tokenizer: Of the checkpoint; it has read `chat_template.jinja` where there is one.

    Raises:
        ModelError: There is none.
    """
    from transformers.utils.hub import cached_file

    for name in ("chat_template.jinja", "chat_template.json"):
        with loading(source):
            path = cached_file(
                source.location, name, revision=source.revision, _raise_exceptions_for_missing_entries=False
            )
        if path is not None and name.endswith(".json"):
            template = read_object(Path(path), f"model '{source.name}'").get("chat_template")
            if isinstance(template, str):
                return template
        elif path is not None:
            return Path(path).read_text(encoding="utf-8")
    template = tokenizer.chat_template
    template = template.get("default") if isinstance(template, dict) else template
    if not isinstance(template, str):
        raise ModelError(
            f"model '{source.name}': has no chat template, so that nothing says how it is spoken to; copy"
            " chat_template.jinja beside the weights, or use the -Instruct checkpoint"
        )
    return template


def image_statistics(source: ModelSource, processor: dict[str, Any]) -> ImageStatistics:
    """Mean and standard deviation of the pixels.

    Raises:
        ModelError: They are missing, or the processor does something other than scale by 1/255 and normalise.
    """
    expected = {"do_rescale": True, "do_normalize": True}
    for key, value in expected.items():
        if processor.get(key, value) != value:
            raise ModelError(
                f"model '{source.name}': its image processor has {key} {processor[key]}, expected {value}"
            )
    check_values(
        processor, {"rescale_factor": Annotated[float, Range(0, 1)]}, f"model '{source.name}'", ModelError
    )
    if abs((processor.get("rescale_factor") or 1 / 255) - 1 / 255) > 1e-9:
        raise ModelError(
            f"model '{source.name}': its image processor has rescale_factor"
            f" {processor['rescale_factor']}, expected 1/255"
        )
    if "image_mean" not in processor or "image_std" not in processor:
        raise ModelError(
            f"model '{source.name}': image_mean and image_std are in neither preprocessor_config.json nor"
            " processor_config.json; copy the processor's files beside the weights"
        )
    check_values(processor, STATISTICS, f"model '{source.name}'", ModelError)
    return ImageStatistics(tuple(processor["image_mean"]), tuple(processor["image_std"]))


def text_format_of(source: ModelSource, config: Any, tokenizer: Any, processor: dict[str, Any]) -> TextFormat:
    """Special tokens, and how many image tokens a prompt holds.

    Args:
        source: For errors.
        config: Of the network; its `image_token_index` is filled in where it has none.
        tokenizer: From `read_tokenizer`.
        processor: From `read_processor_settings`.

    Raises:
        ModelError: The files disagree, or a special token is missing.
    """
    text = config.text_config
    encoder_decoder = bool(text.is_encoder_decoder)
    end = text.eos_token_id[0] if isinstance(text.eos_token_id, list) else text.eos_token_id
    pad = text.pad_token_id if text.pad_token_id is not None else tokenizer.pad_token_id
    start = end if encoder_decoder else text.bos_token_id
    for name, value in (("eos_token_id", end), ("pad_token_id", pad), ("bos_token_id", start)):
        if value is None:
            raise ModelError(
                f"model '{source.name}': the text_config in its config.json lacks {name}; add it"
            )
    return TextFormat(
        image_token_id=_image_token_id(source, config, tokenizer),
        image_tokens=_query_tokens(source, config, processor),
        start_token_id=int(start),
        end_token_id=int(end),
        pad_token_id=int(pad),
        decoder_start_token_id=int(text.decoder_start_token_id) if encoder_decoder else None,
    )


def _query_tokens(source: ModelSource, config: Any, processor: dict[str, Any]) -> int:
    stated = processor.get("num_query_tokens")
    if stated is not None and stated != config.num_query_tokens:
        raise ModelError(
            f"model '{source.name}': num_query_tokens is {stated} in its processor_config.json and"
            f" {config.num_query_tokens} in its config.json; correct the wrong one"
        )
    return int(config.num_query_tokens)


def _image_token_id(source: ModelSource, config: Any, tokenizer: Any) -> int:
    """The image token that model and tokenizer agree on; the model needs an embedding row for it."""
    from_tokenizer = int(tokenizer.convert_tokens_to_ids(IMAGE_TOKEN))
    stated = config.image_token_index
    if stated is not None and stated != from_tokenizer:
        raise ModelError(
            f"model '{source.name}': image_token_index is {stated} in its config.json, but its tokenizer gives"
            f" {IMAGE_TOKEN} the id {from_tokenizer}; correct the wrong one"
        )
    if from_tokenizer >= config.text_config.vocab_size:
        raise ModelError(
            f"model '{source.name}': the image token has id {from_tokenizer}, beyond the vocabulary of"
            f" {config.text_config.vocab_size}; use a revision converted for transformers 4.45 or newer"
        )
    config.image_token_index = from_tokenizer  # transformers looks for it here when it places the image
    return from_tokenizer


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' progress bars off the terminal."""
    import transformers

    logging: Any = transformers.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


@contextlib.contextmanager
def loading(source: ModelSource) -> Iterator[None]:
    """Turn what transformers raises into one sentence."""
    try:
        with quiet():
            yield
    except Blip2idcError:
        raise
    except Exception as error:  # libraries raise anything on files that are not what they expect
        revision = f" at revision {source.revision}" if source.revision else ""
        if source.folder is None and _UNREACHED.search(str(error)):
            raise ModelError(
                f"model '{source.name}': {not_looked_up(revision)}; check --model, or give a folder"
            ) from error
        where = "on the hub" if source.folder is None else "in the folder"
        reason = " ".join(str(error).split())
        raise ModelError(f"model '{source.name}': cannot be read {where}{revision}: {reason}") from error
