"""A BLIP-2 with OPT that runs in onnxruntime: joint images in, logits out.

In: a folder in transformers' own format, and an adapter. The graphs are written when it is loaded, from the
configuration, so that nothing that was exported before can be out of date; the weights come from the folder's
safetensors. Out: `Network`, which encodes, reads a prompt, generates, and scores sentences after it.

Shapes: B joint images, Q query tokens, D width, A heads, S tokens read before, K sentences, V vocabulary.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from blip2idc.config import check_values
from blip2idc.data.conventions import STATISTICS, ImageStatistics, TextFormat
from blip2idc.errors import MissingExtraError, ModelError
from blip2idc.model.files.foreign import foreign, read_object
from blip2idc.model.files.network_size import check_shape
from blip2idc.model.files.settings import Decoding
from blip2idc.model.onnx.graph import Graph
from blip2idc.model.onnx.networks import WORDS, check_language, language_graph, qformer_graph, vision_graph
from blip2idc.model.onnx.search import log_softmax, log_sum_exp, search
from blip2idc.model.onnx.weights import Values, Weight, list_weights, merge_lora, read_weights
from blip2idc.model.sentence_tree import SentenceTree
from blip2idc.runtime import choose_lanes, usable_cores

IMAGE_TOKEN = "<image>"
_LOWEST = np.finfo(np.float32).min
_TOGETHER = (
    4  # joint images that the ViT sees at a time; of more, what a layer hands to the next leaves the cache
)

#: What transformers assumes where a `config.json` is silent.
_DEFAULTS: Mapping[str, Mapping[str, Any]] = {
    "vision_config": {
        "hidden_size": 1408, "num_hidden_layers": 39, "num_attention_heads": 16, "image_size": 224,
        "patch_size": 14, "hidden_act": "gelu", "layer_norm_eps": 1e-6,
    },
    "qformer_config": {
        "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "hidden_act": "gelu",
        "layer_norm_eps": 1e-12, "cross_attention_frequency": 2, "encoder_hidden_size": 1408,
    },
    "text_config": {
        "model_type": "opt", "hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12,
        "activation_function": "relu", "vocab_size": 50272, "max_position_embeddings": 2048,
        "do_layer_norm_before": True, "bos_token_id": 2, "eos_token_id": 2, "pad_token_id": 1,
    },
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Read:
    """Prompts with images that the language model has read.

    Attributes:
        logits: Of the first token of a caption, [B, V].
        past: Keys and values of every layer in turn, [B, A, S, D / A] each.
        embeddings: What it has read, without positions, [B, S, D]; none while it generates.
    """

    logits: np.ndarray
    past: list[np.ndarray]
    embeddings: np.ndarray | None = None

    def rows(self, wanted: Sequence[int]) -> Read:
        """Some of the pairs, in that order."""
        chosen = list(wanted)
        embeddings = self.embeddings[chosen] if self.embeddings is not None else None
        return Read(self.logits[chosen], [part[chosen] for part in self.past], embeddings)


class Network:
    """The three graphs, and what is needed to feed them.

    Args:
        folder: Of the checkpoint.
        name: Of the model, for errors.
        size: (height, width) of joint images; None for the checkpoint's own.
        adapter: Folder of a LoRA to merge in.

    Attributes:
        lanes: Parts of a batch that gain by being worked on side by side, each in the thread that asks.

    Raises:
        ModelError: The checkpoint is none that is written down in `networks`, or lacks something.
        MissingExtraError: onnxruntime is not installed.
    """

    def __init__(
        self, folder: Path, name: str, size: tuple[int, int] | None = None, adapter: Path | None = None
    ) -> None:
        self.name, what = name, f"model '{name}'"
        self.config = read_config(folder, what)
        self.tokenizer = _read_tokenizer(folder, what)
        self.statistics = _read_statistics(folder, what)
        self.text_format = _text_format(self.config, self.tokenizer, what)
        vision = self.config["vision_config"]
        self.size = size or (vision["image_size"], vision["image_size"])
        weights = list_weights(folder, what)
        graphs = write_graphs(self.config, weights, self.size)
        wanted = {weight for graph in graphs for weight in graph.weights}
        values = read_weights(folder, wanted, what)
        if adapter is not None:
            merge_lora(values, adapter)
        self.digest = _digest(values)
        self._words = values[WORDS]
        self.lanes = choose_lanes(usable_cores(), sum(value.size for value in values.values()))
        threads = 1 if self.lanes > 1 else 0  # 0: as many as there are cores
        self._vision, self._qformer, self._language = (
            _session(graph, weights, values, threads) for graph in graphs
        )

    @property
    def patch_size(self) -> int:
        """Side of a patch in pixels."""
        return int(self.config["vision_config"]["patch_size"])

    @property
    def layers(self) -> int:
        """Layers of the language model."""
        return int(self.config["text_config"]["num_hidden_layers"])

    def look(self, joints: Sequence[np.ndarray], prompt: Sequence[int]) -> Read:
        """See joint images and read the prompt.

        Args:
            joints: B joint images, uint8 [H, W, 3].
            prompt: Tokens between image and caption, the start token first.
        """
        patches = self.see(self.statistics.normalised(joints))
        prefix = self._qformer.run(None, {"patches": patches})[0]
        tokens = np.tile(np.array(prompt, dtype=np.int64), (len(joints), 1))
        length = prefix.shape[1] + len(prompt)
        causal = np.triu(np.full((1, 1, length, length), _LOWEST, dtype=np.float32), 1)
        read = self._read(prefix, tokens, causal, np.arange(length), [length - 1], self._nothing(len(joints)))
        embeddings = np.concatenate([prefix, self._words[tokens]], axis=1)
        return replace(read, embeddings=embeddings)

    def see(self, pixel_values: np.ndarray) -> np.ndarray:
        """What the ViT makes of joint images [B, 3, H, W], a few at a time: [B, 1 + P, D]."""
        starts = range(0, len(pixel_values), _TOGETHER)
        parts = [
            self._vision.run(None, {"pixel_values": pixel_values[start : start + _TOGETHER]})[0]
            for start in starts
        ]
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def generate(self, read: Read, decoding: Decoding) -> list[list[int]]:
        """A caption for each pair, as tokens without special ones at either end."""
        prompt = read.past[0].shape[2]
        room = int(self.config["text_config"]["max_position_embeddings"]) - prompt
        if room < 1:
            raise ModelError(
                f"model '{self.name}': its language model has no positions left after the prompt of {prompt} tokens;"
                " shorten the prompt"
            )
        state = read

        def step(rows: np.ndarray, tokens: np.ndarray) -> np.ndarray:
            nonlocal state
            past = [part[rows] for part in state.past] if not _all_of(rows, state) else state.past
            before = past[0].shape[2]
            mask = np.zeros((1, 1, 1, before + 1), dtype=np.float32)
            state = self._read(
                self._no_prefix(len(rows)), tokens[:, None], mask, np.array([before]), [0], past
            )
            return state.logits

        longest = min(decoding.max_new_tokens, room)
        return search(read.logits, step, decoding, longest, self.text_format.end_token_id)

    def score(self, read: Read, sentences: Sequence[Sequence[int]]) -> np.ndarray:
        """Logarithm of the probability of each of K sentences after each pair, [B, K].

        Args:
            read: B pairs.
            sentences: Token sequences, each with its end token.
        """
        first = [sentence[0] for sentence in sentences]
        scores = log_softmax(read.logits)[:, first]
        tree = SentenceTree.of(sentences)
        if not tree.tokens:
            return scores
        nodes, before = len(tree.tokens), read.past[0].shape[2]
        mask = np.zeros((1, 1, nodes, before + nodes), dtype=np.float32)
        mask[..., before:][~np.array(tree.seen)[None, None]] = _LOWEST
        tokens = np.tile(np.array(tree.tokens, dtype=np.int64), (len(scores), 1))
        places = before + np.array(tree.depths)
        told = self._run(self._no_prefix(len(scores)), tokens, mask, places, range(nodes), read.past)[
            0
        ]  # [B, N, V]
        nodes_of, tokens_of, sentences_of = (np.array(column) for column in zip(*tree.steps, strict=True))
        gained = told[:, nodes_of, tokens_of] - log_sum_exp(told)[:, nodes_of, 0]  # [B, steps]
        np.add.at(scores.T, sentences_of, gained.T)
        return scores

    def _read(
        self,
        prefix: np.ndarray,
        tokens: np.ndarray,
        mask: np.ndarray,
        positions: np.ndarray,
        keep: Sequence[int],
        past: Sequence[np.ndarray],
    ) -> Read:
        logits, *present = self._run(prefix, tokens, mask, positions, keep, past)
        return Read(logits[:, -1], present)

    def _run(
        self,
        prefix: np.ndarray,
        tokens: np.ndarray,
        mask: np.ndarray,
        positions: np.ndarray,
        keep: Sequence[int],
        past: Sequence[np.ndarray],
    ) -> list[np.ndarray]:
        """Logits, then keys and values in the order of `Read.past`."""
        outputs = ["logits"]
        inputs = {
            "prefix": prefix,
            "input_ids": tokens.astype(np.int64),
            "positions": positions.astype(np.int64)[None],
            "mask": mask,
            "keep": np.array(list(keep), dtype=np.int64),
        }
        for layer in range(self.layers):
            for part, name in enumerate(("key", "value")):
                inputs[f"past_{name}_{layer}"] = past[2 * layer + part]
                outputs.append(f"{name}_{layer}")
        found: list[np.ndarray] = self._language.run(outputs, inputs)
        return found

    def _nothing(self, rows: int) -> list[np.ndarray]:
        text = self.config["text_config"]
        heads = text["num_attention_heads"]
        shape = (rows, heads, 0, text["hidden_size"] // heads)
        return [np.zeros(shape, dtype=np.float32)] * (2 * self.layers)

    def _no_prefix(self, rows: int) -> np.ndarray:
        return np.zeros((rows, 0, self.config["text_config"]["hidden_size"]), dtype=np.float32)


def _all_of(rows: np.ndarray, read: Read) -> bool:
    return len(rows) == len(read.past[0]) and bool((rows == np.arange(len(rows))).all())


def read_config(folder: Path, what: str) -> dict[str, Any]:
    """The configuration of a checkpoint, with transformers' defaults where it is silent.

    Raises:
        ModelError: It is no BLIP-2 with OPT, or out of range.
    """
    config = read_object(folder / "config.json", what)
    if config.get("model_type") != "blip-2":
        raise ModelError(
            f"{what}: its config.json says model_type {config.get('model_type')!r}; expected 'blip-2' for --engine"
            " onnx; use --engine torch"
        )
    check_shape(config, f"{what}: its config.json")
    for part, values in _DEFAULTS.items():
        given = config.get(part) or {}
        config[part] = {**values, **{key: value for key, value in given.items() if value is not None}}
    config["num_query_tokens"] = config.get("num_query_tokens") or 32
    check_language(config["text_config"])
    return config


def write_graphs(
    config: Mapping[str, Any], weights: Mapping[str, Weight], size: tuple[int, int]
) -> tuple[Graph, Graph, Graph]:
    """Vision, Q-Former and language model of a checkpoint.

    Args:
        config: From `read_config`.
        weights: From `list_weights`.
        size: (height, width) of joint images.
    """
    shapes = {name: weight.shape for name, weight in weights.items()}
    patch = config["vision_config"]["patch_size"]
    patches = 1 + (size[0] // patch) * (size[1] // patch)
    return (
        vision_graph(config["vision_config"], shapes, *size),
        qformer_graph(config, shapes, patches),
        language_graph(config["text_config"], shapes),
    )


def import_onnxruntime() -> Any:
    """The onnxruntime package.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import onnxruntime
    except ImportError:
        raise MissingExtraError("onnx", "--engine onnx") from None
    return onnxruntime


def _session(graph: Graph, weights: Mapping[str, Weight], values: Values, threads: int) -> Any:
    runtime = import_onnxruntime()
    options = runtime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # images are opened meanwhile
    kept = [runtime.OrtValue.ortvalue_from_numpy(values[name]) for name in graph.weights]
    options.add_external_initializers(graph.weights, kept)
    model = graph.to_bytes(lambda name: weights[name].place)
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _digest(values: Values) -> str:
    """A hash of all weights, an adapter that is merged in included."""
    digest = hashlib.sha256()
    for name in sorted(values):
        digest.update(f"{name} {values[name].shape} ".encode() + np.ascontiguousarray(values[name]).tobytes())
    return digest.hexdigest()


class PlainTokenizer:
    """A tokenizer without transformers, asked in the same way.

    Args:
        tokenizer: Of the package `tokenizers`.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer

    def __call__(self, text: str, *, add_special_tokens: bool) -> dict[str, list[int]]:
        """The tokens of a text, under the key `input_ids`."""
        return {"input_ids": self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids}

    def decode(self, tokens: Sequence[int], *, skip_special_tokens: bool) -> str:
        """The text of tokens."""
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=skip_special_tokens)
        return text

    def id_of(self, token: str) -> int | None:
        """The id of a token; None where there is none."""
        found: int | None = self._tokenizer.token_to_id(token)
        return found


def _read_tokenizer(folder: Path, what: str) -> PlainTokenizer:
    from tokenizers import AddedToken, Tokenizer

    path = folder / "tokenizer.json"
    if not path.is_file():
        raise ModelError(f"{what}: tokenizer.json is missing; write one with blip2idc export")
    with foreign(what):
        tokenizer = Tokenizer.from_file(str(path))
        if tokenizer.token_to_id(IMAGE_TOKEN) is None:  # a checkpoint older than image tokens
            tokenizer.add_special_tokens([AddedToken(IMAGE_TOKEN, normalized=False, special=True)])
    return PlainTokenizer(tokenizer)


def _read_statistics(folder: Path, what: str) -> ImageStatistics:
    settings: dict[str, Any] = {}
    for name in ("preprocessor_config.json", "processor_config.json"):
        if (folder / name).is_file():
            values = read_object(folder / name, what)
            inner = values.get("image_processor")
            settings |= {**values, **(inner if isinstance(inner, dict) else {})}
    if not STATISTICS.keys() <= settings.keys():
        raise ModelError(f"{what}: image_mean and image_std are missing; copy the processor's files")
    check_values(settings, STATISTICS, what, ModelError)
    return ImageStatistics(tuple(settings["image_mean"]), tuple(settings["image_std"]))


def _text_format(config: Mapping[str, Any], tokenizer: PlainTokenizer, what: str) -> TextFormat:
    text = config["text_config"]
    end = text["eos_token_id"][0] if isinstance(text["eos_token_id"], list) else text["eos_token_id"]
    image = tokenizer.id_of(IMAGE_TOKEN) or 0
    stated = config.get("image_token_index")
    if stated is not None and stated != image:
        raise ModelError(
            f"{what}: image_token_index is {stated} in its config.json, but its tokenizer gives {IMAGE_TOKEN} the id"
            f" {image}; correct the wrong one"
        )
    return TextFormat(
        image, int(config["num_query_tokens"]), int(text["bos_token_id"]), int(end), int(text["pad_token_id"])
    )
