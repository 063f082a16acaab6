"""Typos further back: underlined when the typing pauses, and mended by a click."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost

TEXT = "I wnat to go to the libary today"
AREA = '<textarea id="a" cols="60" data-tsuzuki {}></textarea>'
EDITABLE = '<div id="a" contenteditable data-tsuzuki {}></div>'
MARKED = """() => [...(CSS.highlights.get("tsuzuki-typo") ?? [])].map((range) => range.toString())"""


def click_on(page: Page, word: str) -> None:
    """Click on the middle of an underlined word."""
    box = page.evaluate(
        """word => [...CSS.highlights.get("tsuzuki-typo")].find((range) => range.toString() === word)
             .getBoundingClientRect().toJSON()""",
        word,
    )
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def text_of(page: Page) -> str:
    text: str = page.locator("#a").evaluate("field => field.value ?? field.textContent")
    return text


@pytest.mark.parametrize("field", [AREA, EDITABLE])
def test_typos_are_underlined_and_a_click_offers_what_was_meant(open_page: OpenPage, field: str) -> None:
    page = open_page(field.format("data-tsuzuki-check"))
    page.locator("#a").click()
    page.keyboard.type(TEXT)
    page.wait_for_function(f"() => String(({MARKED})()) === 'wnat,libary'")
    # Before the typos nothing moves, behind one that is mended the lines go on.
    click_on(page, "libary")
    expect(chips(page).first).to_have_accessible_name("library, replaces libary")
    chips(page).first.click()
    assert text_of(page) == "I wnat to go to the library today"
    page.wait_for_function(f"() => String(({MARKED})()) === 'wnat'")
    # With the caret in a word, its keys work too.
    click_on(page, "wnat")
    expect(chips(page).first).to_have_accessible_name("want, replaces wnat")
    page.keyboard.press("Alt+Digit1")
    assert text_of(page) == "I want to go to the library today"
    page.wait_for_function(f"() => String(({MARKED})()) === ''")
    page.keyboard.press("Control+z")
    assert text_of(page) == "I wnat to go to the library today"


def test_the_word_that_is_being_typed_is_not_underlined(open_page: OpenPage) -> None:
    page = open_page(AREA.format("data-tsuzuki-check"))
    page.locator("#a").click()
    with page.expect_response("**/correct"):
        page.keyboard.type("I wnat to go to the libary")
    page.wait_for_function(f"() => String(({MARKED})()) === 'wnat'")


@pytest.mark.parametrize("attribute", ["", 'data-tsuzuki-check="off"'])
def test_nothing_is_checked_where_nobody_asked_for_it(open_page: OpenPage, attribute: str) -> None:
    page = open_page(AREA.format(attribute))
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    page.locator("#a").click()
    page.keyboard.type(TEXT)
    page.wait_for_timeout(1200)
    assert {request.url.rpartition("/")[2] for request in asked} == {"complete"}
    assert page.evaluate(MARKED) == []


def test_where_nothing_can_be_underlined_there_is_a_list(open_page: OpenPage) -> None:
    page = open_page(AREA.format("data-tsuzuki-check"), script="")
    page.evaluate("delete window.Highlight")
    page.add_script_tag(url="/tsuzuki.js", type="module")
    page.locator("#a").click()
    page.keyboard.type(TEXT)
    typos = page.locator("tsuzuki-view .typos").get_by_role("button")
    expect(typos).to_have_text(["wnat → want", "libary → library"])
    typos.first.click()
    expect(page.locator("#a")).to_have_value("I want to go to the libary today")
    expect(typos).to_have_text(["libary → library"])


@pytest.fixture
def marks(open_page: OpenPage) -> Page:
    page = open_page(AREA.format('data-tsuzuki-check style="caret-color: transparent; font: 20px sans-serif"'))
    page.locator("#a").click()
    return page


def test_the_line_can_be_seen(marks: Page) -> None:
    marks.keyboard.type(TEXT)
    marks.wait_for_function(f"() => String(({MARKED})()) === 'wnat,libary'")
    expect(ghost(marks)).to_be_hidden()
    clip = marks.locator("#a").bounding_box()
    assert clip
    with_line = marks.screenshot(clip=clip)
    marks.evaluate("CSS.highlights.delete('tsuzuki-typo')")
    assert marks.screenshot(clip=clip) != with_line
