"""Language models: a tiny local one through the same code as real ones, and servers that fail in every way."""

from __future__ import annotations

import logging
import os
import pickle
import socket
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.fixtures.chat_model import NO_SYSTEM_TEMPLATE, make_chat_model
from tests.fixtures.chat_server import HANG_UP, SILENCE, ChatServer, Say, chat_server

from blip2idc.chat_client import Reply, read_answer
from blip2idc.errors import ConfigError, ModelError
from blip2idc.synthesis.language_models import language_model
from blip2idc.synthesis.language_models.causal import Sampler
from blip2idc.synthesis.language_models.language_model import (
    Answer,
    LanguageModelSettings,
    LocalLanguageModel,
    Prompt,
    ServerLanguageModel,
)

KEY = "sk-secret-0123456789"
PROMPTS = [Prompt("You write.", f"The dog {'and the cat ' * index}", seed=index) for index in range(11)]


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [
        name for name in os.environ if name.startswith("OPENAI_") or name.lower().endswith("_proxy")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


# settings


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"model": " "}, "model"),
        ({"model": "m", "max_tokens": 0}, "max_tokens"),
        ({"model": "m", "batch_size": 0}, "batch_size"),
        ({"model": "m", "attempts": 0}, "attempts"),
        ({"model": "m", "parallel": 0}, "parallel"),
        ({"model": "m", "temperature": -0.1}, "temperature"),
        ({"model": "m", "temperature": float("nan")}, "temperature"),
        ({"model": "m", "top_p": 0.0}, "top_p"),
        ({"model": "m", "timeout": 0.0}, "timeout"),
        ({"model": "m", "base_url": "http://127.0.0.1/v1"}, "base_url"),
        ({"model": "m", "server": True, "revision": "abc"}, "revision"),
        ({"model": "m", "server": True, "device": "cpu"}, "device"),
        ({"model": "m", "server": True, "dtype": "float32"}, "dtype"),
        ({"model": "m", "server": True, "base_url": "127.0.0.1:8000"}, "base_url"),
        ({"model": "m", "server": True, "base_url": "http://h:99999/v1"}, "base_url"),
        ({"model": "m", "server": True, "base_url": "file:///etc/passwd"}, "base_url"),
    ],
)
def test_contradictions_are_refused(given: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=rf"^{named} "):
        LanguageModelSettings(**given)


@pytest.mark.parametrize("url", ["http://me:hunter2@127.0.0.1/v1", "http://127.0.0.1/v1?key=hunter2"])
def test_an_address_with_a_secret_is_refused_without_repeating_it(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="base_url carries") as told:
        LanguageModelSettings("m", server=True, base_url=url)
    assert "hunter2" not in str(told.value)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL carries") as told:
        LanguageModelSettings("m", server=True).load()
    assert "hunter2" not in "".join(traceback.format_exception(told.value))


def test_settings_say_what_decides_the_answers_and_nothing_else() -> None:
    local = LanguageModelSettings("owner/name", revision="abc", batch_size=3)
    assert local.describe() == {
        "kind": "local",
        "model": "owner/name",
        "temperature": 0.7,
        "top_p": 0.95,
        "max_tokens": 80,
        "revision": "abc",
        "dtype": "auto",
    }
    server = LanguageModelSettings("m", server=True, base_url="http://192.0.2.1:8000/v1")
    assert server.describe()["kind"] == "server"
    assert "192.0.2.1" not in repr(server.describe()) + repr(server)
    assert pickle.loads(pickle.dumps(server)) == server


def test_loading_settings_leaves_heavy_libraries_alone() -> None:
    heavy = "{'torch', 'openai', 'transformers'}"
    code = f"import sys, blip2idc.synthesis.language_models.language_model; print({heavy} & set(sys.modules))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "set()"


# the local model


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_chat_model(tmp_path_factory.mktemp("chat"))


def local(folder: Path, rows: int | None = None, **settings: Any) -> LocalLanguageModel:
    """The model; with `rows`, in batches as on a GPU."""
    settings = {"max_tokens": 12, "device": "cpu", "dtype": "float32", **settings}
    model = LocalLanguageModel(LanguageModelSettings(str(folder), **settings))
    assert model._rows == 1
    model._rows = rows or model._rows
    return model


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Kernels of a CPU compute each row of a batch alike only where a single thread computes all of them."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_answers_do_not_depend_on_neighbours_or_their_order(checkpoint: Path) -> None:
    model = local(checkpoint, batch_size=4)
    together = model.answer(PROMPTS)
    assert all(answer.text for answer in together)
    assert len({answer.text for answer in together}) == len(PROMPTS)
    assert model.answer(PROMPTS[::-1]) == together[::-1]
    assert [model.answer([prompt])[0] for prompt in PROMPTS] == together
    assert model.answer([]) == []


@pytest.mark.usefixtures("one_thread")
def test_scores_in_batches_are_the_same_bits_alone_and_among_others(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shapes: set[tuple[int, int]] = set()
    seen: dict[int, list[bytes]] = {}

    class Recording(Sampler):
        def __init__(self, seeds: Sequence[int], temperature: float, top_p: float) -> None:
            super().__init__(seeds, temperature, top_p)
            self.seeds = seeds

        def __call__(self, input_ids: Any, scores: Any) -> Any:
            shapes.add((len(scores), input_ids.shape[1] % 32))
            for seed, row in zip(self.seeds, scores, strict=True):
                seen.setdefault(seed, []).append(row.numpy().tobytes())
            return super().__call__(input_ids, scores)

    monkeypatch.setattr(language_model, "Sampler", Recording)
    model = local(checkpoint, rows=4, max_tokens=4)
    model.answer(PROMPTS)
    among = {seed: set(rows) for seed, rows in seen.items()}
    assert shapes == {(4, tokens) for tokens in range(4)}
    for prompt in PROMPTS:
        seen.clear()
        model.answer([prompt])
        assert set(seen[prompt.seed]) == among[prompt.seed]
    assert not among[0] & among[1]


def test_a_generator_for_all_rows_would_be_found_out(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Shared(Sampler):
        def __init__(self, seeds: Sequence[int], temperature: float, top_p: float) -> None:
            super().__init__(seeds, temperature, top_p)
            self._generators = self._generators[:1] * len(self._generators)

    monkeypatch.setattr(language_model, "Sampler", Shared)
    model = local(checkpoint, rows=4)
    assert model.answer(PROMPTS[::-1]) != model.answer(PROMPTS)[::-1]


def test_the_seed_decides_and_nothing_else_does(checkpoint: Path) -> None:
    model = local(checkpoint)
    prompts = [Prompt("s", "u", seed=seed) for seed in (1, 2, 1)]
    torch.manual_seed(5)
    one, other, again = model.answer(prompts)
    assert one == again
    assert one != other
    torch.manual_seed(6)
    assert model.answer(prompts) == [one, other, again]


def test_temperature_0_takes_the_likeliest_tokens_in_batches_as_alone(checkpoint: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    answers = local(checkpoint, temperature=0.0, rows=4).answer(PROMPTS)
    assert answers != local(checkpoint, rows=4).answer(PROMPTS)
    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    network: Any = AutoModelForCausalLM.from_pretrained(checkpoint)
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        messages = [{"role": "system", "content": prompt.system}, {"role": "user", "content": prompt.user}]
        ids = tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_tensors="pt")[
            "input_ids"
        ]
        for _ in range(12):  # without padding, batches, caches or generate
            token = network(ids, use_cache=False).logits[0, -1].argmax()
            ids = torch.cat([ids, token[None, None]], 1)
            if token == tokenizer.eos_token_id:
                break
        assert tokenizer.decode(ids[0], skip_special_tokens=True).endswith(answer.text or "?")


def test_sampling_follows_the_probabilities() -> None:
    chances = torch.tensor([0.5, 0.3, 0.15, 0.05])
    scores = chances.log().expand(4000, 4)
    drawn = Sampler(range(4000), 1.0, 1.0)(None, scores)
    assert torch.isfinite(drawn).sum(-1).eq(1).all()
    found = torch.bincount(drawn.argmax(-1), minlength=4) / 4000
    assert torch.allclose(found, chances, atol=0.03)
    # the nucleus of 0.75 are the first two tokens
    cut = torch.bincount(Sampler(range(4000), 1.0, 0.75)(None, scores).argmax(-1), minlength=4) / 4000
    assert torch.allclose(cut, torch.tensor([0.625, 0.375, 0, 0]), atol=0.03)
    cold = Sampler(range(4000), 0.5, 1.0)(None, scores).argmax(-1)
    assert torch.allclose(
        torch.bincount(cold, minlength=4) / 4000, chances**2 / (chances**2).sum(), atol=0.03
    )


def test_a_prompt_too_long_for_the_model_has_a_fault_and_stops_no_other(tmp_path: Path) -> None:
    model = local(make_chat_model(tmp_path, max_position_embeddings=64))
    short, long = Prompt("s", "u", seed=1), Prompt("s", "the dog " * 200, seed=1)
    answers = model.answer([long, short])
    assert answers[0].text is None
    assert "window of 64" in (answers[0].fault or "")
    assert answers[1] == model.answer([short])[0] != Answer(None)


@pytest.mark.parametrize("template", [None, NO_SYSTEM_TEMPLATE])
def test_models_without_a_chat_or_a_system_role_answer_too(tmp_path: Path, template: str | None) -> None:
    model = local(make_chat_model(tmp_path, template=template))
    text = model._tokenizer.decode(model._tokens(Prompt("Be short.", "A dog")))
    plain = "Be short.\n\nA dog"
    assert text == (f"{plain}\n" if template is None else f"<|user|>{plain}<|end|><|assistant|>")
    assert model.answer([Prompt("Be short.", "A dog")])[0].text


def test_models_that_cannot_be_loaded(tmp_path: Path, checkpoint: Path) -> None:
    with pytest.raises(ModelError, match="no such folder"):
        LanguageModelSettings(str(tmp_path / "nowhere")).load()
    with pytest.raises(ModelError, match="the hub cannot be reached"):
        LanguageModelSettings("nobody/nothing").load()
    with pytest.raises(ModelError, match="cannot be read in the folder"):
        LanguageModelSettings(str(tmp_path)).load()
    with pytest.raises(ConfigError, match="device"):
        LanguageModelSettings(str(checkpoint), device="abacus").load()


def test_pickled_weights_are_not_read(tmp_path: Path) -> None:
    folder = make_chat_model(tmp_path)
    (folder / "model.safetensors").unlink()
    torch.save({"model.norm.weight": torch.ones(48)}, folder / "pytorch_model.bin")
    with pytest.raises(ModelError, match="safetensors"):
        local(folder)


def test_missing_weights_are_told(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = make_chat_model(tmp_path)
    weights = load_file(folder / "model.safetensors")
    del weights["model.norm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are missing .*model\.norm\.weight"):
        local(folder)


# servers


@pytest.fixture(autouse=True)
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Pauses between attempts, which the official client makes; counted instead of made."""
    taken: list[float] = []
    monkeypatch.setattr("openai._base_client.time.sleep", taken.append)
    return taken


def served(server: ChatServer | str, **settings: Any) -> ServerLanguageModel:
    url = server if isinstance(server, str) else server.url
    settings = {"server": True, "base_url": url, "timeout": 20.0, "parallel": 1, **settings}
    return ServerLanguageModel(LanguageModelSettings("m", **settings))


def test_what_a_server_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_server(Say("Add a hat")) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        model = LanguageModelSettings("m", server=True, temperature=0.3, max_tokens=7).load()
        assert model.answer([Prompt("S", "U", seed=2**40 + 5)]) == [Answer("Add a hat")]
        assert server.asked == [
            {
                "path": "/v1/chat/completions",
                "model": "m",
                "messages": [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}],
                "temperature": 0.3,
                "top_p": 0.95,
                "max_tokens": 7,
                "seed": 5,
            }
        ]
        assert server.keys == [f"Bearer {KEY}"]


def test_a_server_on_this_machine_needs_no_key_another_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    with chat_server(Say("Add a hat")) as server:
        assert served(server).answer([Prompt("S", "U")])[0].text == "Add a hat"
        assert KEY not in server.keys[0]
    for url in ("http://192.0.2.1/v1", None):
        with pytest.raises(ConfigError, match="OPENAI_API_KEY is not set"):
            LanguageModelSettings("m", server=True, base_url=url).load()


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 529])
def test_passing_troubles_are_waited_for(status: int, naps: list[float]) -> None:
    with chat_server(Say(status=status), Say(status=status), Say("Add a hat")) as server:
        assert served(server).answer([Prompt("S", "U", seed=3)]) == [Answer("Add a hat")]
        assert [body["seed"] for body in server.asked] == [3, 3, 3]
    first, second = naps
    assert 0 < first <= second / 1.5


@pytest.mark.parametrize(
    ("said", "waited"),
    [("7", 7.0), ("0", None), ("-5", None), ("nan", None), ("soon", None)],
)
def test_the_wait_that_a_server_asks_for_is_kept(said: str, waited: float | None, naps: list[float]) -> None:
    with chat_server(Say(status=429, headers={"Retry-After": said}), Say("Add a hat")) as server:
        assert served(server).answer([Prompt("S", "U")])[0].text == "Add a hat"
    assert naps == [waited] if waited is not None else 0 < naps[0] <= 1


def test_a_server_that_asks_for_an_hour_is_not_waited_for(naps: list[float]) -> None:
    with chat_server(Say(status=429, headers={"Retry-After": "3600"}, error="no more today")) as server:
        (answer,) = served(server).answer([Prompt("S", "U")])
    assert answer.text is None
    assert (answer.fault or "").startswith("the server answered 429 (no more today)")
    assert sum(naps) < 60


GARBAGE = [
    Say(body=b"<html>busy</html>", headers={"Content-Type": "text/html"}),
    Say(body=b"{broken"),
    Say(body=b"[" * 100_000),
    Say(body=b'{"choices": []}'),
    Say(body=b'{"choices": [{"message": null}]}'),
    Say(body=b'{"choices": "none", "error": {"message": "busy"}}'),
    Say(body=b"null"),
    Say(body=b"\xff\xfe"),
    Say(body=b"x" * 1_500_000),
    Say(body=b"{}", headers={"Content-Encoding": "gzip"}),
    Say(content=None),
    Say(content="  \n "),
    Say(content={"text": "Add"}),
]


@pytest.mark.parametrize("say", GARBAGE, ids=range(len(GARBAGE)))
def test_what_is_no_answer_is_asked_again_with_another_seed(say: Say) -> None:
    with chat_server(say, Say("Add a hat")) as server:
        assert served(server).answer([Prompt("S", "U", seed=3)]) == [Answer("Add a hat")]
        assert [body["seed"] for body in server.asked] == [3, 4]


def test_a_response_is_read_up_to_a_limit_only() -> None:
    with chat_server(Say(body=b"x" * 1_500_000)) as server:
        (answer,) = served(server, attempts=2).answer([Prompt("S", "U")])
    assert answer.fault == "the server sent more than 1,000,000 bytes at the last of 2 attempts"
    with chat_server(Say(status=500, body=b"x" * 1_500_000)) as server:
        (answer,) = served(server, attempts=1).answer([Prompt("S", "U")])
    assert answer.fault == "the server sent more than 1,000,000 bytes"


def test_a_closed_connection_and_silence_are_tried_again() -> None:
    with chat_server(HANG_UP, SILENCE, Say("Add a hat")) as server:
        assert served(server, timeout=0.5).answer([Prompt("S", "U")])[0].text == "Add a hat"
        assert len(server.asked) == 3


def test_the_fault_is_told_after_the_last_attempt(naps: list[float]) -> None:
    with chat_server(Say(status=429, error="slow down")) as server:
        assert served(server).answer([Prompt("S", "U")]) == [
            Answer(None, "the server answered 429 (slow down) at the last of 5 attempts")
        ]
        assert len(server.asked) == 5
    assert len(naps) == 4
    # attempts that fail in different ways count together
    with chat_server(Say(status=500), Say(content=None), Say(status=500), HANG_UP) as server:
        (answer,) = served(server, attempts=4).answer([Prompt("S", "U", seed=3)])
        assert [body["seed"] for body in server.asked] == [3, 3, 4, 4]
    assert answer.fault == "the server could not be reached at the last of 4 attempts"


@pytest.mark.parametrize("status", [400, 404, 422, 307])
def test_requests_that_a_server_does_not_take_are_not_repeated(status: int) -> None:
    say = Say(status=status, error=f"no\nmodel m for {KEY}", headers={"Location": "http://127.0.0.1:1/"})
    with chat_server(say) as server:
        (answer,) = served(server).answer([Prompt("S", "U")])
        assert len(server.asked) == 1
    assert answer == Answer(None, f"the server answered {status} (no model m for ***)")


def test_a_filtered_answer_is_no_answer() -> None:
    with chat_server(Say(content="Add a", reason="content_filter")) as server:
        (answer,) = served(server).answer([Prompt("S", "U")])
        assert len(server.asked) == 1
    assert answer == Answer(None, "the server's content filter held the answer back")


def test_answers_in_parts_and_refusals_are_read() -> None:
    parts = b'{"choices": [{"message": {"content": [{"type": "text", "text": "Add "}, {"text": "a hat"}]}}]}'
    assert read_answer(parts).text == "Add a hat"
    refusal = read_answer(b'{"choices": [{"message": {"content": null, "refusal": "No."}}]}')
    assert (refusal.fault, refusal.malformed) == ("the model refused to answer", False)


def test_the_new_name_of_the_limit_is_used_where_the_old_one_is_not_known() -> None:
    say = Say(status=400, error="Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.")
    with chat_server(say, Say("Add a hat")) as server:
        model = served(server, max_tokens=9)
        assert [answer.text for answer in model.answer([Prompt("S", "U")] * 2)] == ["Add a hat"] * 2
        limits = [
            {key: value for key, value in body.items() if key.startswith("max")} for body in server.asked
        ]
    assert limits == [{"max_tokens": 9}, {"max_completion_tokens": 9}, {"max_completion_tokens": 9}]


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_not_accepted_ends_it_and_is_shown_nowhere(
    status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with chat_server(Say(status=status, error=f"Incorrect API key provided: {KEY}")) as server:
        model = served(server)
        with pytest.raises(ConfigError, match=r"^OPENAI_API_KEY is not accepted by the server") as told:
            model.answer([Prompt("S", "U")] * 20)
        assert len(server.asked) == 1
    assert caplog.records
    shown = "".join(traceback.format_exception(told.value)) + caplog.text + repr(vars(model)) + repr(model)
    assert KEY not in shown + repr(model.describe()) + repr(vars(model._client))


@pytest.mark.parametrize("key", ["sk secret", "sk-\nsecret", "sk-sécret"])
def test_a_key_that_no_header_can_carry_is_refused_unseen(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", key)
    with pytest.raises(ConfigError, match="OPENAI_API_KEY holds") as told:
        served("http://127.0.0.1:1/v1")
    assert (
        "cret"
        not in "".join(traceback.format_exception(told.value))
        .replace("secret-", "")
        .partition("ConfigError")[2]
    )


def test_many_prompts_at_a_time_keep_their_order() -> None:
    with chat_server(Say("Add a hat")) as server:
        echo = served(server, parallel=4)
        echo._client.ask = lambda messages, seed, attempts: Reply(text=messages[1]["content"])  # type: ignore
        prompts = [Prompt("S", str(number)) for number in range(50)]
        assert [answer.text for answer in echo.answer(prompts)] == [prompt.user for prompt in prompts]


def test_patience_ends_where_no_server_is_and_comes_back_with_it() -> None:
    with chat_server(HANG_UP) as server:
        model = served(server, attempts=4)
        prompts = [Prompt("S", name) for name in "abcde"]
        faults = [answer.fault for answer in model.answer(prompts)]
        fault = "the server could not be reached"
        assert faults == [f"{fault} at the last of 4 attempts"] * 3 + [fault] * 2
        asked = [body["messages"][1]["content"] for body in server.asked]
        assert [asked.count(name) for name in "abcde"] == [4, 4, 4, 1, 1]
        server.script[:] = [Say("Add a hat")]
        model.answer(prompts[:1])
        server.script[:], server.asked[:] = [HANG_UP], []
        model.answer(prompts[:1])
        assert len(server.asked) == 4


def test_no_server_at_all_is_a_fault() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        (answer,) = served(url, attempts=2).answer([Prompt("S", "U")])
    assert answer.fault == "the server could not be reached at the last of 2 attempts"


# a real server


@pytest.fixture
def transformers_serve(checkpoint: Path, tmp_path: Path) -> Iterator[str]:
    for package in ("fastapi", "uvicorn", "pydantic", "openai.types.responses"):
        pytest.importorskip(package, reason="the server of transformers needs it")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["-m", "transformers.cli.transformers", "serve", str(checkpoint)]
    options = ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu", "--dtype", "float32"]
    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, *command, *options],
        stdout=log,
        stderr=log,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)},
    )
    try:
        for _ in range(240):
            assert process.poll() is None, (tmp_path / "log").read_text()
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=5).close()
                break
            except OSError:
                time.sleep(0.5)
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        process.wait(30)
        log.close()


@pytest.mark.slow
def test_the_server_of_transformers_answers(transformers_serve: str, checkpoint: Path) -> None:
    settings = LanguageModelSettings(
        str(checkpoint), server=True, base_url=transformers_serve, max_tokens=12, parallel=1, attempts=2
    )
    model = settings.load()
    one, other, again = model.answer([Prompt("You write.", "The dog", seed=seed) for seed in (1, 2, 1)])
    assert one.text
    assert one == again
    assert one != other
    wrong = LanguageModelSettings("nobody/nothing", server=True, base_url=transformers_serve).load()
    (answer,) = wrong.answer([Prompt("S", "U")])
    assert answer.text is None
    assert (answer.fault or "").startswith("the server answered 400 (")
