"""One headless Chromium that stays open: loads a page, changes it by script, photographs it.

In: the address of a page and the size of the window. Out: `[H, W, 3]` uint8 arrays, and what scripts return in plain
JSON values. Needs the extra `[browser]` and the programs chromium and chromedriver.
"""

from __future__ import annotations

import base64
import io
import shutil
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from blip2idc.errors import InputError, MissingExtraError

#: Seconds that a page may take to load.
LOAD_SECONDS = 20

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
        except ImportError:
            raise MissingExtraError("browser", "the world of pages") from None
        self._failure = WebDriverException
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

    def load(self, address: str, width: int, height: int) -> None:
        """Opens a page in a window of `width` x `height` CSS pixels."""
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        try:
            self._driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
            self._driver.get(address)
        except self._failure as error:
            raise InputError(f"The page {address!r} cannot be opened ({_first_line(error)}).") from None

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script returns."""
        try:
            return self._driver.execute_script(script, *arguments)
        except self._failure as error:
            raise InputError(f"A script failed in the page ({_first_line(error)}).") from None

    def photograph(self) -> NDArray[np.uint8]:
        """The window as it is now, `[H, W, 3]` uint8."""
        shot = self._driver.execute_cdp_cmd(
            "Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True}
        )
        with Image.open(io.BytesIO(base64.b64decode(shot["data"]))) as image:
            return np.asarray(image.convert("RGB"))

    def close(self) -> None:
        """Ends the browser."""
        self._driver.quit()


def _first_line(error: Exception) -> str:
    return (
        (str(error).strip().splitlines() or [type(error).__name__])[0].removeprefix("Message: ").rstrip(".")
    )
