"""What a captioner needs to know besides weights: the file `blip2idc.json` beside a backbone or an adapter.

In: a folder or a dictionary. Out: `CaptionerSettings`: layout, prompt, decoding, no-change sentences, calibration,
and for the record data, scores and run record. Unknown keys are refused, so that a misspelt setting is not
silently ignored.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from blip2idc.errors import ConfigError, ModelError, shortened
from blip2idc.images.joint import JointLayout
from blip2idc.model.foreign import check_numbers, read_object
from blip2idc.runs.files import atomic_write
from blip2idc.worlds.pair import NO_CHANGE_CAPTIONS

SETTINGS_FILE = "blip2idc.json"

Merge: TypeAlias = Literal["concat", "difference", "both"]
"""How the queries of before (b) and after (a), encoded apart, become one sequence: b, a; or a - b; or b, a, a - b."""
MERGES: tuple[Merge, ...] = get_args(Merge)

_DECODING_RANGES: Mapping[str, tuple[float, float]] = {
    "num_beams": (1, 128),
    "max_new_tokens": (1, 2048),
    "length_penalty": (-100.0, 100.0),
    "repetition_penalty": (1e-3, 100.0),
    "no_repeat_ngram_size": (0, 2048),
}
_CALIBRATION_RANGES: Mapping[str, tuple[float, float]] = {
    "slope": (-1e6, 1e6),
    "intercept": (-1e6, 1e6),
    "threshold": (0.0, 1.0),
    "pairs": (0, 10**12),
    "balanced_accuracy": (0.0, 1.0),
}
_LARGEST_JOINT_IMAGE = 2048 * 2048  # pixels; a ViT attends over 21,000 patches of 14 then
_LONGEST_TEXT = 2000  # characters of a prompt or a sentence
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

    num_beams: int = 1
    max_new_tokens: int = 48
    length_penalty: float = 1.0
    repetition_penalty: float = 1.0
    no_repeat_ngram_size: int = 0

    def __post_init__(self) -> None:
        for name, (low, high) in _DECODING_RANGES.items():
            value = getattr(self, name)
            whole = isinstance(low, int)
            number = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
            if not number or not low <= value <= high:
                kind = "a whole number" if whole else "a number"
                raise ConfigError(
                    f"decoding {name} is {shortened(repr(value), 40)}; expected {kind} from {low:,} to {high:,}"
                )

    def changed_by(self, settings: Mapping[str, Any]) -> Decoding:
        """The same with some settings replaced.

        Raises:
            ConfigError: One is not known; the message names the nearest.
        """
        _refuse_unknown(settings, {item.name for item in fields(self)}, "decoding")
        return replace(self, **settings)


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

    slope: float = 1.0
    intercept: float = 0.0
    threshold: float = 0.5
    pairs: int = 0
    balanced_accuracy: float | None = None

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
        merge: How two streams become one, among `MERGES`.
        data: What it was trained on.
        scores: What it reached.
        run_record: How it was made.
    """

    layout: JointLayout | None = None
    prompt: str = ""
    decoding: Decoding = field(default_factory=Decoding)
    no_change_captions: tuple[str, ...] = NO_CHANGE_CAPTIONS
    calibration: Calibration = field(default_factory=Calibration)
    two_stream: bool = False
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
        _refuse_unknown(values, {item.name for item in fields(cls)}, SETTINGS_FILE)
        known = dict(values)
        if known.get("layout") is not None:
            known["layout"] = JointLayout.from_dict(_object(known["layout"], "layout"))
            height, width = known["layout"].size
            if height * width > _LARGEST_JOINT_IMAGE:
                raise ConfigError(
                    f"layout is {height}x{width}; expected at most {_LARGEST_JOINT_IMAGE:,} pixels"
                )
        known["decoding"] = Decoding().changed_by(_object(known.get("decoding"), "decoding"))
        calibration = _object(known.get("calibration"), "calibration")
        _refuse_unknown(calibration, {item.name for item in fields(Calibration)}, "calibration")
        check_numbers(calibration, _CALIBRATION_RANGES, "calibration")
        known["calibration"] = Calibration(**{k: v for k, v in calibration.items() if v is not None})
        known["prompt"] = _text(known.get("prompt", ""), "prompt")
        known["no_change_captions"] = _sentences(known.get("no_change_captions") or NO_CHANGE_CAPTIONS)
        if not isinstance(known.get("two_stream", False), bool):
            raise ConfigError(f"two_stream is {known['two_stream']!r}; expected true or false")
        if known.get("merge", "concat") not in MERGES:
            raise ConfigError(f"merge is {known['merge']!r}; expected {', '.join(MERGES)}")
        return cls(**known)


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
            f"{path}: {' '.join(str(error).split())}; correct the file or save the model again."
        ) from None


def write_settings(folder: Path, settings: CaptionerSettings) -> Path:
    """Write `blip2idc.json` into a folder, whole or not at all."""
    path = folder / SETTINGS_FILE
    with atomic_write(path) as handle:
        json.dump(settings.to_dict(), handle, ensure_ascii=False, indent=2, allow_nan=False)
        handle.write("\n")
    return path


def _object(value: Any, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ConfigError(f"{name} is a {type(value).__name__}; expected an object")
    return value


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise ConfigError(f"{name} is not a text of up to {_LONGEST_TEXT:,} characters")
    return value


def _sentences(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or len(value) > _MOST_SENTENCES:
        raise ConfigError(f"no_change_captions is not a list of up to {_MOST_SENTENCES} sentences")
    return tuple(_text(sentence, "a sentence of no_change_captions") for sentence in value)


def _refuse_unknown(values: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in values:
        if key not in known:
            near = difflib.get_close_matches(key, sorted(known), n=1, cutoff=0.0)
            raise ConfigError(f"{where} has the unknown key {key!r}; did you mean {near[0]!r}?")
