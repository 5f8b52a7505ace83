"""Guards of paraphrases: tables alone, and a tiny random model of inference through the same code as real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blip2idc.config import build
from blip2idc.errors import ConfigError, ModelError
from blip2idc.synthesis.language_models.language_model import LanguageModelSettings
from blip2idc.synthesis.paraphrase.guard import ADDS, LOSES, EntailmentGuard, EntailmentSettings, WordGuard
from blip2idc.synthesis.paraphrase.meaning import FACTS
from blip2idc.synthesis.paraphrase.run import ParaphraseConfig, reason_against

ORIGINAL, VARIATION = "Add a red hat to the dog.", "Give the dog a red hat with a feather."
LABELS = {0: "contradiction", 1: "neutral", 2: "ENTAILMENT"}


def make_classifier(folder: Path, labels: dict[int, str] | None = None) -> Path:
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = ["[PAD]", "[UNK]", *sorted({*ORIGINAL.lower().split(), *VARIATION.lower().split(), "."})]
    words_only = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="[UNK]"))
    words_only.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words_only, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(3)
    labels = labels or LABELS
    config: Any = BertConfig(
        vocab_size=len(words),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        initializer_range=1.0,  # so that probabilities differ much between sentences
        num_labels=len(labels),
        id2label=labels,
        label2id={name: number for number, name in labels.items()},
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_classifier(tmp_path_factory.mktemp("inference"))


def test_facts_are_fewer_than_words() -> None:
    assert WordGuard().reason_against(ORIGINAL, VARIATION) == "addition"
    assert WordGuard(FACTS).reason_against(ORIGINAL, VARIATION) is None
    assert WordGuard(FACTS).reason_against(ORIGINAL, "Add a blue hat to the dog.") == "colour"


def test_probabilities_are_those_of_the_network(checkpoint: Path) -> None:
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    guard = EntailmentGuard(EntailmentSettings(str(checkpoint), device="cpu"))
    forth, back = guard.entailment([(ORIGINAL, VARIATION), (VARIATION, ORIGINAL)])
    network: Any = AutoModelForSequenceClassification.from_pretrained(checkpoint)
    inputs = AutoTokenizer.from_pretrained(checkpoint)(ORIGINAL, VARIATION, return_tensors="pt")
    alone = network.eval()(**inputs).logits.softmax(-1)[0, 2].item()
    assert forth == pytest.approx(alone, abs=1e-5)
    assert abs(forth - back) > 1e-3


def test_each_sentence_must_follow_from_the_other(checkpoint: Path) -> None:
    guard = EntailmentGuard(EntailmentSettings(str(checkpoint), device="cpu"))
    forth, back = guard.entailment([(ORIGINAL, VARIATION), (VARIATION, ORIGINAL)])
    least, most = sorted((forth, back))
    one, other = (ORIGINAL, VARIATION) if forth > back else (VARIATION, ORIGINAL)

    def reason(first: str, second: str, threshold: float) -> str | None:
        settings = EntailmentSettings(str(checkpoint), threshold=threshold, device="cpu")
        return EntailmentGuard(settings).reason_against(first, second)

    assert reason(one, other, least / 2) is None
    assert reason(one, other, (least + most) / 2) == LOSES
    assert reason(other, one, (least + most) / 2) == ADDS
    assert reason(one, "Add a blue hat to the dog.", 0.0) == "colour"  # the model is not asked


def test_models_that_cannot_judge(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="its labels are label_0, label_1; expected one called entailment"):
        EntailmentGuard(EntailmentSettings(str(make_classifier(tmp_path, {0: "LABEL_0", 1: "LABEL_1"}))))
    from safetensors.torch import load_file, save_file

    folder = make_classifier(tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["classifier.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing .*classifier\.weight"):
        EntailmentGuard(EntailmentSettings(str(folder)))
    with pytest.raises(ModelError, match="cannot be read"):
        EntailmentGuard(EntailmentSettings(str(tmp_path / "nowhere")))


def test_the_settings_choose_the_guard(checkpoint: Path) -> None:
    values = {"language_model": {"model": "m"}, "entailment": {"model": str(checkpoint), "device": "cpu"}}
    config = build(ParaphraseConfig, values, "recipe.yaml")
    assert isinstance(config.guard(), EntailmentGuard)
    assert config.bounds()["entailment"] == {"model": str(checkpoint), "revision": None, "threshold": 0.5}
    plain = ParaphraseConfig(LanguageModelSettings("m"))
    assert "entailment" not in plain.bounds()
    assert reason_against(ORIGINAL, VARIATION, plain, plain.guard()) == "addition"
    with pytest.raises(ConfigError, match=r"entailment\.threshold is 2; expected a number from 0 to 1"):
        EntailmentSettings("m", threshold=2)
