"""A chat model that sees as a backbone: transformers' `AutoModelForImageTextToText` with its own chat template.

In: the source of a checkpoint of one of `FAMILIES`. Out: a `ChatBackbone`. The joint image goes in as one picture, or
with `two_stream` its two halves as two pictures of one question, the family's own way; what is asked and what stands
for a picture come from the chat template. The vision encoder looks once; the caption, the no-change sentences and the
explanation are all given what it saw.

Shapes: B pairs, N pictures (B, or 2B next to one another), P prompt tokens, T tokens of a sentence, K sentences, V
vocabulary, D width of the language model, H/W joint image.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import torch

from blip2idc.data.chat_format import ChatFormat, around_answer
from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.backbone import Backbone, Projections
from blip2idc.model.chat.family import Family
from blip2idc.model.chat.internvl import InternVl
from blip2idc.model.chat.lfm2_vl import Lfm2Vl
from blip2idc.model.chat.llava_onevision import LlavaOnevision
from blip2idc.model.chat.prompts import question
from blip2idc.model.chat.qwen_vl import QwenVl
from blip2idc.model.chat.smolvlm import SmolVlm
from blip2idc.model.files.checkpoint import (
    ModelSource,
    image_statistics,
    loading,
    quiet,
    read_processor_settings,
    read_template,
)
from blip2idc.model.files.foreign import foreign
from blip2idc.model.files.network_size import check_promise, check_shape
from blip2idc.model.files.settings import CaptionerSettings, Decoding, Merge, write_settings
from blip2idc.model.files.weights import read_network
from blip2idc.model.layers.carried import carried_on
from blip2idc.model.layers.two_stream import split_pixels
from blip2idc.runs.files import atomic_path
from blip2idc.runtime import Choice

#: `model_type` of a `config.json` -> how that family takes images.
FAMILIES: Mapping[str, type[Family]] = {
    "smolvlm": SmolVlm,
    "qwen2_5_vl": QwenVl,
    "qwen3_vl": QwenVl,
    "internvl": InternVl,
    "lfm2_vl": Lfm2Vl,
    "llava_onevision": LlavaOnevision,
}

PROCESSOR_FILES = ("preprocessor_config.json", "processor_config.json", "video_preprocessor_config.json")
_MAX_LOGITS = 48_000_000  # held at once while scoring; larger batches are scored in parts


@dataclass(frozen=True, eq=False)
class ChatSeen:
    """Joint images that a chat model has looked at, with the prompt.

    Attributes:
        prompt: Token ids, the same for every pair, [B, P].
        vision: Arranged pixels and what belongs to them; the first axis of each is a multiple of B.
        features: Image vectors, [N, tokens of a picture, D]; after them those that Qwen3-VL adds in deeper layers.
    """

    prompt: torch.Tensor
    vision: Mapping[str, torch.Tensor]
    features: tuple[torch.Tensor, ...]

    def __len__(self) -> int:
        return len(self.prompt)

    def rows(self, wanted: Sequence[int]) -> ChatSeen:
        """Some of the pairs, in that order; a pair may occur more than once."""
        chosen = torch.tensor(list(wanted), dtype=torch.int64, device=self.prompt.device)
        count = len(self)

        def of(tensor: torch.Tensor) -> torch.Tensor:
            return tensor.reshape(count, -1, *tensor.shape[1:])[chosen].flatten(0, 1)

        vision = {name: of(tensor) for name, tensor in self.vision.items()}
        return ChatSeen(self.prompt[chosen], vision, tuple(of(tensor) for tensor in self.features))


@dataclass(frozen=True)
class ChatBackbone(Backbone):
    """A chat model with what belongs to it.

    Attributes:
        family: How it takes images.
        layout: Of the joint images.
        two_stream: Their halves go in as two pictures.
    """

    text_format: ChatFormat
    family: Family
    layout: JointLayout
    two_stream: bool = False

    @property
    def images(self) -> int:
        """Pictures of a pair."""
        return 2 if self.two_stream else 1

    @property
    def patch_size(self) -> int:
        """Side of a cell in pixels."""
        return self.family.cell

    @property
    def language_model(self) -> Any:
        """The decoder inside, without the layer that chooses words."""
        core = self.model.model
        return getattr(core, "language_model", None) or core.text_model

    @property
    def projections(self) -> Mapping[str, Projections]:
        """Of vision encoder and language model."""
        return self.family.projections

    @property
    def default_prompt(self) -> str:
        """The question that belongs to one picture of both images, or to two pictures."""
        return question(self.layout.direction, two_stream=self.two_stream)

    def default_layout(self, *, two_stream: bool = False) -> JointLayout:
        """Vertical, at the size that the family likes best."""
        return _liked_layout(self.family, two_stream)

    def arranged(self, layout: JointLayout, *, two_stream: bool, merge: Merge = "concat") -> Self:
        """For joint images of a size at which the family's own processor would leave them as they are."""
        if merge != "concat":
            raise ConfigError(
                f"merge is {merge}, but '{self.source.name}' is shown two pictures one after the other; leave it out"
            )
        layout.grid(self.family.cell)
        height, width = layout.part_size if two_stream else layout.size
        self.family.check_picture(height, width)
        images = 2 if two_stream else 1
        text = self.family.image_text(height, width, images)
        text_format = replace(self.text_format, image_text=text, images=images)
        return replace(self, layout=layout, two_stream=two_stream, text_format=text_format)

    def inputs_of(self, batch: Mapping[str, torch.Tensor]) -> dict[str, Any]:
        """The batch with its pixels as the family takes them."""
        pixels = batch["pixel_values"]
        if self.two_stream:
            pixels = torch.stack(split_pixels(pixels, self.layout), dim=1).flatten(0, 1)
        inputs: dict[str, Any] = {**batch, **self.family.arranged(pixels, self.images)}
        if self.family.token_types:
            inputs["mm_token_type_ids"] = self._token_types(batch["input_ids"])
        return inputs

    def _token_types(self, tokens: torch.Tensor) -> torch.Tensor:
        return (tokens == self.text_format.image_token_id).int()

    def look(self, pixel_values: torch.Tensor, prompt: str) -> ChatSeen:
        """Run the vision encoder, and bring what it saw to the width of the language model."""
        tokens = self.text_format.prompt_tokens(prompt, self.tokenizer)
        device = self.model.device
        ids = torch.tensor([tokens] * len(pixel_values), device=device)
        vision = self.inputs_of({"input_ids": ids, "pixel_values": pixel_values.to(device)})
        del vision["input_ids"]
        vision.pop("mm_token_type_ids", None)
        found = self.model.model.get_image_features(**vision, return_dict=True)
        features = [_stacked(found.pooler_output)]
        features += [_stacked(layer) for layer in getattr(found, "deepstack_features", None) or ()]
        return ChatSeen(ids, vision, tuple(features))

    def generate(self, seen: ChatSeen, decoding: Decoding) -> list[list[int]]:
        """Through transformers' own `generate`."""
        import transformers

        ends = self._ends()
        beams = {"length_penalty": decoding.length_penalty} if decoding.num_beams > 1 else {}
        generation_config: Any = transformers.GenerationConfig
        settings = generation_config(
            max_new_tokens=decoding.max_new_tokens,
            num_beams=decoding.num_beams,
            do_sample=False,
            repetition_penalty=decoding.repetition_penalty,
            no_repeat_ngram_size=decoding.no_repeat_ngram_size,
            eos_token_id=ends,
            pad_token_id=self.text_format.pad_token_id,
            use_cache=True,
            **beams,
        )
        mask = torch.ones_like(seen.prompt)
        with self._given(seen):
            found = self.model.generate(
                **self._inputs(seen, seen.prompt), attention_mask=mask, generation_config=settings
            )
        rows = found[:, seen.prompt.shape[1] :].tolist()
        return [row[: next((at for at, token in enumerate(row) if token in ends), len(row))] for row in rows]

    def score(self, seen: ChatSeen, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
        """The prompt is read once, and continued with every sentence."""
        longest = max(len(sentence) for sentence in sentences)
        vocabulary = int(self.model.config.get_text_config().vocab_size)
        rows = max(1, _MAX_LOGITS // (len(sentences) * longest * vocabulary))
        parts = [
            self._score(seen.rows(range(start, min(start + rows, len(seen)))), sentences)
            for start in range(0, len(seen), rows)
        ]
        return torch.cat(parts)

    def _score(self, seen: ChatSeen, sentences: Sequence[Sequence[int]]) -> torch.Tensor:
        pairs, count = len(seen), len(sentences)
        with self._given(seen):
            read = self.model(**self._inputs(seen, seen.prompt), use_cache=True, logits_to_keep=1)
        first = torch.log_softmax(read.logits[:, -1].float(), dim=-1)[:, [said[0] for said in sentences]]
        tokens, valid = self._table(sentences)  # [K, T]
        if tokens.shape[1] == 1:
            return first
        carried = carried_on(read)
        next(iter(carried.values())).reorder_cache(
            torch.arange(pairs, device=tokens.device).repeat_interleave(count)
        )
        targets, counts = tokens[:, 1:].repeat(pairs, 1), valid[:, 1:].repeat(pairs, 1)  # [B * K, T - 1]
        logits = self.model(
            input_ids=tokens[:, :-1].repeat(pairs, 1), use_cache=True, **carried
        ).logits.float()
        chosen = logits.gather(-1, targets[..., None])[..., 0] - logits.logsumexp(dim=-1)
        scores: torch.Tensor = first + (chosen * counts).sum(dim=-1).view(pairs, count)
        return scores

    def logits_of(self, seen: ChatSeen, tokens: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        """One pass over prompt and captions."""
        ids = torch.cat([seen.prompt, tokens[:, :-1]], dim=1)
        mask = torch.cat([torch.ones_like(seen.prompt), valid[:, :-1].to(seen.prompt)], dim=1)
        with self._given(seen):
            logits: torch.Tensor = self.model(
                **self._inputs(seen, ids),
                attention_mask=mask,
                use_cache=False,
                logits_to_keep=tokens.shape[1],
            ).logits
        return logits

    def _inputs(self, seen: ChatSeen, tokens: torch.Tensor) -> dict[str, Any]:
        inputs: dict[str, Any] = {"input_ids": tokens, **seen.vision}
        if self.family.token_types:
            inputs["mm_token_type_ids"] = self._token_types(tokens)
        return inputs

    def _table(self, sentences: Sequence[Sequence[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Token ids [K, T] filled on the right, and which of them count [K, T]."""
        length = max(len(sentence) for sentence in sentences)
        pad, device = self.text_format.pad_token_id, self.model.device
        rows = [[*sentence, *[pad] * (length - len(sentence))] for sentence in sentences]
        lengths = torch.tensor([len(sentence) for sentence in sentences], device=device)
        valid = torch.arange(length, device=device)[None, :] < lengths[:, None]
        return torch.tensor(rows, device=device), valid

    def _ends(self) -> list[int]:
        """Tokens after which nothing is said: the end of a turn, and the end of all text."""
        return list(
            dict.fromkeys(
                token
                for token in (self.text_format.end_token_id, self.tokenizer.eos_token_id)
                if token is not None
            )
        )

    @contextmanager
    def _given(self, seen: ChatSeen) -> Iterator[None]:
        """The network is given what its vision encoder saw before, instead of looking at the same pixels again."""
        core = self.model.model

        def features(pixel_values: torch.Tensor, *rest: Any, **settings: Any) -> Any:
            times = len(pixel_values) // len(seen.vision["pixel_values"])  # beams repeat each pair
            rows = torch.arange(len(seen)).repeat_interleave(times).tolist()
            wanted = (seen if times == 1 else seen.rows(rows)).features
            native = [list(one) if self.family.features_as_list else one for one in wanted]
            deeper = {"deepstack_features": native[1:]} if len(native) > 1 else {}
            return SimpleNamespace(pooler_output=native[0], **deeper)

        core.get_image_features = features
        try:
            yield
        finally:
            del core.get_image_features  # the method of the class shows again

    def save(self, folder: Path, settings: CaptionerSettings) -> Path:
        """In transformers' own format, with the checkpoint's own processor files."""
        with atomic_path(folder) as partial, quiet():
            self.model.save_pretrained(partial)
            self.tokenizer.save_pretrained(partial)
            (partial / "chat_template.jinja").write_text(self.text_format.template, encoding="utf-8")
            for path in _processor_files(self.source):
                shutil.copyfile(path, partial / path.name)
            write_settings(partial, settings)
        return folder


def read_chat(
    source: ModelSource, values: Mapping[str, Any], device: Choice, dtype: Choice, attention: str | None
) -> ChatBackbone:
    """Read a checkpoint and check that its parts agree.

    Args:
        source: Where it is.
        values: Of its `config.json`.
        device: Where to.
        dtype: Type of the weights.
        attention: `sdpa`, `eager` or None for transformers' own choice.

    Raises:
        ModelError: Its weights are incomplete, or its parts disagree.
    """
    import transformers

    name = source.name
    what = f"model '{name}': its config.json"
    check_shape(values, what)
    with loading(source):
        config: Any = transformers.AutoConfig.from_pretrained(
            source.location, revision=source.revision, trust_remote_code=False
        )
        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(
            source.location, revision=source.revision, trust_remote_code=False
        )
    check_promise(config, source.folder, f"model '{name}'")
    processor = read_processor_settings(source)
    with foreign(f"model '{name}'"):
        family = FAMILIES[config.model_type].read(name, config, processor)
        text_format = _text_format(source, config, tokenizer, family)
    statistics = image_statistics(source, processor)
    network = read_network(
        transformers.AutoModelForImageTextToText, source, config, device.value, dtype.value, attention
    )
    layout = _liked_layout(family, two_stream=False)
    plain = ChatBackbone(
        network, tokenizer, source, statistics, text_format, device, dtype, family=family, layout=layout
    )
    return plain.arranged(layout, two_stream=False)


def _liked_layout(family: Family, two_stream: bool) -> JointLayout:
    height, width = family.liked_size(2 if two_stream else 1)
    return JointLayout("vertical", (2 if two_stream else 1) * height, width)


def _text_format(source: ModelSource, config: Any, tokenizer: Any, family: Family) -> ChatFormat:
    template = read_template(source, tokenizer)
    stated = getattr(config, "image_token_id", None)
    found = tokenizer.get_vocab().get(family.placeholder)
    if found is None or (stated is not None and stated != found):
        raise ModelError(
            f"model '{source.name}': image_token_id is {stated} in its config.json, but its tokenizer gives"
            f" {family.placeholder} the id {found}; correct the wrong one"
        )
    before, end = around_answer(tokenizer, template)
    pad = tokenizer.pad_token_id
    return ChatFormat(
        template, family.placeholder, "", 1, int(found), end, end if pad is None else int(pad), before
    )


def _processor_files(source: ModelSource) -> Iterator[Path]:
    from transformers.utils.hub import cached_file

    for name in PROCESSOR_FILES:
        path = cached_file(
            source.location, name, revision=source.revision, _raise_exceptions_for_missing_entries=False
        )
        if path is not None:
            yield Path(path)


def _stacked(features: Any) -> torch.Tensor:
    """Image vectors of equally large pictures as one tensor, [N, tokens of a picture, D]."""
    return torch.stack(list(features)) if isinstance(features, list | tuple) else features
