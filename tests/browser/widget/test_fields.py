"""Inputs, contenteditable, shadow roots and rude pages: what the widget stands beside, and how it is loaded."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost, message, selection, suggest, write

SURE = {"h": [("help", 0.9)], "hw": [("how", 0.9)]}


@pytest.mark.parametrize("kind", ["", "text", "search"])
def test_an_input_of_one_line_has_suggestions(open_page: OpenPage, kind: str) -> None:
    page = open_page(f'<p>Find <input id="a" type="{kind}" size="40" data-tsuzuki> <button>Go</button></p>')
    suggest(page, SURE)
    write(page, "for your h", "elp")
    expect(chips(page).locator("span")).to_have_text(["help"])
    # It lies over the page, below the field, and takes no room from it.
    below, field = page.locator("tsuzuki-view .strip").bounding_box(), page.locator("#a").bounding_box()
    assert below and field and below["y"] >= field["y"] + field["height"]
    assert below["x"] == pytest.approx(field["x"], abs=1)
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("for your help")
    page.keyboard.press("Control+z")
    assert selection(page) == ["for your h", 10, 10]


def test_the_strip_of_a_field_at_the_bottom_lies_above_it(open_page: OpenPage) -> None:
    page = open_page('<input id="a" size="40" style="position: fixed; bottom: 5px" data-tsuzuki>')
    suggest(page, SURE)
    write(page, "for your h", "elp")
    above, field = page.locator("tsuzuki-view .strip").bounding_box(), page.locator("#a").bounding_box()
    assert above and field and above["y"] + above["height"] <= field["y"]


def test_other_inputs_are_refused_in_words(open_page: OpenPage, forgiven: list[str]) -> None:
    forgiven.append("Tsuzuki: suggestions need a textarea, an input of text or search, or contenteditable.")
    told: list[str] = []
    page = open_page('<p id="here"></p>')
    page.on("console", lambda found: told.append(found.text))
    page.evaluate("here.innerHTML = '<input id=a type=email data-tsuzuki>'")
    page.locator("#a").click()
    page.keyboard.type("me@here")
    expect(page.locator("tsuzuki-view")).to_have_count(0)
    assert len(told) == 1


RICH = '<div id="a" contenteditable data-tsuzuki><p>Dear <b>Ann</b>,</p><p>thank you for your </p></div>'


@pytest.fixture
def rich(open_page: OpenPage) -> Page:
    page = open_page(RICH)
    suggest(page, SURE, "correction")
    page.locator("#a p").last.click()
    page.keyboard.press("End")
    return page


def test_an_element_with_contenteditable_has_suggestions(rich: Page) -> None:
    with rich.expect_request("**/complete") as asked:
        rich.keyboard.type(" h")
    assert (asked.value.post_data_json or {})["text"].startswith("Dear Ann,\nthank you for your")
    expect(ghost(rich)).to_have_text("elp")
    rich.keyboard.press("Tab")
    expect(rich.locator("#a p").last).to_have_text("thank you for your help")
    expect(rich.locator("#a b")).to_have_text("Ann")
    assert rich.evaluate("getSelection().isCollapsed")
    rich.keyboard.press("Control+z")
    expect(rich.locator("#a p").last).to_have_text("thank you for your h")
    assert rich.evaluate("getSelection().isCollapsed")
    rich.keyboard.type("ouse")
    expect(rich.locator("#a p").last).to_have_text("thank you for your house")


def test_a_correction_in_contenteditable_changes_its_word_alone(rich: Page) -> None:
    rich.keyboard.type(" hw")
    expect(chips(rich)).to_have_accessible_name("how, replaces hw")
    rich.keyboard.press("Alt+Digit1")
    expect(rich.locator("#a p").last).to_have_text("thank you for your how")
    rich.keyboard.press("Control+z")
    expect(rich.locator("#a p").last).to_have_text("thank you for your hw")
    assert rich.evaluate("getSelection().isCollapsed")
    expect(rich.locator("#a p").first).to_have_text("Dear Ann,")


def test_the_fields_of_a_shadow_root_are_found_once_it_is_given(open_page: OpenPage) -> None:
    page = open_page('<div id="host"></div>')
    page.evaluate(
        """async () => {
          root = host.attachShadow({ mode: "open" });
          root.innerHTML = "<textarea id=a cols=60 data-tsuzuki></textarea><p></p>";
          const { attach } = await import("/tsuzuki.js");
          attach(root);
        }"""
    )
    suggest(page, SURE)
    page.locator("#a").click()
    page.keyboard.type("for your h")
    expect(ghost(page)).to_have_text("elp")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("for your help")
    # Later ones too.
    page.evaluate("root.querySelector('p').innerHTML = '<input id=b data-tsuzuki>'")
    expect(page.locator("#b + tsuzuki-view")).to_have_count(1)


def test_a_script_without_its_type_is_told_of(open_page: OpenPage, forgiven: list[str]) -> None:
    said = 'Tsuzuki: the script is a module, it needs <script type="module" src="…/tsuzuki.js"></script>.'
    forgiven.append(said)
    told: list[str] = []
    page = open_page('<textarea id="a" data-tsuzuki></textarea>', script="")
    page.on("pageerror", lambda error: told.append(str(error)))
    page.add_script_tag(url="/tsuzuki.js")
    page.wait_for_timeout(100)
    assert told == [said]
    expect(page.locator("tsuzuki-view")).to_have_count(0)


def test_a_script_that_is_loaded_twice_is_told_of_and_works_once(open_page: OpenPage, forgiven: list[str]) -> None:
    forgiven.append("Tsuzuki is loaded twice")
    told: list[str] = []
    page = open_page('<textarea id="a" data-tsuzuki></textarea><textarea id="b"></textarea>')
    expect(page.locator("tsuzuki-view")).to_have_count(1)
    page.on("console", lambda found: told.append(found.text))
    # From another address, as a package and a script tag are.
    page.evaluate("import('/static/widget/index.js?other').then(({ attach }) => attach(b))")
    expect(page.locator("tsuzuki-view")).to_have_count(2)
    page.wait_for_timeout(100)
    assert len(told) == 1 and "/static/widget/index.js?other does nothing" in told[0]


@pytest.mark.parametrize("path", ["/nothing", "/docs/"])
def test_an_address_that_is_not_the_service_is_told_of_with_the_setting(
    open_page: OpenPage, forgiven: list[str], path: str
) -> None:
    forgiven.append("Failed to load resource")
    page = open_page(f'<textarea id="a" data-tsuzuki data-tsuzuki-endpoint="{path}"></textarea>')
    page.locator("#a").click()
    expect(message(page)).to_have_text(
        "This address has no /complete. Set data-tsuzuki-endpoint to the address of the suggestion service."
    )


def test_a_tap_on_the_grey_text_takes_it(open_page: OpenPage) -> None:
    page = open_page(
        '<meta name="viewport" content="width=device-width">'
        '<textarea id="a" cols="40" rows="4" data-tsuzuki></textarea>',
        has_touch=True,
        is_mobile=True,
        viewport={"width": 390, "height": 844},
    )
    suggest(page, SURE)
    page.locator("#a").tap()
    page.keyboard.type("for your h")
    expect(ghost(page)).to_be_visible()
    box = ghost(page).bounding_box()
    assert box
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("#a")).to_have_value("for your help")
    assert selection(page) == ["for your help", 13, 13]
    # A tap elsewhere moves the caret, as ever.
    page.keyboard.type(" h")
    expect(ghost(page)).to_be_visible()
    page.touchscreen.tap(box["x"] - 30, box["y"] + box["height"] / 2)
    expect(page.locator("#a")).to_have_value("for your help h")
    expect(ghost(page)).to_be_hidden()
