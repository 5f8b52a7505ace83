"""Language models that answer prompts: a local one by transformers, or any server that speaks OpenAI's protocol.

In: `Prompt`s. Out: one `Answer` each, in the same order; a prompt that cannot be answered has a reason instead of a
text, and never stops the others. `LanguageModelSettings` names everything that decides the answers; `load` makes the
model. torch, transformers and openai are imported when a model is loaded.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Annotated, Any, Protocol

from blip2idc.chat_client import ChatClient, check_address
from blip2idc.config import Range, check_ranges
from blip2idc.errors import ConfigError
from blip2idc.synthesis.language_models.causal import Sampler, load_causal


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


@dataclass(frozen=True)
class LanguageModelSettings:
    """Which language model answers, and how; picklable.

    Attributes:
        model: Hub id or folder of a local model, or the name under which a server serves it.
        server: Whether a server that speaks OpenAI's protocol answers, instead of a model in this process.
        base_url: Of the server, such as `http://127.0.0.1:8000/v1`; None for the environment's OPENAI_BASE_URL, and
            where that is not set either, OpenAI's. The key comes from OPENAI_API_KEY only.
        revision: Commit of a local model on the hub.
        temperature: Of the sampling; 0 for the likeliest tokens.
        top_p: Probability that the tokens drawn from make up together.
        max_tokens: Longest answer.
        batch_size: Prompts a local model on a GPU reads together.
        device: Of a local model: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        dtype: Of a local model's weights: `auto`, `float32`, `bfloat16`, `float16`.
        timeout: Seconds after which an attempt at the server is given up.
        attempts: How often a server is asked before a prompt is given up.
        parallel: Prompts that a server is asked at a time.

    Raises:
        ConfigError: A value is out of range, or settings contradict each other.
    """

    model: str
    server: bool = False
    base_url: str | None = field(default=None, repr=False)
    revision: str | None = None
    temperature: Annotated[float, Range(0, 2)] = 0.7
    top_p: Annotated[float, Range(0, 1, above=True)] = 0.95
    max_tokens: Annotated[int, Range(1, 1_000_000)] = 80
    batch_size: Annotated[int, Range(1, 65_536)] = 8
    device: str = "auto"
    dtype: str = "auto"
    timeout: Annotated[float, Range(0, 1_000_000, above=True)] = 60.0
    attempts: Annotated[int, Range(1, 1000)] = 5
    parallel: Annotated[int, Range(1, 1024)] = 4

    def __post_init__(self) -> None:
        if not self.model.strip():
            raise ConfigError("model is empty; expected a hub id, a folder or the name of a served model")
        check_ranges(self)
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.base_url is not None:
            if not self.server:
                raise ConfigError("base_url is given but server is false; set server or leave base_url out")
            check_address(self.base_url, "base_url")
        if self.server:
            for name, unset in (("revision", None), ("device", "auto"), ("dtype", "auto")):
                if getattr(self, name) != unset:
                    raise ConfigError(
                        f"{name} is {getattr(self, name)!r} but server is true, and a server decides that itself;"
                        f" leave {name} out"
                    )

    def describe(self) -> dict[str, Any]:
        """What decides the answers, in plain JSON values: no address, no key, nothing that only decides the speed."""
        described = {
            "kind": "server" if self.server else "local",
            "model": self.model,
            "temperature": self.temperature,
            "top_p": self.top_p,
            "max_tokens": self.max_tokens,
        }
        return described if self.server else {**described, "revision": self.revision, "dtype": self.dtype}

    def load(self) -> LanguageModel:
        """The language model, ready to answer.

        Raises:
            ConfigError: The server's key or address is missing or cannot be used, or there is no such device.
            ModelError: The local model is missing, incomplete, or not a causal language model in safetensors.
            MissingExtraError: The client for servers is not installed.
        """
        return ServerLanguageModel(self) if self.server else LocalLanguageModel(self)


#: Lengths of prompts that are read together are brought to the next multiple of this many tokens.
_LENGTH_STEP = 32


class LocalLanguageModel:
    """A causal language model of transformers, in this process.

    An answer depends on its prompt and the settings, not on the other prompts. Every prompt has its own generator of
    random numbers. On a CPU prompts are read one at a time, since its kernels share the work out among threads by the
    place of a row in the batch, which changes roundings and, now and then, a word. On a GPU batches have a shape that
    does not depend on what else is asked: prompts are padded on the left to a length that follows from their own, read
    together only with prompts of the same padded length, and a batch that is not full is filled with copies; so the
    same kernels run on the same shapes, and compute each row as they would among other neighbours. Nobody promises that
    of every kernel (a mixture of experts may gather rows): `batch_size` 1 leaves no doubt. Another batch size, device,
    dtype or version of torch may round differently and so choose another word.

    Args:
        settings: Which model; `server` is false.

    Raises:
        ModelError: There is no such model, it holds code or pickles instead of tensors, or its weights are incomplete.
        ConfigError: There is no such device or dtype.
    """

    def __init__(self, settings: LanguageModelSettings) -> None:
        import transformers

        self._settings = settings
        self._network, self._tokenizer = load_causal(
            settings.model, settings.revision, settings.device, settings.dtype
        )
        self._rows = 1 if self._network.device.type == "cpu" else settings.batch_size
        stops = self._network.generation_config.eos_token_id
        stops = self._tokenizer.eos_token_id if stops is None else stops
        pad = self._tokenizer.pad_token_id
        if pad is None:
            pad = stops[0] if isinstance(stops, list) else stops
        self._pad = int(pad or 0)
        # what a checkpoint recommends (penalties, top_k) would change answers behind the settings' back
        generation: Any = transformers.GenerationConfig
        self._network.generation_config = generation(eos_token_id=stops, pad_token_id=self._pad)

    def describe(self) -> dict[str, Any]:
        """See `LanguageModelSettings.describe`."""
        return self._settings.describe()

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """One answer for each prompt, in order; a prompt too long for the model has a fault."""
        tokens = [self._tokens(prompt) for prompt in prompts]
        window = getattr(self._network.config, "max_position_embeddings", None)
        answers: dict[int, Answer] = {}
        by_length: dict[int, list[int]] = {}
        for index, ids in enumerate(tokens):
            # at least one place stays padding: transformers takes another kernel where no row of a batch is padded
            length = (len(ids) // _LENGTH_STEP + 1) * _LENGTH_STEP
            if window is not None and len(ids) + self._settings.max_tokens > window:
                clause = f"the prompt has {len(ids)} tokens, too many for the model's window of {window}"
                answers[index] = Answer(None, clause)
                continue
            by_length.setdefault(length, []).append(index)
        size = self._rows
        for length, indices in sorted(by_length.items()):
            for start in range(0, len(indices), size):
                batch = indices[start : start + size]
                rows = batch + batch[:1] * (size - len(batch))
                texts = self._generate([tokens[i] for i in rows], [prompts[i].seed for i in rows], length)
                for index, text in zip(batch, texts, strict=False):
                    answers[index] = Answer(text) if text.strip() else Answer(None, "the model said nothing")
        return [answers[index] for index in range(len(prompts))]

    def _tokens(self, prompt: Prompt) -> list[int]:
        """The prompt as token ids, in the form of a chat where the model was trained on one."""
        if not self._tokenizer.chat_template:
            return list(self._tokenizer(f"{prompt.system}\n\n{prompt.user}\n").input_ids)
        from jinja2 import TemplateError

        together = [{"role": "user", "content": f"{prompt.system}\n\n{prompt.user}"}]
        # models that think aloud are asked not to; other templates do not look at this variable
        how = {"tokenize": False, "add_generation_prompt": True, "enable_thinking": False}
        try:
            text = self._tokenizer.apply_chat_template(_apart(prompt), **how)
        except TemplateError:  # some models know no system role
            text = self._tokenizer.apply_chat_template(together, **how)
        return list(self._tokenizer(text, add_special_tokens=False).input_ids)

    def _generate(self, rows: list[list[int]], seeds: list[int], length: int) -> list[str]:
        """What the model says to each row of token ids; rows are padded on the left to `length`."""
        import torch

        ids = torch.full((len(rows), length), self._pad)
        mask = torch.zeros_like(ids)
        for row, tokens in enumerate(rows):
            ids[row, length - len(tokens) :] = torch.tensor(tokens)
            mask[row, length - len(tokens) :] = 1
        settings = self._settings
        sampler = [] if settings.temperature == 0 else [Sampler(seeds, settings.temperature, settings.top_p)]
        device = self._network.device
        with torch.inference_mode():
            said = self._network.generate(
                input_ids=ids.to(device),
                attention_mask=mask.to(device),
                max_new_tokens=settings.max_tokens,
                logits_processor=sampler,
            )
        texts: list[str] = self._tokenizer.batch_decode(said[:, length:], skip_special_tokens=True)
        return texts


#: After so many prompts in a row for which no server was there, the others get one attempt each.
_PATIENCE = 3


class ServerLanguageModel:
    """A model behind a server that speaks OpenAI's protocol: OpenAI's, vLLM's, `transformers serve` and others.

    Args:
        settings: Which server and model; `server` is true.
        client: Asks the server; None for a `ChatClient` as the settings say.

    Raises:
        ConfigError: The address or the key cannot be used, or the key is missing.
        MissingExtraError: openai is not installed.
    """

    def __init__(self, settings: LanguageModelSettings, *, client: ChatClient | None = None) -> None:
        self._settings = settings
        self._client = client or ChatClient(
            settings.model,
            settings.base_url,
            timeout=settings.timeout,
            temperature=settings.temperature,
            top_p=settings.top_p,
            max_tokens=settings.max_tokens,
            attempts=settings.attempts,
        )
        self._lock = threading.Lock()
        self._unreached = 0
        self._refusal: ConfigError | None = None

    def describe(self) -> dict[str, Any]:
        """See `LanguageModelSettings.describe`."""
        return self._settings.describe()

    def answer(self, prompts: Sequence[Prompt]) -> list[Answer]:
        """One answer for each prompt, in order.

        Raises:
            ConfigError: The server does not accept the key; prompts that were not asked yet are not asked any more.
        """
        pool = ThreadPoolExecutor(self._settings.parallel, thread_name_prefix="language-model")
        try:
            return list(pool.map(self._answer, prompts))
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

    def _answer(self, prompt: Prompt) -> Answer:
        if self._refusal is not None:
            raise self._refusal
        with self._lock:
            attempts = 1 if self._unreached >= _PATIENCE else None
        try:
            reply = self._client.ask(_apart(prompt), prompt.seed, attempts=attempts)
        except ConfigError as error:
            self._refusal = error
            raise
        with self._lock:
            self._unreached = self._unreached + 1 if reply.unreachable else 0
        return Answer(reply.text, reply.fault)


def _apart(prompt: Prompt) -> list[dict[str, str]]:
    """The messages of a prompt, for models that know the role of the system."""
    return [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
