"""A captioner behind a server that speaks OpenAI's protocol: vLLM, llama.cpp, ollama, or a hosted one.

For `--model openai:NAME`. In: joint images. Out: differences in the model's own words, and how probable it calls a
change. The joint image goes as one picture, so that no server can drop or fuse one of two; with `--encoding pair` its
two halves go as two. The question is the same for every model and has a version, which every answer carries. The server
is named by OPENAI_BASE_URL, its key by OPENAI_API_KEY; no torch is needed here.

Questions are asked side by side, again where that may help (`chat_client`), and never twice: answers are kept in the
user's cache folder, by everything that decides them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import math
import os
import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from PIL import Image

from blip2idc.chat_client import OPENAI_ADDRESS, ChatClient
from blip2idc.difference import Difference
from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointArray, JointLayout
from blip2idc.images.pair import MAX_PIXELS
from blip2idc.model.calibration import change_probability
from blip2idc.model.files.settings import CaptionerSettings
from blip2idc.model.look.claims import claims
from blip2idc.model.pair_captioner import PairCaptioner
from blip2idc.runs.files import atomic_write, cache_folder

#: Of `--model`, before the name under which the server serves the model.
PREFIX = "openai:"
#: Rises whenever the question changes, or how answers are read.
PROMPT_VERSION = "zero-shot-1"
#: A multiple of the patches of all common vision encoders (14, 16, 28, 32), about as large as they see one picture.
LAYOUT = JointLayout("vertical", 896, 896)
#: Questions that are asked at a time.
PARALLEL = 8

_SYSTEM = "You say what changed between two pictures. You are exact and brief, and invent nothing."
_JOINT = {
    "vertical": "The picture shows two images, one above the other. The upper was taken before, the lower after.",
    "horizontal": "The picture shows two images side by side. The left was taken before, the right after.",
}
_PAIR = "The first picture was taken before, the second one after."
_QUESTION = """What changed from before to after?

Answer with one JSON object and nothing else:
{"caption": "...", "probability": ...}
caption: one short sentence that names the thing and says what happened to it, such as "the red car is gone". Speak of
neither image nor picture. If nothing changed, exactly "nothing has changed". Noise, compression, or a small shift of
the whole are no change.
probability: from 0 to 1, how sure you are that anything changed."""

_CERTAIN = 1e-6  # probabilities are kept that far from 0 and 1
_ASIDE = re.compile(r"<think>.*?(?:</think>|$)", re.DOTALL)  # what models that think aloud say before
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_LONGEST = 400  # tokens of an answer; models that think aloud need some
_LONGEST_CAPTION = 500  # characters


@dataclass(frozen=True, eq=False)
class _Looked:
    joints: tuple[JointArray, ...]

    def rows(self, wanted: Sequence[int]) -> _Looked:
        """Some of them, in that order."""
        return _Looked(tuple(self.joints[row] for row in wanted))


class ServerCaptioner(PairCaptioner):
    """Says what changed between two images, by asking a server.

    Args:
        model: The name under which the server serves it.
        encoding: `joint` for one picture, `pair` for two.
        layout: Of joint images; None for `LAYOUT`.
        crops: Whether places that changed are asked about one by one too; otherwise what was measured speaks there.
        max_pixels: Limit for each image.
        client: Asks the server; None for one by the environment.
        cache: Folder of answers; None for the user's.

    Raises:
        ConfigError: Address or key cannot be used, or the key is missing.
        MissingExtraError: openai is not installed.
    """

    def __init__(
        self,
        model: str,
        *,
        encoding: Literal["joint", "pair"] = "joint",
        layout: JointLayout | None = None,
        crops: bool = False,
        max_pixels: int = MAX_PIXELS,
        client: ChatClient | None = None,
        cache: Path | None = None,
    ) -> None:
        if not model.strip():
            raise ConfigError(f"--model is {PREFIX!r}; expected {PREFIX}NAME, as the server calls the model")
        self.model = model
        self.encoding = encoding
        self.layout = layout or LAYOUT
        self.settings = CaptionerSettings(layout=self.layout)
        self.asks_about_crops = crops
        self.max_pixels = max_pixels
        self._client = client or ChatClient(
            model, timeout=120.0, temperature=0.0, top_p=1.0, max_tokens=_LONGEST
        )
        self._cache = (cache or cache_folder()) / "answers"

    @property
    def own_words(self) -> bool:
        """Its sentence is told where it sees a change: it knows more things than what is measured has words for."""
        return True

    @property
    def patch_size(self) -> int:
        """Side in pixels of what is told apart in a joint image, about."""
        return 28

    def describe(self) -> dict[str, Any]:
        """`model`, `adapter`, `layout`, `encoding` and the version of the `prompt`."""
        return {
            "model": f"{PREFIX}{self.model}",
            "adapter": None,
            "layout": self.layout.to_dict(),
            "encoding": self.encoding,
            "prompt": PROMPT_VERSION,
        }

    def identity(self) -> dict[str, Any]:
        """Whether it was asked about crops; what is behind the server's name nobody knows here."""
        return {"crops": self.asks_about_crops}

    def marks(self) -> dict[str, Any]:
        """Model, encoding and version of the prompt, with every prediction."""
        return {
            key: value for key, value in self.describe().items() if key in ("model", "encoding", "prompt")
        }

    def encode(self, joints: Sequence[JointArray]) -> _Looked:
        """The joint images: the server looks."""
        return _Looked(tuple(joints))

    def say(self, encoded: _Looked, decoding: Mapping[str, Any]) -> list[Difference]:
        """Ask about each joint image.

        Raises:
            ConfigError: Decoding settings, which the server has its own of; or it does not accept the key.
            ModelError: It gave no answer.
        """
        if decoding:
            raise ConfigError(f"{min(decoding)}: a server searches in its own way; leave it out")
        with ThreadPoolExecutor(PARALLEL, "server") as pool:
            try:
                return [self._difference(text) for text in pool.map(self._answer, encoded.joints)]
            finally:
                pool.shutdown(cancel_futures=True)

    def _answer(self, joint: JointArray) -> str:
        pictures = [joint] if self.encoding == "joint" else list(self.layout.split(joint))
        shown = _PAIR if self.encoding == "pair" else _JOINT[self.layout.direction]
        text = f"{shown} {_QUESTION}"
        key = self._key(text, pictures)
        kept = self._kept(key)
        if kept is not None:
            return kept
        content = [*({"type": "image_url", "image_url": {"url": _data_url(one)}} for one in pictures)]
        reply = self._client.ask(
            [
                {"role": "system", "content": _SYSTEM},
                {"role": "user", "content": [*content, {"type": "text", "text": text}]},
            ]
        )
        if reply.text is None:
            raise ModelError(f"model '{PREFIX}{self.model}': {reply.fault}; what was answered so far is kept")
        self._keep(key, reply.text)
        return reply.text

    def _key(self, text: str, pictures: Sequence[JointArray]) -> str:
        """Everything that decides an answer, as a hash."""
        address = os.environ.get("OPENAI_BASE_URL", "").strip() or OPENAI_ADDRESS
        digest = hashlib.sha256("\0".join((address, self.model, PROMPT_VERSION, _SYSTEM, text)).encode())
        for picture in pictures:
            digest.update(f"{picture.shape}".encode() + picture.tobytes())
        return digest.hexdigest()

    def _kept(self, key: str) -> str | None:
        try:
            values = json.loads((self._cache / key[:2] / f"{key}.json").read_text(encoding="utf-8"))
            text = values["answer"]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return text if isinstance(text, str) else None

    def _keep(self, key: str, text: str) -> None:
        """Keep an answer; without a place for it, it is asked for again."""
        path = self._cache / key[:2] / f"{key}.json"
        values = {"answer": text, "model": self.model, "prompt": PROMPT_VERSION}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as file:
                json.dump(values, file, ensure_ascii=False)
        except OSError:
            return

    def _difference(self, text: str) -> Difference:
        said, probability = read_answer(text)
        calibration = self.settings.calibration
        kept = min(max(probability, _CERTAIN), 1 - _CERTAIN)
        calibrated = change_probability(math.log(kept / (1 - kept)), calibration)
        return Difference(said, calibrated, calibrated >= calibration.threshold)


def read_answer(text: str) -> tuple[str, float]:
    r"""The sentence and the probability of a change in what a model said, as leniently as can be.

    >>> read_answer('```json\n{"caption": "The car is gone.", "probability": 0.9}\n```')
    ('the car is gone', 0.9)
    >>> read_answer("Nothing has changed.")
    ('nothing has changed', 0.0)
    """
    bare = _ASIDE.sub("", text).strip()
    found = _OBJECT.search(bare)
    values: Any = None
    if found:
        try:
            values = json.loads(found[0])
        except (ValueError, RecursionError):
            values = None
    values = values if isinstance(values, dict) else {}
    caption = values.get("caption")
    said = _plain(caption if isinstance(caption, str) and caption.strip() else bare)
    unchanged = claims(said) == {"none"}
    probability = values.get("probability")
    if isinstance(probability, int | float) and not isinstance(probability, bool) and 0 <= probability <= 100:
        value = float(probability) if probability <= 1 else probability / 100
        return said, min(value, 1 - value) if unchanged else value
    return said, 0.0 if unchanged else 1.0


def _plain(sentence: str) -> str:
    """One line, without a full stop at the end or a capital at the beginning, as all captions here are."""
    line = " ".join(sentence.split())[:_LONGEST_CAPTION].rstrip(".")
    second = line[1:2]
    return line if second.isupper() else line[:1].lower() + line[1:]


def _data_url(picture: JointArray) -> str:
    kept = io.BytesIO()
    Image.fromarray(picture).save(kept, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(kept.getvalue()).decode('ascii')}"
