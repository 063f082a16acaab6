"""The strip keeps its place, fits, goes with the focus, and is no barrier, in host pages of several kinds."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from scripts.docs.host_pages import HOST_PAGES
from tests.browser.conftest import OpenPage
from tests.browser.test_accessibility import barriers
from tests.browser.widget.hosting import chips, ghost, suggest, write

MANY = [(word, 0.1) for word in ("information", "informative", "infrastructure", "infringement", "influence")]
SURE = {"h": [("help", 0.9)], "inf": MANY, "": [("The", 0.2)]}
FIELD = '<textarea id="a" data-tsuzuki style="width: 90%"></textarea><button id="send">Send</button>'


def tops(page: Page) -> list[float]:
    found: list[float] = page.evaluate(
        "[...document.querySelectorAll('#send, #b')].map((e) => e.getBoundingClientRect().top)"
    )
    return found


@pytest.mark.parametrize("width", [150, 400, 1200])
def test_nothing_below_moves_while_somebody_types(open_page: OpenPage, width: int) -> None:
    page = open_page(FIELD, viewport={"width": width, "height": 600})
    suggest(page, SURE)
    expect(page.locator("tsuzuki-view")).to_have_count(1)
    place = tops(page)
    page.locator("#a").click()
    for text in ("the inf", "\nI need inf", " x h", "elp"):
        page.keyboard.type(text)
        page.wait_for_timeout(100)
        assert tops(page) == place
    page.keyboard.press("Escape")
    assert tops(page) == place
    page.locator("#a").blur()
    assert tops(page) == place


@pytest.mark.parametrize("field", ['<textarea id="a" {}></textarea>', '<input id="a" {}>'])
def test_nothing_overflows_a_narrow_field(open_page: OpenPage, field: str) -> None:
    page = open_page(
        f'<div style="width: 150px">{field.format("data-tsuzuki style=width:100%;box-sizing:border-box")}</div>',
        viewport={"width": 180, "height": 500},
    )
    suggest(page, SURE)
    page.locator("#a").click()
    page.keyboard.type("inf")
    expect(chips(page)).to_have_count(5)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    right = page.locator("#a").evaluate("field => field.getBoundingClientRect().right")
    for chip in chips(page).all():
        box = chip.bounding_box()
        assert box and box["x"] + box["width"] <= right + 1
    # All of them can be had, by scrolling the strip.
    chips(page).last.scroll_into_view_if_needed()
    chips(page).last.click()
    expect(page.locator("#a")).to_have_value("influence")


def test_the_strip_goes_with_the_focus(open_page: OpenPage) -> None:
    page = open_page(FIELD + '<textarea id="b" data-tsuzuki></textarea>')
    suggest(page, SURE)
    write(page, "your h", "elp")
    expect(chips(page)).to_have_count(1)
    page.locator("#send").focus()
    for name in ("a", "b"):
        expect(chips(page, name)).to_have_count(0)
        expect(ghost(page, name)).to_be_hidden()
    page.locator("#b").focus()
    expect(chips(page, "b")).to_have_count(1)
    expect(chips(page, "a")).to_have_count(0)
    # An answer that comes after the focus has gone shows nothing.
    page.locator("#a").focus()
    page.evaluate("a.value = ''; document.execCommand('insertText', false, 'inf'); send.focus()")
    page.wait_for_timeout(300)
    expect(chips(page, "a")).to_have_count(0)


@pytest.mark.parametrize("field", ['<textarea id="a" data-tsuzuki></textarea>', '<input id="a" data-tsuzuki>'])
def test_a_label_around_a_field_stays_its_name(open_page: OpenPage, field: str) -> None:
    page = open_page(f"<label>Your answer {field}</label>")
    suggest(page, SURE)
    page.locator("#a").click()
    page.keyboard.type("your h")
    expect(page.locator("tsuzuki-view [role=option]")).to_have_count(1)
    expect(page.locator("#a")).to_have_accessible_name("Your answer")
    # A click on a suggestion is none on the label.
    page.locator("tsuzuki-view [role=option]").click()
    expect(page.locator("#a")).to_have_value("your help")


@pytest.mark.parametrize("name", HOST_PAGES)
def test_no_barrier_is_found_in_a_host_page(open_page: OpenPage, name: str) -> None:
    page = open_page(HOST_PAGES[name])
    suggest(page, {"h": [("help", 0.9), ("house", 0.05)], "hw": [("how", 0.9)]})
    page.locator("#a").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(" thank you for your h")
    expect(page.locator("tsuzuki-view [role=option]")).to_have_count(2)
    assert barriers(page) == ""
    page.keyboard.type("w")
    expect(page.locator("tsuzuki-view small")).to_be_visible()
    assert barriers(page) == ""
