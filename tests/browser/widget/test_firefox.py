"""The widget in Firefox: what browsers differ in, undo, keys, the place of the grey letters, contenteditable."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.widget.firefox import Firefox, firefox, missing

BEGINNING = "Thank you for your h"
PAGE = '<textarea id="a" cols="60" data-tsuzuki></textarea><button id="send">Send</button>'
GHOST = "a.nextElementSibling.shadowRoot.querySelector('.ghost')"
TAIL = "a.nextElementSibling.shadowRoot.querySelector('.tail')"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if reason := missing():
        pytest.skip(reason)
    with firefox(tmp_path_factory.mktemp("firefox")) as browser:
        yield browser


@pytest.fixture
def page(running: Firefox, server: str) -> Any:
    """Opens a page of the service's origin with a field that has the focus."""

    def open_with(html: str) -> Firefox:
        # Any page of the service will do; it is written anew.
        running.goto(f"{server}/static/icon.svg")
        running.goto(f"{server}/docs")
        running.evaluate(
            f"""(async () => {{
              document.documentElement.innerHTML = {html!r};
              await import("/tsuzuki.js");
              document.getElementById("a").focus();
            }})()"""
        )
        running.wait_until("document.querySelector('tsuzuki-view')")
        return running

    return open_with


def state(browser: Firefox) -> Any:
    return browser.evaluate("[a.value, a.selectionStart, a.selectionEnd]")


def write(browser: Firefox, text: str, rest: str) -> None:
    browser.type(text)
    browser.wait_until(f"!{GHOST}.hidden && {TAIL}.textContent === {rest!r}")


def test_a_suggestion_is_taken_and_undone_with_the_caret_in_its_place(page: Any) -> None:
    browser = page(PAGE)
    write(browser, BEGINNING, "elp")
    browser.press("Tab")
    assert state(browser) == ["Thank you for your help", 23, 23]
    browser.press("Control", "z")
    assert state(browser) == [BEGINNING, 20, 20]
    browser.type("ouse")
    assert state(browser)[0] == "Thank you for your house"


def test_a_correction_is_undone_with_the_caret_in_its_place(page: Any) -> None:
    browser = page(PAGE)
    browser.type("See you tomorow")
    strip = "a.nextElementSibling.shadowRoot.querySelector('ul[aria-busy=false] li')"
    browser.wait_until(f"{strip}?.ariaLabel === 'tomorrow, replaces tomorow'")
    browser.press("Alt", "1")
    assert state(browser) == ["See you tomorrow", 16, 16]
    browser.press("Control", "z")
    assert state(browser) == ["See you tomorow", 15, 15]


def test_keys_are_let_through_where_nothing_is_grey(page: Any) -> None:
    browser = page(PAGE)
    browser.wait_until("a.nextElementSibling.shadowRoot.querySelector('li')")
    browser.press("Tab")
    assert browser.evaluate("document.activeElement.id") == "send"
    browser.evaluate("(a.focus(), 0)")
    write(browser, BEGINNING, "elp")
    browser.press("ArrowLeft")
    for _ in range(5):
        browser.press("ArrowRight")
    browser.press("Tab")
    assert browser.evaluate("[document.activeElement.id, a.value]") == ["send", BEGINNING]


@pytest.mark.parametrize(
    "html",
    [
        PAGE,
        PAGE.replace("<textarea", '<textarea style="text-align: center; letter-spacing: 1px; padding: 9px"'),
        f'<div style="transform: scale(1.3); transform-origin: 0 0">{PAGE}</div>',
        PAGE.replace("<textarea", '<textarea style="border: 5px solid; font: 20px/2 serif; width: 400px"'),
        '<input id="a" size="60" style="height: 40px" data-tsuzuki>',
    ],
    ids=["plain", "centred", "scaled", "large", "input"],
)
def test_grey_letters_stand_behind_the_typed_ones(page: Any, html: str) -> None:
    browser = page(html)
    write(browser, BEGINNING, "elp")
    tail, field = browser.evaluate(f"[{TAIL}.getBoundingClientRect(), a.getBoundingClientRect()]")
    assert field["left"] < tail["left"] < tail["right"] < field["right"]
    assert field["top"] <= tail["top"] < tail["bottom"] <= field["bottom"]


def test_contenteditable_has_suggestions(page: Any) -> None:
    browser = page('<div id="a" contenteditable data-tsuzuki></div>')
    write(browser, BEGINNING, "elp")
    browser.press("Tab")
    assert browser.evaluate("a.textContent") == "Thank you for your help"
    browser.press("Control", "z")
    assert browser.evaluate("[a.textContent, getSelection().isCollapsed]") == [BEGINNING, True]
