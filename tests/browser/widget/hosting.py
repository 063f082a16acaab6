"""What the tests of the widget in pages of others do: stub the service, and look at one field."""

from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, Route, expect

Suggestion = tuple[str, float]


def suggest(page: Page, answers: dict[str, list[Suggestion]], kind: str = "completion") -> None:
    """Let the service answer by the last word before the cursor; a word that is not listed has no suggestions."""

    def answer(route: Route) -> None:
        asked: dict[str, Any] = route.request.post_data_json or {}
        before = asked["text"][: asked["cursor"]]
        word = before.rpartition("\n")[2].rpartition(" ")[2]
        found = [
            {"text": text.strip(), "insert": text, "probability": probability, "kind": kind}
            for text, probability in answers.get(word, [])
        ]
        span = {"start": len(before) - len(word), "end": len(before)}
        if word and found and answers[word][0][0].startswith(" "):
            span["start"] = span["end"]
        route.fulfill(json={"suggestions": found, "prefix": word, "replace": span, "model": "en"})

    page.route("**/complete", answer)
    page.route("**/next-word", answer)


def ghost(page: Page, name: str = "a") -> Locator:
    return page.locator(f"#{name} + tsuzuki-view .tail")


def chips(page: Page, name: str = "a") -> Locator:
    return page.locator(f"#{name} + tsuzuki-view [role=option]")


def message(page: Page, name: str = "a") -> Locator:
    return page.locator(f"#{name} + tsuzuki-view .message")


def write(page: Page, text: str, rest: str, name: str = "a") -> None:
    """Type into a field, and wait until these letters are grey."""
    page.locator(f"#{name}").click()
    page.keyboard.type(text)
    expect(ghost(page, name)).to_have_text(rest)
    expect(ghost(page, name)).to_be_visible()


def settled(page: Page, text: str, name: str = "a") -> None:
    """Wait until the answer for this text is there."""
    page.wait_for_function(
        """([name, text]) => events.some(({ name: event, id, detail }) => event === "answered" && id === name &&
             Array.from(detail.request.text).slice(0, detail.request.cursor).join("") === text)""",
        arg=[name, text],
    )
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def selection(page: Page, name: str = "a") -> list[Any]:
    """The text of a field, and the ends of its selection."""
    found: list[Any] = page.evaluate(
        "name => [(f => [f.value, f.selectionStart, f.selectionEnd])(document.getElementById(name))]", name
    )[0]
    return found
