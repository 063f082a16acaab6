"""No key and no suggestion loses or changes what a person has typed."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost, selection, settled, suggest, write

BEGINNING = "Thank you for your h"
FIELD = '<textarea id="a" cols="60" data-tsuzuki></textarea>'


def test_undo_and_redo_leave_the_caret_and_the_typed_letters(open_page: OpenPage) -> None:
    page = open_page(FIELD)
    write(page, BEGINNING, "elp")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("Thank you for your help")
    page.keyboard.press("Control+z")
    assert selection(page) == [BEGINNING, 20, 20]
    page.keyboard.press("Control+Shift+z")
    assert selection(page) == ["Thank you for your help", 23, 23]
    page.keyboard.press("Control+z")
    page.keyboard.type("ouse")
    expect(page.locator("#a")).to_have_value("Thank you for your house")


def test_undo_of_a_correction_leaves_the_caret_too(open_page: OpenPage) -> None:
    page = open_page(FIELD)
    suggest(page, {"tomorow": [("tomorrow", 0.99)]}, "correction")
    page.locator("#a").click()
    page.keyboard.type("See you tomorow")
    expect(chips(page)).to_have_count(1)
    page.keyboard.press("Alt+Digit1")
    assert selection(page) == ["See you tomorrow", 16, 16]
    page.keyboard.press("Control+z")
    assert selection(page) == ["See you tomorow", 15, 15]
    page.keyboard.press("Control+Shift+z")
    assert selection(page) == ["See you tomorrow", 16, 16]
    page.keyboard.press("Control+z")
    page.keyboard.type(" at")
    expect(page.locator("#a")).to_have_value("See you tomorow at")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [("a history of hypertens", "Hypertension"), ("the wash", "Washington"), ("camelC", "CamelCase"), ("i", "It")],
)
def test_what_changes_a_letter_is_offered_in_the_strip_alone(open_page: OpenPage, typed: str, offered: str) -> None:
    page = open_page(FIELD)
    word = typed.rpartition(" ")[2]
    suggest(page, {word: [(offered, 0.9)]})
    page.locator("#a").click()
    page.keyboard.type(typed)
    expect(chips(page)).to_have_accessible_name(f"{offered}, replaces {word}")
    expect(chips(page).locator("small")).to_have_text(f"for {word}")
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(page.locator("#a")).to_have_value(typed)
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value(typed)
    expect(page.locator("#a")).not_to_be_focused()


def test_grey_letters_are_exactly_those_that_are_added(open_page: OpenPage) -> None:
    page = open_page(FIELD)
    # The likelier one changes a letter, so that the other one is grey.
    suggest(page, {"hypert": [("Hypertension", 0.5), ("hypertrophy", 0.4)]})
    write(page, "a hypert", "rophy")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("a hypertrophy")


@pytest.mark.parametrize("attribute", ["readOnly", "disabled"])
def test_a_field_that_is_locked_meanwhile_takes_nothing(open_page: OpenPage, attribute: str) -> None:
    page = open_page(FIELD)
    write(page, BEGINNING, "elp")
    # In one go, before the widget can hear of it.
    page.evaluate(
        """attribute => {
          a[attribute] = true;
          const tab = { key: "Tab", bubbles: true, cancelable: true, composed: true };
          a.dispatchEvent(new KeyboardEvent("keydown", tab));
          a.nextSibling.shadowRoot.querySelector("li").click();
        }""",
        attribute,
    )
    expect(page.locator("#a")).to_have_value(BEGINNING)
    expect(ghost(page)).to_be_hidden()
    expect(chips(page)).to_have_count(0)


@pytest.mark.parametrize(
    "field",
    [
        '<textarea id="a" cols="60" maxlength="22" data-tsuzuki></textarea>',
        '<input id="a" size="60" maxlength="22" data-tsuzuki>',
    ],
)
def test_no_half_of_a_word_is_put_into_a_field_that_is_full(open_page: OpenPage, field: str) -> None:
    page = open_page(field)
    suggest(page, {"h": [("help", 0.9), ("hat", 0.05)]})
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    expect(chips(page).locator("span")).to_have_text(["hat"])
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("Alt+Digit1")
    expect(page.locator("#a")).to_have_value("Thank you for your hat")


CLEARED = {
    "by the value": "a.value = ''",
    # As React does it, which has a property of its own on the field.
    "by the prototype": "Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, 'value').set.call(a, '')",
    "by its form": "a.form.reset()",
    "and is told of it": "a.value = ''; a.dispatchEvent(new Event('input', { bubbles: true }))",
}


@pytest.mark.parametrize("script", CLEARED.values(), ids=CLEARED.keys())
def test_nothing_stays_shown_when_a_script_clears_the_field(open_page: OpenPage, script: str) -> None:
    page = open_page(f"<form>{FIELD}</form>")
    write(page, BEGINNING, "elp")
    # On Enter, with the focus where it is, as chats do.
    page.evaluate(script)
    expect(ghost(page)).to_be_hidden()
    expect(chips(page)).not_to_contain_text(["help"])
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("")


def test_a_field_that_a_page_rewrites_as_one_types_keeps_what_the_page_wrote(open_page: OpenPage) -> None:
    page = open_page(FIELD)
    page.evaluate("a.addEventListener('input', () => { a.value = a.value.replaceAll('your', 'YOUR'); })")
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    settled(page, "Thank you for YOUR h")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("Thank you for YOUR help")


def lightness(page: Page, box: dict[str, float]) -> list[int]:
    """How light the pixels of a part of the page are, 0 to 255, one after another."""
    from io import BytesIO

    from PIL import Image

    clip = {name: box[name] for name in ("x", "y", "width", "height")}
    return list(Image.open(BytesIO(page.screenshot(clip=clip))).convert("L").tobytes())  # type: ignore[arg-type]


def test_the_typed_text_is_seen_with_forced_colours(open_page: OpenPage) -> None:
    page = open_page(FIELD, forced_colors="active")
    page.add_style_tag(content="#a { caret-color: transparent }")
    write(page, BEGINNING, "elp")
    typed = page.evaluate(
        """() => {
          const flow = a.nextSibling.shadowRoot.querySelector(".flow").lastChild.firstChild;
          const range = document.createRange();
          range.selectNode(flow);
          return range.getBoundingClientRect().toJSON();
        }"""
    )
    with_grey = lightness(page, typed)
    page.keyboard.press("Escape")
    expect(ghost(page)).to_be_hidden()
    assert max(with_grey) - min(with_grey) > 100
    # The last letter touches the grey ones, of which a pixel may shine over.
    same = sum(abs(one - other) < 16 for one, other in zip(with_grey, lightness(page, typed), strict=True))
    assert same > 0.98 * len(with_grey)
