"""Pictures of the page in light, dark, and on a phone: ``python -m scripts.screenshots [FOLDER]``.

``docs/page.png`` of the README is made so. The title needs a Japanese font on the machine.
"""

import argparse
from pathlib import Path
from typing import Any

from benchmarks.serving import running_server
from scripts.chromium import chromium, missing

_TEXT = "Thank you for your help. Could you please send me a c"
_VIEWS: dict[str, dict[str, Any]] = {
    "page": {"color_scheme": "light", "viewport": {"width": 1200, "height": 800}},
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
            # Some words are taken, so that there is something in the figures.
            for beginning in ("Thank you for your h", ". Could you please send me a c"):
                page.keyboard.type(beginning)
                text = page.locator("#text").input_value()
                page.wait_for_function("text => JSON.parse(request.textContent).text === text", arg=text)
                page.locator("#text + .tsuzuki .tsuzuki-ghost i").wait_for()
                if text != _TEXT:
                    page.keyboard.press("Tab")
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
