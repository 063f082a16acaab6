"""What the tests of the page do: write in its box, and compare with what the service answers."""

from typing import Any

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, expect

BEGINNING = "Thank you for your h"


def box(page: Page) -> Locator:
    return page.locator("#text")


def chips(page: Page) -> Locator:
    return page.locator("#text + tsuzuki-view li")


def ghost(page: Page) -> Locator:
    return page.locator("#text + tsuzuki-view .tail")


def answer(server: str, text: str, path: str = "complete", **fields: Any) -> dict[str, Any]:
    """What the service answers to the widget's request."""
    response = httpx.post(
        f"{server}/{path}", json={"text": text, "limit": 5, "words": 4, "min_probability": 0.01, **fields}
    )
    found: dict[str, Any] = response.json()
    return found


def words(found: dict[str, Any]) -> list[str]:
    """The words that the strip has room for: it shows no correction that is hardly likely."""
    return [one["text"] for one in found["suggestions"] if one["kind"] != "correction" or one["probability"] >= 0.05]


def accepted(text: str, found: dict[str, Any], index: int) -> str:
    """The text with a suggestion taken, by the rule of the documentation."""
    start, end = found["replace"]["start"], found["replace"]["end"]
    insert: str = found["suggestions"][index]["insert"]
    return text[:start] + insert + text[end:]


def write(page: Page, server: str, text: str) -> dict[str, Any]:
    """Type, and wait until the suggestions for it are shown; the answer that they come from."""
    page.keyboard.type(text)
    found = answer(server, box(page).input_value())
    expect(chips(page).locator("span")).to_have_text(words(found))
    expect(page.locator("#text + tsuzuki-view ul")).to_have_attribute("aria-busy", "false")
    return found


def place_caret(page: Page, start: int, end: int | None = None) -> None:
    page.evaluate("([start, end]) => text.setSelectionRange(start, end)", [start, start if end is None else end])
