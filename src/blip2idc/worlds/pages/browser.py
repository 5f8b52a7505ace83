"""One headless Chromium that stays open: loads a page, changes it by script, photographs it.

In: the address of a page and the size of the window. Out: `[H, W, 3]` uint8 arrays, and what scripts return in plain
JSON values. Needs the extra `[browser]` and the programs chromium and chromedriver.
"""

from __future__ import annotations

import base64
import io
import shutil
import time
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.errors import InputError, MissingExtraError

#: Seconds that a page may take to load.
LOAD_SECONDS = 20

#: Seconds between two looks at a page that still moves, and looks at most.
LOOK_SECONDS = 0.08
LOOKS = 20

_OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # Chromium refuses its sandbox to root, as in most containers
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-device-scale-factor=1",
    "--allow-file-access-from-files",
)

#: Ends animations and loads pictures that wait for being scrolled to.
_STILL = """
const s = document.createElement('style');
s.id = '__still';
s.textContent = '*,*::before,*::after{animation:none!important;transition:none!important;' +
  'caret-color:transparent!important;scroll-behavior:auto!important}';
document.documentElement.append(s);
const all = [...document.images];
for (const i of all) i.loading = 'eager';
const loaded = Promise.all(all.map(i => i.decode().catch(() => 0))).then(() => 0);
const ready = Promise.all([loaded, document.fonts.ready]).then(() => 0);
return Promise.race([ready, new Promise(done => setTimeout(() => done(0), 3000))]);
"""

#: Lets what a page draws by itself go on by two frames, however busy the machine is.
_FRAMES = "return new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(0))));"

#: Ends what the page's own scripts would do later.
_STOP = """
for (let i = setTimeout(() => 0, 0); i > 0; i--) { clearTimeout(i); clearInterval(i); }
for (let i = requestAnimationFrame(() => 0); i > 0; i--) cancelAnimationFrame(i);
window.setTimeout = window.setInterval = window.requestAnimationFrame = () => 0;
for (const v of document.querySelectorAll('video')) v.pause();
"""


def script_of(name: str) -> str:
    """A script that lies beside this module."""
    return files("blip2idc.worlds.pages").joinpath(name).read_text(encoding="utf-8")


class PageBrowser:
    """A browser with one window.

    Raises:
        MissingExtraError: selenium is not installed.
        InputError: There is no Chromium, or it cannot be started.
    """

    def __init__(self) -> None:
        try:
            from selenium import webdriver
            from selenium.common.exceptions import WebDriverException
            from urllib3.exceptions import HTTPError  # of a browser that does not answer, or is gone
        except ImportError:
            raise MissingExtraError("browser", "the world of pages") from None
        self._failure = (WebDriverException, HTTPError)
        options = webdriver.ChromeOptions()
        for option in _OPTIONS:
            options.add_argument(option)
        program = shutil.which("chromium") or shutil.which("google-chrome")
        if program is not None:
            options.binary_location = program
        driver = shutil.which("chromedriver")
        service = webdriver.ChromeService(executable_path=driver) if driver is not None else None
        try:
            self._driver = webdriver.Chrome(options=options, service=service)
        except WebDriverException as error:
            raise InputError(
                f"Chromium cannot be started ({_first_line(error)}); expected the programs chromium and "
                "chromedriver; on Debian run: apt-get install chromium chromium-driver"
            ) from None
        self._driver.set_page_load_timeout(LOAD_SECONDS)
        self._size = (0, 0)
        self._tell("Page.addScriptToEvaluateOnNewDocument", {"source": script_of("freeze.js")})

    def load(self, address: str, width: int, height: int) -> None:
        """Opens a page in a window of `width` x `height` CSS pixels, and stops it when nothing moves any more."""
        try:
            self._set_scale(width, height, 1)
            self._driver.get(address)
        except self._failure as error:
            raise InputError(f"The page {address!r} cannot be opened ({_first_line(error)})") from None
        self.run(_STILL)
        last = self.photograph()
        for _ in range(LOOKS):
            time.sleep(LOOK_SECONDS)
            self.run(_FRAMES)
            now = self.photograph()
            if np.array_equal(last, now):
                break
            last = now
        self.run(_STOP)

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        try:
            return self._driver.execute_script(script, *arguments)
        except self._failure as error:
            raise InputError(f"A script failed in the page ({_first_line(error)})") from None

    def photograph(self) -> NDArray[np.uint8]:
        """The window as it is now, `[H, W, 3]` uint8."""
        shot = self._tell("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
        with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as image:
            return np.asarray(image.convert("RGB"))

    def photograph_finely(self) -> NDArray[np.uint8]:
        """The window as it is now, with twice as many pixels each way: `[2H, 2W, 3]` uint8."""
        width, height = self._size
        self._set_scale(width, height, 2)
        try:
            return self.photograph()
        finally:
            self._set_scale(width, height, 1)

    def _set_scale(self, width: int, height: int, scale: int) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": scale, "mobile": False}
        self._tell("Emulation.setDeviceMetricsOverride", size)
        self._size = (width, height)

    def _tell(self, command: str, arguments: dict[str, Any]) -> Any:
        try:
            return self._driver.execute_cdp_cmd(command, arguments)
        except self._failure as error:
            raise InputError(
                f"The browser failed ({_first_line(error)}); give the same command again, which goes on from here"
            ) from None

    def close(self) -> None:
        """Ends the browser."""
        self._driver.quit()


def _first_line(error: Exception) -> str:
    return (
        (str(error).strip().splitlines() or [type(error).__name__])[0].removeprefix("Message: ").rstrip(".")
    )
