"""The web page and the API, drawn with gradio.

In: a `DifferenceService` and `AppSettings`. Out: a running server. It listens on this machine only unless told
otherwise, takes files up to a limit, queues a bounded number of requests, and asks no other server for anything: no
analytics, no share link, no fonts; addresses instead of files are refused, so that nobody can make it fetch one.
"""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from blip2idc.app.batching import BusyError
from blip2idc.app.guard import AllowedHosts, Guard
from blip2idc.app.service import Answer, DifferenceService
from blip2idc.app.settings import AppSettings, free_port
from blip2idc.errors import Blip2idcError, MissingExtraError
from blip2idc.report.html.page import percent

TITLE = "What changed?"
SENTENCE = -1  # the choice of the whole sentence among the words
_STATE_SECONDS = 1800  # how long a visitor's last answer is kept for choosing words
_SESSIONS = 100  # visitors whose answers are kept
_CACHE_SECONDS = 3600  # how long uploaded and returned pictures stay on disk
_EXAMPLES_A_PAGE = 6
_AT_ONCE = 32  # requests that are opened or wait for the model; gradio has threads for 40


@contextmanager
def running(service: DifferenceService, settings: AppSettings) -> Iterator[str]:
    """Serve until the block ends.

    Yields:
        Address of the page.

    Raises:
        MissingExtraError: gradio is not installed.
        ConfigError: The port is taken, or the address is not one of this machine.
    """
    with tempfile.TemporaryDirectory(prefix="blip2idc-app-", ignore_cleanup_errors=True) as uploads:
        os.environ["GRADIO_TEMP_DIR"] = uploads  # uploaded images are gone when the server is
        os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
        page = build_page(service, settings)
        from blip2idc.app.api import routes  # after gradio, which brings what it needs

        allowed = AllowedHosts(settings.host, settings.allow_hosts)
        try:
            _, address, _ = page.launch(
                server_name=settings.host,
                server_port=settings.port or free_port(settings.host),
                max_file_size=settings.max_upload_mb * 1024**2,
                state_session_capacity=_SESSIONS,
                theme=_theme(),
                css=_STYLE,
                footer_links=["api"],
                share=False,
                inbrowser=False,
                ssr_mode=False,
                pwa=False,
                mcp_server=False,
                enable_monitoring=False,
                quiet=True,
                prevent_thread_lock=True,
                app_kwargs={
                    "middleware": [_middleware(allowed)],
                    "routes": routes(service, settings.max_upload_mb),
                },
            )
        except OSError as error:
            raise settings.cannot_listen(error) from None
        # Also around what gradio puts around its application: it answers other pages by itself.
        page.app.middleware_stack = Guard(page.app.middleware_stack, allowed)
        try:
            yield address
        finally:
            page.close(verbose=False)
            service.close()


def _middleware(allowed: AllowedHosts) -> Any:
    from starlette.middleware import Middleware

    return Middleware(Guard, allowed=allowed)


def build_page(service: DifferenceService, settings: AppSettings) -> Any:
    """Lay the page out and name the API's endpoints; see `running`."""
    gradio = import_gradio()
    with gradio.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(_CACHE_SECONDS, _CACHE_SECONDS)
    ) as page:
        gradio.HTML(f"<h1>{TITLE}</h1><p>{_introduction(service)}</p>", elem_id="introduction")
        with gradio.Row():
            before, after = _upload(gradio, "before"), _upload(gradio, "after")
        ask = gradio.Button(TITLE, variant="primary", elem_id="ask")
        found = gradio.HTML(elem_id="answer")
        words = gradio.Radio([], label="Where it looked for", elem_id="words", visible=False)
        with gradio.Row():
            pictures = [
                gradio.Image(
                    label=f"where it looked, {role}", elem_id=f"heat-{role}", interactive=False,
                    format="jpeg", visible=False, buttons=["download", "fullscreen"],
                )
                for role in ("before", "after")
            ]  # fmt: skip
        if settings.examples:
            gradio.Examples(
                [[str(path) for path in pair] for pair in settings.examples],
                [before, after],
                examples_per_page=_EXAMPLES_A_PAGE,
                cache_examples=False,
                api_visibility="private",
            )
        last = gradio.State(time_to_live=_STATE_SECONDS)
        handlers = _Handlers(gradio, service)
        model = {"concurrency_limit": _AT_ONCE, "concurrency_id": "model"}
        ask.click(
            handlers.ask, [before, after], [found, words, *pictures, last], api_visibility="private", **model
        )
        words.input(
            handlers.choose, [words, last], pictures, api_visibility="private", show_progress="hidden"
        )
        _add_api(gradio, handlers, [before, after], model)
    page.queue(max_size=settings.queue, api_open=False)
    _refuse_other_inputs(gradio, page)
    return page


def _refuse_other_inputs(gradio: Any, page: Any) -> None:
    """Have inputs that are not what the page sends answered with a sentence; gradio's own answer is a traceback."""
    preprocess = page.preprocess_data

    async def checked(*arguments: Any, **options: Any) -> Any:
        try:
            return await preprocess(*arguments, **options)
        except gradio.Error:
            raise
        except Exception:  # whatever the library stumbles over, it is the input that is wrong
            raise gradio.Error(
                "expected two uploaded images, before and after, as the page of the API describes them",
                print_exception=False,
            ) from None

    page.preprocess_data = checked


def _add_api(gradio: Any, handlers: _Handlers, inputs: list[Any], model: dict[str, Any]) -> None:
    """The two endpoints for programs, behind buttons that nobody sees."""
    answer = gradio.JSON(visible=False, label="answer")
    pictures = [
        gradio.Image(visible=False, format="png", label=f"heatmap on the image {role}")
        for role in ("before", "after")
    ]
    gradio.Button(visible=False).click(
        handlers.caption,
        inputs,
        answer,
        api_name="caption",
        api_description="What changed, as JSON.",
        **model,
    )
    gradio.Button(visible=False).click(
        handlers.explain,
        inputs,
        [answer, *pictures],
        api_name="explain",
        api_description="What changed, as JSON, and both images with the heatmap of the sentence.",
        **model,
    )


class _Handlers:
    """What happens on each event; a refused image becomes gradio's own kind of error, with the same sentence."""

    def __init__(self, gradio: Any, service: DifferenceService) -> None:
        self.gradio = gradio
        self.service = service

    def ask(self, before: str | None, after: str | None) -> tuple[Any, ...]:
        """Values of the verdict, the words, both pictures and the state."""
        answer = self._answer(before, after)
        choices = [("the sentence", SENTENCE)]
        choices += [(word, number) for number, word in enumerate(answer.words)]
        words = self.gradio.Radio(choices, value=SENTENCE, visible=True)
        pictures = [self.gradio.Image(picture, visible=True) for picture in answer.pictures()]
        return (answer_html(answer), words, *pictures, answer)

    def choose(self, word: int | None, answer: Answer | None) -> tuple[Any, Any]:
        """Both pictures for a word of the last answer."""
        if answer is None:
            raise self.gradio.Error("the answer was forgotten; ask again", print_exception=False)
        if word in (None, SENTENCE):
            return answer.pictures()
        if not isinstance(word, int) or not 0 <= word < len(answer.words):
            raise self.gradio.Error("expected one of the words", print_exception=False)
        return answer.pictures(word)

    def caption(self, before: str | None, after: str | None) -> dict[str, Any]:
        """The answer as JSON."""
        return self._answer(before, after, heatmaps=False).to_dict()

    def explain(self, before: str | None, after: str | None) -> tuple[Any, ...]:
        """The answer as JSON, and both pictures."""
        answer = self._answer(before, after)
        return (answer.to_dict(), *answer.pictures())

    def _answer(self, before: str | None, after: str | None, *, heatmaps: bool = True) -> Answer:
        try:
            return self.service.answer(before, after, heatmaps=heatmaps)
        except Blip2idcError as error:
            sentence = html.escape(str(error), quote=False)  # gradio shows it as HTML
            title = "Not now" if isinstance(error, BusyError) else "Not this image"
            raise self.gradio.Error(sentence, duration=None, title=title, print_exception=False) from None


def answer_html(answer: Answer) -> str:
    """Caption, verdict and probability as a piece of HTML."""
    difference = answer.difference
    kind = "changed" if difference.changed else "same"
    verdict = "changed" if difference.changed else "no change"
    width = round(100 * difference.change_probability, 1)
    changes = "".join(f"<li>{html.escape(change.in_words())}</li>" for change in difference.changes)
    return (
        f'<p class="caption">{html.escape(difference.caption) or "The model said nothing."}</p>'
        f'<p class="verdict {kind}"><b>{verdict}</b><span class="meter"><i style="width: {width}%"></i></span>'
        f"{html.escape(percent(difference.change_probability))} probability of change</p>"
        f"{f'<ol class=changes>{changes}</ol>' if changes else ''}"
    )


def require_gradio() -> None:
    """Check that gradio is there, without the seconds that importing it takes.

    Raises:
        MissingExtraError: It is not installed.
    """
    from importlib.util import find_spec

    try:
        found = find_spec("gradio")
    except ValueError:  # a module that has been made unavailable
        found = None
    if found is None:
        raise MissingExtraError("app", "the web page")


def import_gradio() -> Any:
    """The gradio package.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import gradio
    except ImportError:
        raise MissingExtraError("app", "the web page") from None
    return gradio


def _upload(gradio: Any, role: str) -> Any:
    """A place for one image that hands over the uploaded file as it is, and takes nothing but uploaded files.

    gradio's own would open the image first, with other limits and other sentences, and fetch addresses. Its methods are
    replaced in the object: gradio writes a stub file beside the source of every subclass of a component.
    """
    image = gradio.Image(
        label=role,
        elem_id=role,
        height=280,
        type="filepath",
        sources=["upload", "clipboard"],
        image_mode=None,
    )
    to_cache = image.async_move_resource_to_block_cache

    def path_of(payload: Any) -> str | None:
        if payload is None:
            return None
        if payload.path is None:
            raise gradio.Error("an image file has to be uploaded", print_exception=False)
        return str(payload.path)

    async def uploaded_only(source: Any) -> Any:
        if str(source).lower().startswith(("http:", "https:")):
            raise gradio.Error("addresses are not fetched; upload the image itself", print_exception=False)
        if not os.path.isfile(str(source)):  # the folder of the uploads would be removed as if it were one
            raise gradio.Error("an image file has to be uploaded", print_exception=False)
        return await to_cache(source)

    image.preprocess = path_of
    image.async_move_resource_to_block_cache = uploaded_only
    return image


def _introduction(service: DifferenceService) -> str:
    facts = service.captioner.describe()
    adapter = f", adapter {facts['adapter']}" if facts["adapter"] else ""
    return (
        "Two images in: what changed between them, how sure the model is, and where it looked. "
        f"Model: {html.escape(str(facts['model']))}{html.escape(str(adapter))}."
    )


def _theme() -> Any:
    fonts = ["system-ui", "sans-serif"]  # names of fonts that are there already: nothing is fetched
    gradio = import_gradio()
    return gradio.themes.Default(font=fonts, font_mono=["ui-monospace", "monospace"], primary_hue="blue")


_STYLE = """
#introduction h1 { font-size: 28px; font-weight: 650; margin: 0 0 4px; } #introduction p { margin: 0; opacity: .75; }
#answer .caption { overflow-wrap: anywhere; font-size: 24px; line-height: 1.35; font-weight: 650; margin: 4px 0 8px; }
#answer .verdict { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin: 0; }
#answer .verdict b { color: #fff; background: var(--tone); border-radius: 99px; padding: 2px 12px; font-size: 14px; }
#answer .changes { margin: 10px 0 0; padding-left: 22px; }
#answer .changed { --tone: #b83a1e; } #answer .same { --tone: #22744c; }
#answer .meter { width: 132px; height: 8px; border-radius: 8px; background: #8884; overflow: hidden; }
#answer .meter i { display: block; height: 100%; background: var(--tone); }
"""
