"""What the options of several commands accept, and the captioner they ask for."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.fixtures.checkpoints import opt_checkpoint as opt_checkpoint

from blip2idc.cli import options
from blip2idc.errors import ConfigError
from blip2idc.images.joint import JointLayout


def test_layouts() -> None:
    assert options.parse_layout(None) is None
    assert options.parse_layout("vertical") == JointLayout()
    assert options.parse_layout("vertical:224x448") == JointLayout("vertical", height=448, width=224)
    for wrong in ("diagonal", "vertical:", "vertical:1x", "vertical:999999x999999"):
        with pytest.raises(ConfigError, match="expected vertical or horizontal"):
            options.parse_layout(wrong)


def test_sizes_and_lists() -> None:
    assert options.parse_size(" 320X160 ") == (320, 160)
    assert options.parse_list("a, b,,") == ("a", "b")
    for wrong in ("320", "320x", "-1x5", "1000000x1"):
        with pytest.raises(ConfigError, match="width x height"):
            options.parse_size(wrong)


def test_methods() -> None:
    assert options.parse_method("gradient-cross-attention") == "gradient_cross_attention"
    assert options.parse_method(None) is None, "the captioner chooses"
    with pytest.raises(ConfigError, match="--method is 'saliency'; expected cross-attention, "):
        options.parse_method("saliency")


def test_a_pair_or_a_data_set() -> None:
    image, data, output = Path("a.png"), Path("data"), ("--output", Path("out.json"))
    options.check_pair_or_data("caption", image, image, None, ("--output", None))
    options.check_pair_or_data("caption", None, None, data, output)
    for arguments, sentence in (
        ((None, None, None, ("--output", None)), "expected two images"),
        ((image, image, data, output), "not both"),
        ((image, None, None, ("--output", None)), "only one image"),
        ((None, None, data, ("--output", None)), "--data and --output go together"),
        ((image, image, None, output), "--data and --output go together"),
    ):
        with pytest.raises(ConfigError, match=f"^caption: .*{sentence}"):
            options.check_pair_or_data("caption", *arguments)


def test_the_options_of_a_command_win_over_the_file_and_lose_against_set() -> None:
    assert options.overrides({"seed": 1, "model": None}, ["seed=2"]) == ["seed=1", "seed=2"]


def test_no_adapter(opt_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The word `none` is the backbone alone, with every backbone, and wherever a captioner is loaded."""
    captioner = options.load_captioner(str(opt_checkpoint), "none", layout="horizontal:64x32", device="cpu")
    assert captioner.describe()["adapter"] is None
    assert captioner.settings.layout == JointLayout("horizontal", height=32, width=64)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    options.load_captioner(str(opt_checkpoint), "none", device="cpu", announce=False)
    assert capsys.readouterr().err == ""


def test_texts_that_yaml_would_take_for_something_else() -> None:
    given = {"model": "a: b", "name": "null", "gone": options.NULL, "count": None, "share": 0.5}
    assert options.overrides(given, []) == ['model="a: b"', 'name="null"', "gone=null", "share=0.5"]


@pytest.mark.parametrize(
    ("device", "dtype", "sentence"),
    [
        ("tpu", "auto", "--device is 'tpu'; expected auto, cpu"),
        ("cuda:-1", "auto", "--device is 'cuda:-1'"),
        ("", "auto", "--device is ''"),
        ("cpu\n", "auto", "--device is"),
        ("auto", "int2", "--dtype is 'int2'; expected auto, float32, bfloat16, float16, int8 or int4"),
    ],
)
def test_devices_and_types_that_there_are_none_of(device: str, dtype: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        options.check_machine(device, dtype)
    assert str(caught.value).startswith(sentence)
