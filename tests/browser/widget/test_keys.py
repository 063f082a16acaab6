"""Tab and the arrow take grey text after a keystroke that changed the text; all others are let through."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost, settled, suggest, write

FORM = '<textarea id="a" cols="60" data-tsuzuki></textarea><button id="send">Send</button>'
# Whatever stands before the caret, the service is sure of what comes.
SURE = {"": [("new", 0.9)], "h": [("help", 0.9)], "sent.": [(" It", 0.9)], "world": [(" is", 0.9)]}


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    page = open_page(FORM)
    suggest(page, SURE)
    page.locator("#a").click()
    expect(chips(page).locator("span")).to_have_text(["new"])
    return page


def test_tab_leaves_an_empty_field(page: Page) -> None:
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("Tab")
    expect(page.locator("#send")).to_be_focused()
    expect(page.locator("#a")).to_have_value("")


@pytest.mark.parametrize("key", ["Tab", "ArrowRight"])
@pytest.mark.parametrize("text", ["I have sent.", "I have sent. ", "I have sent.\n", "He said (sent.) "])
def test_a_key_behind_a_finished_sentence_is_let_through(page: Page, text: str, key: str) -> None:
    page.keyboard.type(text)
    settled(page, text)
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press(key)
    expect(page.locator("#a")).to_have_value(text)
    expect(page.locator("#send" if key == "Tab" else "#a")).to_be_focused()


@pytest.mark.parametrize("key", ["Tab", "ArrowRight"])
def test_a_key_after_the_caret_was_moved_is_let_through(page: Page, key: str) -> None:
    write(page, "for your h", "elp")
    page.keyboard.press("ArrowLeft")
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    # Back at the end, where it was grey before.
    page.wait_for_timeout(100)
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press(key)
    expect(page.locator("#a")).to_have_value("for your h")


def test_the_arrow_along_a_line_takes_nothing(page: Page) -> None:
    write(page, "for your h", "elp")
    page.keyboard.press("Home")
    for _ in range(20):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(10)
    expect(page.locator("#a")).to_have_value("for your h")


@pytest.mark.parametrize("key", ["Tab", "ArrowRight"])
def test_a_key_that_has_taken_a_word_takes_no_second_one(page: Page, key: str) -> None:
    suggest(page, SURE | {"help": [(" with", 0.9)]})
    write(page, "for your h", "elp")
    page.keyboard.press(key)
    expect(page.locator("#a")).to_have_value("for your help")
    expect(chips(page).locator("span")).to_have_text(["with"])
    page.keyboard.press(key)
    expect(page.locator("#a")).to_have_value("for your help")


def test_a_key_that_is_held_takes_nothing(page: Page) -> None:
    write(page, "for your h", "elp")
    page.keyboard.down("ArrowLeft")
    page.keyboard.up("ArrowLeft")
    page.keyboard.type("h")
    settled(page, "for your h")
    page.keyboard.press("End")
    page.keyboard.press("Backspace")
    expect(ghost(page)).to_have_text("elp")
    page.evaluate(
        """() => a.dispatchEvent(new KeyboardEvent("keydown",
             { key: "ArrowRight", repeat: true, bubbles: true, cancelable: true, composed: true }))"""
    )
    expect(page.locator("#a")).to_have_value("for your h")


@pytest.mark.parametrize("target", ["a", "document"])
def test_a_tab_that_the_page_uses_itself_is_left_to_it(page: Page, target: str) -> None:
    page.evaluate(
        """target => (target === "a" ? a : document).addEventListener("keydown", (event) => {
          if (event.key !== "Tab") return;
          event.preventDefault();
          a.setRangeText("\\t", a.selectionStart, a.selectionEnd, "end");
        })""",
        target,
    )
    write(page, "for your h", "elp")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("for your h\t")


def test_an_escape_and_a_digit_of_the_page_are_left_to_it(page: Page) -> None:
    page.evaluate("addEventListener('keydown', (event) => event.preventDefault(), true)")
    page.evaluate("a.value = 'for your '; a.setSelectionRange(9, 9)")
    page.keyboard.insert_text("h")
    expect(ghost(page)).to_have_text("elp")
    page.keyboard.press("Escape")
    page.keyboard.press("Alt+Digit1")
    expect(page.locator("#a")).to_have_value("for your h")
    expect(ghost(page)).to_be_visible()


def test_the_arrow_takes_a_word_of_a_phrase_and_tab_all_that_is_left(page: Page) -> None:
    suggest(page, {"loo": [("looking forward to it", 0.6)], "looking": [(" forward to it", 0.7)]}, "phrase")
    write(page, "am loo", "king forward to it")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#a")).to_have_value("am looking")
    expect(ghost(page)).to_have_text(" forward to it")
    expect(ghost(page)).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("am looking forward to it")
    expect(page.locator("#a")).to_be_focused()
    expect(ghost(page)).to_be_hidden()


def test_the_arrow_takes_a_word_without_the_mark_that_ends_its_sentence(page: Page) -> None:
    suggest(page, SURE | {"nam": [("name?", 0.6)]}, kind="phrase")
    write(page, "what is your nam", "e?")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#a")).to_have_value("what is your name")


@pytest.mark.parametrize("kind", ["phrase", "completion"])
def test_a_doubtful_phrase_is_grey_behind_letters_and_a_doubtful_word_is_not(page: Page, kind: str) -> None:
    suggest(page, SURE | {"goo": [("good books", 0.47)]}, kind=kind)
    page.keyboard.type("any goo")
    settled(page, "any goo")
    # The first word of a phrase is likelier than the whole.
    expect(ghost(page)).to_be_visible(visible=kind == "phrase")
