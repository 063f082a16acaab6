"""Pictures of the page, in several looks, and of host pages: ``python -m scripts.docs.screenshots [FOLDER]``.

``docs/images/page.png`` is made so, and ``page.webp`` beside it, the moving picture of the README. The title needs a
Japanese font on the machine.
"""

import argparse
import io
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from benchmarks.traffic.servers import running_server
from scripts.chromium import chromium, missing
from scripts.docs.host_pages import HOST_PAGES

if TYPE_CHECKING:
    from playwright.sync_api import Page, Route

# Typed in turn; between them the first suggestion is taken. (Where its word would move to the next line, none is grey.)
_BEGINNINGS = ("I am looking forw", " to seeing you tom", " at the off")
_IN_HOST_PAGES = " Thank you for your h"
# The moving picture: what is typed, with * where the first suggestion is taken, and for how long it shows each key and
# the end. Smaller than the page, so that it loads fast.
_FILM = "I am looking forw* to seeing you tom* at the off*. See you then!"
_FILM_VIEW: dict[str, Any] = {"color_scheme": "light", "viewport": {"width": 1160, "height": 540}}
_FILM_SIZE = (870, 405)
_FILM_MILLISECONDS, _TAKEN_MILLISECONDS, _END_MILLISECONDS = 130, 700, 3000
# As a person types: faster, and the last answer waits for those before it.
_MILLISECONDS_A_KEY = 80
_VIEWS: dict[str, dict[str, Any]] = {
    "page": {"color_scheme": "light", "viewport": {"width": 1160, "height": 800}},
    "page-dark": {"color_scheme": "dark", "viewport": {"width": 1200, "height": 800}},
    "page-forced-colours": {"forced_colors": "active", "viewport": {"width": 1160, "height": 800}},
    "page-phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
    "page-small-phone": {"viewport": {"width": 320, "height": 640}, "is_mobile": True, "has_touch": True},
}


def take_screenshots(folder: Path) -> None:
    """Write a picture of each view into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with running_server() as server, chromium() as browser:
        for name, options in _VIEWS.items():
            page = browser.new_context(**options).new_page()
            page.goto(f"http://127.0.0.1:{server.port}")
            page.locator("#text").click()
            for number, beginning in enumerate(_BEGINNINGS):
                if number:
                    page.keyboard.press("Alt+Digit1")
                page.keyboard.type(beginning, delay=_MILLISECONDS_A_KEY)
                text = page.locator("#text").input_value()
                page.wait_for_function("text => JSON.parse(request.textContent).text === text", arg=text)
                page.locator("#text + tsuzuki-view ul[aria-busy=false] li").first.wait_for()
            page.screenshot(path=folder / f"{name}.png", full_page=True)
        for name, html in HOST_PAGES.items():
            page = browser.new_page(viewport={"width": 640, "height": 400})
            body = f'<!doctype html>{html}<script type="module" src="/tsuzuki.js"></script>'
            page.route("**/host.html", partial(_fulfill, body=body))
            page.goto(f"http://127.0.0.1:{server.port}/host.html")
            page.locator("#a").click()
            page.keyboard.press("Control+End")
            page.keyboard.type(_IN_HOST_PAGES, delay=_MILLISECONDS_A_KEY)
            page.locator("tsuzuki-view ul[aria-busy=false] li").first.wait_for()
            page.screenshot(path=folder / f"host-{name.replace(' ', '-')}.png")


def film(folder: Path) -> None:
    """Write the moving picture: a person types a sentence and takes some suggestions."""
    folder.mkdir(parents=True, exist_ok=True)
    frames, milliseconds = [], []
    with running_server() as server, chromium() as browser:
        page = browser.new_context(**_FILM_VIEW).new_page()
        page.goto(f"http://127.0.0.1:{server.port}")
        page.locator("#text").click()
        for number, letter in enumerate(_FILM):
            if letter == "*":
                page.keyboard.press("Alt+Digit1")
            else:
                page.keyboard.type(letter)
            page.wait_for_timeout(2 * _MILLISECONDS_A_KEY)
            frames.append(_frame(page))
            is_before_or_after = "*" in _FILM[number : number + 2]
            milliseconds.append(_TAKEN_MILLISECONDS if is_before_or_after else _FILM_MILLISECONDS)
    milliseconds[-1] = _END_MILLISECONDS
    first, *others = frames
    path = folder / "page.webp"
    first.save(path, save_all=True, append_images=others, duration=milliseconds, loop=0, quality=50, method=4)


def _frame(page: "Page") -> Image.Image:
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    return picture.resize(_FILM_SIZE, Image.Resampling.LANCZOS)


def _fulfill(route: "Route", body: str) -> None:
    route.fulfill(content_type="text/html", body=body)


def main() -> None:
    """Read the folder from the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.docs.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/screenshots"))
    if reason := missing():
        raise SystemExit(reason)
    folder = parser.parse_args().folder
    take_screenshots(folder)
    film(folder)


if __name__ == "__main__":
    main()
