"""The system's Chromium, driven by Playwright: for the tests in a browser, the screenshots and the benchmark."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser

PATH = shutil.which("chromium") or "/usr/bin/chromium"
# No sandbox, as containers and CI have it; and nothing that asks other hosts on its own.
_FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)


def missing() -> str | None:
    """Name what is missing to run a browser here, or None."""
    if find_spec("playwright") is None:
        return "playwright is not installed"
    return None if os.access(PATH, os.X_OK) else f"there is no {PATH}"


@contextmanager
def chromium() -> Iterator["Browser"]:
    """A browser without a window. While it is open, this thread has a running event loop."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PATH, args=_FLAGS.split())
        try:
            yield browser
        finally:
            browser.close()
