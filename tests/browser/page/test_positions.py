"""Where the caret stands, in code points and on the screen."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from tests.browser.page.writing import BEGINNING, accepted, answer, box, chips, ghost, place_caret, words


@pytest.mark.parametrize(("text", "caret"), [("I would lik an apple", 11), ("I would like an apple today", 18)])
def test_the_caret_may_stand_in_the_middle_of_the_text(page: Page, server: str, text: str, caret: int) -> None:
    box(page).fill(text)
    place_caret(page, caret)
    found = answer(server, text, cursor=caret)
    expect(chips(page).locator("span")).to_have_text(words(found))
    # Other text stands there.
    expect(ghost(page)).to_be_hidden()
    chips(page).first.click()
    expect(box(page)).to_have_value(accepted(text, found, 0))
    insert = found["suggestions"][0]["insert"]
    assert page.evaluate("text.selectionStart") == found["replace"]["start"] + len(insert)


def test_the_ghost_stands_at_the_end_of_any_line_where_it_fits(page: Page) -> None:
    box(page).fill("\nThe next line is here.")
    place_caret(page, 0)
    page.keyboard.type(BEGINNING)
    expect(ghost(page)).to_have_text("elp")
    expect(ghost(page)).to_be_visible()
    # In a box of just this width it would stand in the next line.
    page.evaluate(
        """() => {
          const typed = document.createRange();
          const { shadowRoot } = document.querySelector("tsuzuki-view");
          typed.selectNodeContents(shadowRoot.querySelector(".ghost .flow").lastChild);
          const { paddingLeft, paddingRight } = getComputedStyle(text);
          const frame = text.offsetWidth - text.clientWidth + parseFloat(paddingLeft) + parseFloat(paddingRight);
          text.style.width = `${typed.getBoundingClientRect().width + frame - 4}px`;
        }"""
    )
    expect(ghost(page)).to_be_hidden()


@pytest.mark.parametrize("before", ["👍", "👍🏽 👩‍👩‍👧 𝔄", "日本 🇯🇵"])
def test_positions_are_right_behind_characters_of_two_units(page: Page, server: str, before: str) -> None:
    text = f"{before} I would like an app"
    with page.expect_request(lambda request: "an app" in (request.post_data or "")) as asked:
        page.keyboard.insert_text(text)
    assert asked.value.post_data_json == {
        "text": text,
        "cursor": len(text),
        "limit": 5,
        "words": 4,
        "min_probability": 0.01,
    }
    found = answer(server, text)
    expect(chips(page).locator("span")).to_have_text(words(found))
    page.keyboard.press("Alt+Digit2")
    expect(box(page)).to_have_value(accepted(text, found, 1))


@pytest.mark.parametrize("shift", [0, 1])
def test_of_a_long_text_the_surroundings_are_sent_and_no_character_is_halved(
    page: Page, server: str, shift: int
) -> None:
    text = "x" * shift + "👍" * 3000 + " I would like an app"
    with page.expect_request(lambda request: "an app" in (request.post_data or "")) as asked:
        box(page).fill(text)
    sent = asked.value.post_data_json
    assert sent and text.endswith(sent["text"]) and sent["cursor"] == len(sent["text"]) < 1000
    expect(chips(page).locator("span")).to_have_text(words(answer(server, sent["text"])))
    page.keyboard.press("Alt+Digit1")
    expect(box(page)).to_have_value(accepted(text, answer(server, text), 0))
