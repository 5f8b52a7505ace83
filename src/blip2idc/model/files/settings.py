"""What a captioner needs to know besides weights: the file `blip2idc.json` beside a backbone or an adapter.

In: a folder or a dictionary. Out: `CaptionerSettings`: layout, prompt, decoding, no-change sentences, calibration,
and for the record data, scores and run record. Unknown keys are refused, so that a misspelt setting is not
silently ignored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias, get_args

from blip2idc.config import Longest, Range, build, check_values, hints_of
from blip2idc.errors import ConfigError, ModelError
from blip2idc.images.joint import JointLayout
from blip2idc.model.files.foreign import read_object
from blip2idc.runs.files import atomic_write
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

SETTINGS_FILE = "blip2idc.json"

#: How the queries of before (b) and after (a), encoded apart, become one sequence: b, a; or a - b; or b, a, a - b.
Merge: TypeAlias = Literal["concat", "difference", "both"]
MERGES: tuple[Merge, ...] = get_args(Merge)
#: One joint image, or both images apart: two pictures of a question to a chat model, two streams of a BLIP-2.
Encoding: TypeAlias = Literal["joint", "pair", "two-stream"]

_LARGEST_JOINT_IMAGE = 2048 * 2048  # pixels; a ViT attends over 21,000 patches of 14 then
#: A prompt or a sentence.
Text = Annotated[str, Longest(2000)]
_MOST_SENTENCES = 100  # that say that nothing changed; each is scored for every pair


@dataclass(frozen=True)
class Decoding:
    """How a caption is searched for.

    Attributes:
        num_beams: 1 is greedy.
        max_new_tokens: Longest caption, end token included.
        length_penalty: Exponent of the length that divides a beam's log-probability.
        repetition_penalty: Divides the scores of tokens that were used already; 1 is off.
        no_repeat_ngram_size: No sequence of that many tokens occurs twice; 0 is off.
    """

    num_beams: Annotated[int, Range(1, 128)] = 1
    max_new_tokens: Annotated[int, Range(1, 2048)] = 48
    length_penalty: Annotated[float, Range(-100, 100)] = 1.0
    repetition_penalty: Annotated[float, Range(1e-3, 100)] = 1.0
    no_repeat_ngram_size: Annotated[int, Range(0, 2048)] = 0

    def __post_init__(self) -> None:
        check_values(vars(self), hints_of(type(self)), "decoding")

    def changed_by(self, settings: Mapping[str, Any]) -> Decoding:
        """The same with some settings replaced.

        Raises:
            ConfigError: One is not known; the message names the nearest.
        """
        return build(type(self), {**vars(self), **settings}, "decoding")


@dataclass(frozen=True)
class Calibration:
    """From the model's own odds to a probability of change (Platt scaling), fitted on validation data.

    Attributes:
        slope: Of the logistic curve.
        intercept: Of the logistic curve.
        threshold: Probability from which on a pair counts as changed.
        pairs: Number of validation pairs it was fitted on; 0 where it was not.
        balanced_accuracy: Of the threshold on those pairs.
    """

    slope: Annotated[float, Range(-1e6, 1e6)] = 1.0
    intercept: Annotated[float, Range(-1e6, 1e6)] = 0.0
    threshold: Annotated[float, Range(0, 1)] = 0.5
    pairs: Annotated[int, Range(0, 10**12)] = 0
    balanced_accuracy: Annotated[float, Range(0, 1)] | None = None

    @property
    def fitted(self) -> bool:
        """Whether validation data stands behind the numbers."""
        return self.pairs > 0


@dataclass(frozen=True)
class CaptionerSettings:
    """Content of `blip2idc.json`.

    Attributes:
        layout: Of the joint image; None where the backbone's own size shall decide.
        prompt: Text between image and caption.
        decoding: How captions are searched for.
        no_change_captions: Sentences by which this model says that nothing changed.
        calibration: Of the change probability.
        two_stream: The images are encoded apart (the baseline) instead of jointly.
        own_words: An adapter that somebody trained is merged in, see `telling.tell`.
        merge: How two streams become one, among `MERGES`.
        data: What it was trained on.
        scores: What it reached.
        run_record: How it was made.
    """

    layout: JointLayout | None = None
    prompt: Text = ""
    decoding: Decoding = field(default_factory=Decoding)
    no_change_captions: Annotated[tuple[Text, ...], Longest(_MOST_SENTENCES)] = NO_CHANGE_CAPTIONS
    calibration: Calibration = field(default_factory=Calibration)
    two_stream: bool = False
    own_words: bool = False
    merge: Merge = "concat"
    data: Any = None
    scores: Any = None
    run_record: Any = None

    def to_dict(self) -> dict[str, Any]:
        """As JSON values."""
        values = asdict(self)
        values["layout"] = self.layout.to_dict() if self.layout is not None else None
        values["no_change_captions"] = list(self.no_change_captions)
        if not self.two_stream:
            del values["merge"]
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> CaptionerSettings:
        """Read what `to_dict` wrote; keys may be absent.

        Raises:
            ConfigError: A key is unknown or a value invalid.
        """
        absent: dict[str, Any] = {
            "no_change_captions": [],
            "decoding": None,
            "calibration": None,
        }  # as files may say it too
        given = {key: value for key, value in values.items() if key not in absent or value != absent[key]}
        settings = build(cls, given, SETTINGS_FILE)
        layout = settings.layout
        if layout is not None and layout.height * layout.width > _LARGEST_JOINT_IMAGE:
            raise ConfigError(
                f"layout is {layout.height}x{layout.width}; expected at most {_LARGEST_JOINT_IMAGE:,} pixels"
            )
        return settings


def read_settings(folder: Path | None) -> CaptionerSettings | None:
    """Read `blip2idc.json` from a folder; None where there is none.

    Raises:
        ModelError: The file is not as expected.
    """
    if folder is None or not (folder / SETTINGS_FILE).is_file():
        return None
    path = folder / SETTINGS_FILE
    values = read_object(path, f"settings of {folder}")
    try:
        return CaptionerSettings.from_dict(values)
    except (ValueError, TypeError, ConfigError, ModelError) as error:
        raise ModelError(
            f"{path}: {' '.join(str(error).split())}; correct the file or save the model again"
        ) from None


def write_settings(folder: Path, settings: CaptionerSettings) -> Path:
    """Write `blip2idc.json` into a folder, whole or not at all."""
    path = folder / SETTINGS_FILE
    with atomic_write(path) as handle:
        json.dump(settings.to_dict(), handle, ensure_ascii=False, indent=2, allow_nan=False)
        handle.write("\n")
    return path
