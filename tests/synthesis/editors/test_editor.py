"""Editors: settings, sizes, the pipeline of diffusers alone and in batches, and what is said when it fails."""

from __future__ import annotations

import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.fixtures.tiny_pix2pix import WARNING, build_tiny_pix2pix, build_tiny_pix2pix_xl

from blip2idc.errors import Blip2idcError, ConfigError, MissingExtraError, ModelError
from blip2idc.synthesis.editors import editor as editor_module
from blip2idc.synthesis.editors.deterministic import EditsEditor
from blip2idc.synthesis.editors.editor import (
    EDITORS,
    DiffusersEditor,
    EditorSettings,
    EditRequest,
    EditResult,
)

pytestmark = pytest.mark.filterwarnings(WARNING)

INSTRUCTIONS = (
    "make it red",
    "blur it",
    "a much longer instruction than the others, to pad them all",
    "turn it into snow",
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_pix2pix(tmp_path_factory.mktemp("pix2pix"))


@pytest.fixture(scope="module")
def loaded(tiny: Path) -> DiffusersEditor:
    return _load(tiny)


def _load(folder: Path, name: str = "instruct-pix2pix", **changes: Any) -> DiffusersEditor:
    values: dict[str, Any] = {"steps": 2, "device": "cpu", "safety_checker": False, **changes}
    editor = EditorSettings(name, model=str(folder), **values).load()
    assert isinstance(editor, DiffusersEditor)
    return editor


def _photograph(seed: int = 0, size: tuple[int, int] = (64, 64)) -> Image.Image:
    small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)


def _requests(count: int = 4, size: tuple[int, int] = (64, 64), **changes: Any) -> list[EditRequest]:
    values: dict[str, Any] = {"guidance": 7.5, "image_guidance": 1.5, **changes}
    return [
        EditRequest(_photograph(index, size), INSTRUCTIONS[index % 4], seed=100 + index, **values)
        for index in range(count)
    ]


def _pixels(result: EditResult) -> np.ndarray:
    assert result.fault is None
    assert result.image is not None
    return np.asarray(result.image, dtype=np.int16)


def _distance(a: EditResult, b: EditResult) -> int:
    return int(np.abs(_pixels(a) - _pixels(b)).max())


def test_importing_the_editors_imports_nothing_heavy() -> None:
    program = (
        "import sys; from blip2idc.synthesis.editors import deterministic, editor;"
        "from blip2idc.synthesis.filters import clip, filters;"
        "from blip2idc.synthesis.editors.editor import EditorSettings;"
        "s = EditorSettings(); s.describe(); s.target_size(640, 480); clip.ClipSettings().describe();"
        "print([name for name in ('torch', 'diffusers', 'transformers') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_the_description_names_weights_revision_and_defaults() -> None:
    assert EditorSettings().describe() == {
        "name": "instruct-pix2pix",
        "pipeline": "StableDiffusionInstructPix2PixPipeline",
        "model": "timbrooks/instruct-pix2pix",
        "revision": "31519b5cb02a7fd89b906d88731cd4d6a7bbf88d",
        "steps": 20,
        "size": 512,
        "dtype": "auto",
        "safety_checker": True,
    }


@pytest.mark.parametrize(
    "change",
    [
        {"model": "someone/else"},
        {"revision": "abc"},
        {"steps": 21},
        {"size": 256},
        {"dtype": "float32"},
        {"safety_checker": False},
        {"name": "flux-kontext"},
    ],
)
def test_everything_that_decides_the_result_is_described(change: dict[str, Any]) -> None:
    assert EditorSettings(**change).describe() != EditorSettings().describe()


def test_the_device_is_not_described() -> None:
    assert EditorSettings(device="cpu").describe() == EditorSettings(device="cuda").describe()


def test_the_pinned_revision_goes_with_its_weights_only() -> None:
    pinned = EDITORS["instruct-pix2pix"].revision
    assert EditorSettings().pinned == pinned
    assert EditorSettings(model="timbrooks/instruct-pix2pix").pinned == pinned
    assert EditorSettings(model="someone/else").pinned is None
    assert EditorSettings(revision="abc").pinned == "abc"


def test_settings_travel_to_other_processes() -> None:
    settings = EditorSettings(size=256)
    assert pickle.loads(pickle.dumps(settings)) == settings


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((640, 480), (512, 384)),
        ((480, 640), (384, 512)),
        ((100, 100), (512, 512)),
        ((1000, 700), (512, 384)),  # 358.4 is nearer to 6 x 64 than to 5 x 64
        ((4000, 10), (512, 64)),
    ],
)
def test_target_sizes_keep_the_aspect_in_multiples_of_64(
    source: tuple[int, int], target: tuple[int, int]
) -> None:
    assert EditorSettings().target_size(*source) == target


@pytest.mark.parametrize("name", list(EDITORS))
def test_target_sizes_are_multiples_that_the_editor_can_do(name: str) -> None:
    settings = EditorSettings(name)
    width, height = settings.target_size(777, 333)
    assert width % settings.spec.multiple == height % settings.spec.multiple == 0
    assert width == settings.spec.size
    assert abs(height / width - 333 / 777) <= settings.spec.multiple / width


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": "pix2pix"}, "editor.name is 'pix2pix'"),
        ({"model": ""}, "editor.model is empty"),
        ({"steps": 0}, "editor.steps is 0"),
        ({"size": 63}, "editor.size is 63"),
        ({"dtype": "half"}, "editor.dtype is 'half'"),
    ],
)
def test_settings_out_of_range_are_named(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        EditorSettings(**change)


def test_the_editor_without_weights_loads() -> None:
    assert isinstance(EditorSettings("edits").load(), EditsEditor)
    assert not EditorSettings("edits").image_guided
    assert EditorSettings().image_guided


def test_an_image_is_edited(loaded: DiffusersEditor) -> None:
    (request,) = _requests(1)
    (result,) = loaded.edit([request])
    assert result.image is not None
    assert result.image.size == (64, 64)
    assert result.image.mode == "RGB"
    assert np.abs(_pixels(result) - np.asarray(request.image, dtype=np.int16)).mean() > 5


def test_nothing_is_edited_when_nothing_is_asked(loaded: DiffusersEditor) -> None:
    assert loaded.edit([]) == []


def test_a_batch_gives_what_its_requests_give_alone(loaded: DiffusersEditor) -> None:
    requests = _requests()
    together = loaded.edit(requests)
    alone = [loaded.edit([request])[0] for request in requests]
    assert [_distance(a, b) <= 2 for a, b in zip(together, alone, strict=True)] == [True] * 4
    assert _distance(together[0], together[1]) > 20  # so that it can fail


def test_the_order_in_a_batch_changes_nothing(loaded: DiffusersEditor) -> None:
    requests = _requests()
    forward, backward = loaded.edit(requests), loaded.edit(requests[::-1])[::-1]
    assert all(_distance(a, b) <= 2 for a, b in zip(forward, backward, strict=True))


@pytest.mark.parametrize(
    "change", [{"seed": 7}, {"guidance": 3.0}, {"image_guidance": 1.1}, {"instruction": "x"}]
)
def test_seed_guidance_and_instruction_decide(loaded: DiffusersEditor, change: dict[str, Any]) -> None:
    (request,) = _requests(1)
    (first,), (again,) = loaded.edit([request]), loaded.edit([request])
    (other,) = loaded.edit([dataclasses.replace(request, **change)])
    assert _distance(first, again) == 0
    assert _distance(first, other) > 2


def test_images_that_are_not_square_keep_their_size(loaded: DiffusersEditor) -> None:
    results = loaded.edit(_requests(2, size=(128, 64)))
    assert [result.image.size for result in results if result.image] == [(128, 64)] * 2


def test_requests_of_unlike_size_or_guidance_are_refused(loaded: DiffusersEditor) -> None:
    one, two = _requests(2)
    with pytest.raises(ValueError, match="size or guidance"):
        loaded.edit([one, dataclasses.replace(two, guidance=3.0)])
    with pytest.raises(ValueError, match="size or guidance"):
        loaded.edit([one, dataclasses.replace(two, image=_photograph(size=(128, 64)))])


def test_the_global_generator_is_left_alone(loaded: DiffusersEditor) -> None:
    import torch

    state = torch.random.get_rng_state()
    loaded.edit(_requests(1))
    assert torch.equal(state, torch.random.get_rng_state())


@pytest.mark.parametrize(("flags", "fault"), [(True, "safety-checker"), (False, None)])
def test_the_safety_checker_has_its_say(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, flags: bool, fault: str | None
) -> None:
    build_tiny_pix2pix(tmp_path, safety_checker=True, flags_everything=flags)
    results = _load(tmp_path, safety_checker=True).edit(_requests(2))
    assert [result.fault for result in results] == [fault] * 2
    assert [result.image is None for result in results] == [flags] * 2
    assert "NSFW" not in caplog.text


def test_the_safety_checker_can_be_left_out(tmp_path: Path) -> None:
    build_tiny_pix2pix(tmp_path, safety_checker=True, flags_everything=True)
    (result,) = _load(tmp_path, safety_checker=False).edit(_requests(1))
    assert result.fault is None


def test_a_safety_checker_that_is_not_there_is_missed_aloud(
    tiny: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (result,) = _load(tiny, safety_checker=True).edit(_requests(1))
    assert result.image is not None
    assert "has no safety checker; images go unchecked" in caplog.text
    caplog.clear()
    _load(tiny, safety_checker=False)
    assert "safety" not in caplog.text


def test_numbers_that_overflow_are_a_fault(tiny: Path) -> None:
    import torch

    editor = _load(tiny)
    torch.nn.init.constant_(editor._pipeline.vae.decoder.conv_out.bias, float("nan"))
    assert [result.fault for result in editor.edit(_requests(2))] == ["black-image"] * 2


def test_the_advice_to_install_torchvision_is_not_shown(tiny: Path, caplog: pytest.LogCaptureFixture) -> None:
    import logging

    logger = logging.getLogger("transformers.utils.import_utils")
    with editor_module._without_advice(), caplog.at_level(logging.WARNING):
        logger.addHandler(caplog.handler)
        logger.warning("`X` requires torchvision (not installed)")
        logger.warning("something else")
    logger.removeHandler(caplog.handler)
    assert "torchvision" not in caplog.text
    assert "something else" in caplog.text


def test_stable_diffusion_xl_edits_in_batches_too(tmp_path: Path) -> None:
    build_tiny_pix2pix_xl(tmp_path)
    editor = _load(tmp_path, "instruct-pix2pix-xl")
    requests = _requests(size=(96, 64))
    together = editor.edit(requests)
    alone = [editor.edit([request])[0] for request in requests]
    assert [_distance(a, b) <= 3 for a, b in zip(together, alone, strict=True)] == [True] * 4
    assert together[0].image is not None
    assert together[0].image.size == (96, 64)
    assert _distance(together[0], together[1]) > 20


@pytest.mark.parametrize("name", [name for name, spec in EDITORS.items() if spec.pipeline])
def test_calls_fit_the_signature_of_the_installed_class(name: str) -> None:
    """Weights of the large editors cannot be built here; that their arguments exist can be seen."""
    import diffusers

    calls: list[dict[str, Any]] = []
    kind = getattr(diffusers, str(EDITORS[name].pipeline))

    class Recorder(kind):  # type: ignore[misc, valid-type]
        def __init__(self) -> None:  # without the parts
            pass

        def __call__(self, **arguments: Any) -> Any:
            inspect.signature(kind.__call__).bind(self, **arguments)
            calls.append(arguments)
            many = arguments["prompt"] if isinstance(arguments["prompt"], list) else [arguments["prompt"]]
            return type("Output", (), {"images": [_photograph()] * len(many)})

    Recorder.__call__.__signature__ = inspect.signature(kind.__call__)  # type: ignore[attr-defined]
    editor = DiffusersEditor.__new__(DiffusersEditor)
    editor._settings = EditorSettings(name)
    editor._pipeline = Recorder()
    image_guidance = 1.5 if editor._settings.image_guided else None
    assert len(editor.edit(_requests(3, image_guidance=image_guidance))) == 3
    assert len(calls) == (1 if EDITORS[name].batched else 3)
    assert calls[0][EDITORS[name].guidance] == 7.5


def test_a_folder_that_is_not_there_is_named() -> None:
    with pytest.raises(ModelError, match=r"^editor\.model '/no/such': no such folder"):
        EditorSettings(model="/no/such").load()


def test_weights_that_cannot_be_fetched_are_named() -> None:
    with pytest.raises(
        ModelError, match=r"editor.model 'timbrooks/instruct-pix2pix': cannot be read from the hub at"
    ):
        EditorSettings().load()


def test_weights_are_found_in_the_cache_of_the_hub(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    import huggingface_hub

    commit = "0123456789abcdef0123456789abcdef01234567"
    kept = tmp_path / "models--someone--tiny"
    shutil.copytree(tiny, kept / "snapshots" / commit)
    (kept / "refs").mkdir()
    (kept / "refs" / "main").write_text(commit)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    newest = EditorSettings(model="someone/tiny", safety_checker=False, steps=1, device="cpu").load()
    assert isinstance(newest, DiffusersEditor)
    assert newest.commit == commit
    (kept / "refs" / "main").unlink()
    pinned = EditorSettings(
        model="someone/tiny", revision=commit, safety_checker=False, steps=1, device="cpu"
    )
    assert pinned.load().edit(_requests(1))[0].fault is None
    with pytest.raises(ModelError, match="at revision 89ab nor from its cache"):
        dataclasses.replace(pinned, revision="89ab").load()


def test_weights_of_another_pipeline_are_refused(tiny: Path) -> None:
    with pytest.raises(
        ModelError, match="is a StableDiffusionInstructPix2PixPipeline; expected a StableDiffusionXL"
    ):
        _load(tiny, "instruct-pix2pix-xl")


def test_pickled_weights_are_not_read(tiny: Path, tmp_path: Path) -> None:
    import shutil

    import torch

    shutil.copytree(tiny, tmp_path / "pickled")
    weights = tmp_path / "pickled" / "unet" / "diffusion_pytorch_model.safetensors"
    weights.unlink()
    torch.save({}, weights.with_suffix(".bin"))
    with pytest.raises(ModelError, match="cannot be read"):
        _load(tmp_path / "pickled")


def test_an_editor_that_the_installed_diffusers_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = dataclasses.replace(EDITORS["flux-kontext"], pipeline="NotYetInvented")
    with pytest.raises(
        ConfigError, match="has no NotYetInvented; it has what these need: instruct-pix2pix, "
    ):
        editor_module._pipeline_class(spec)


def test_without_diffusers_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "diffusers", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'blip2idc\[synthesis\]'"):
        EditorSettings(model="/no/such").load()


@pytest.mark.parametrize(("device", "expected"), [("cpu", "float32"), ("cuda", "float16")])
def test_half_precision_on_a_gpu_only(device: str, expected: str) -> None:
    assert editor_module._choose_half(EditorSettings(), device).value == expected
    assert editor_module._choose_half(EditorSettings(dtype="bfloat16"), device).value == "bfloat16"


def test_every_fault_is_one_sentence(tiny: Path) -> None:
    faults: Sequence[dict[str, Any]] = (
        {"model": "/no/such"},
        {"model": "a/b/c"},
        {"model": str(tiny / "unet")},
    )
    for values in faults:
        with pytest.raises(Blip2idcError) as caught:
            EditorSettings(**values).load()
        assert "\n" not in str(caught.value)


def test_without_an_instruction_the_image_only_goes_through_the_vae(tiny: Path) -> None:
    editor = _load(tiny)
    requests = [dataclasses.replace(request, instruction="") for request in _requests(3)]
    results = editor.edit(requests)
    assert [result.fault for result in results] == [None] * 3
    # neither seed nor guidance have a part in it, and each image is its own
    again = editor.edit([dataclasses.replace(request, seed=request.seed + 1) for request in requests])
    arrays = [np.asarray(result.image, dtype=np.int16) for result in results]
    assert all(
        np.array_equal(array, np.asarray(result.image)) for array, result in zip(arrays, again, strict=True)
    )
    (alone,) = editor.edit(requests[1:2])
    assert np.abs(arrays[1] - np.asarray(alone.image, dtype=np.int16)).max() <= 2
    assert not np.array_equal(arrays[0], arrays[1])
    (edited,) = editor.edit(_requests(1))
    assert not np.array_equal(arrays[0], np.asarray(edited.image))
