"""Pictures of the page in light, dark, and on a phone: ``python -m scripts.screenshots [FOLDER]``.

``docs/page.png`` of the README is made so. The title needs a Japanese font on the machine.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.servers import running_server
from scripts.chromium import chromium, missing

# Typed in turn; between them the grey text is taken.
_BEGINNINGS = ("I am looking forw", " to seeing you tom", " morning at the off")
# As a person types: faster, and the last answer waits for those before it.
_MILLISECONDS_A_KEY = 80
_VIEWS: dict[str, dict[str, Any]] = {
    "page": {"color_scheme": "light", "viewport": {"width": 1160, "height": 800}},
    "page-dark": {"color_scheme": "dark", "viewport": {"width": 1200, "height": 800}},
    "page-phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
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
                    page.keyboard.press("Tab")
                page.keyboard.type(beginning, delay=_MILLISECONDS_A_KEY)
                text = page.locator("#text").input_value()
                page.wait_for_function("text => JSON.parse(request.textContent).text === text", arg=text)
                page.locator("#text + tsuzuki-view .tail").wait_for()
            page.screenshot(path=folder / f"{name}.png", full_page=True)


def main() -> None:
    """Read the folder from the command line."""
    parser = argparse.ArgumentParser(prog="python -m scripts.screenshots", description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("build/screenshots"))
    if reason := missing():
        raise SystemExit(reason)
    take_screenshots(parser.parse_args().folder)


if __name__ == "__main__":
    main()
