from collections.abc import Iterator

import pytest

from blip2idc.worlds.pages.browser import PageBrowser


@pytest.fixture(scope="module")
def browser() -> Iterator[PageBrowser]:
    """One browser for many worlds, since it takes seconds to start."""
    window = PageBrowser()
    yield window
    window.close()
