"""Where grey text stands, by rule, and how often it is right in sentences that are typed letter by letter."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from scripts.count_grey_text import SENTENCES, count_grey_text
from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost, settled, suggest

FIELD = '<textarea id="a" cols="60" data-tsuzuki {}></textarea>'


def typed(page: Page, text: str) -> None:
    page.locator("#a").click()
    page.keyboard.type(text)
    settled(page, text)


@pytest.mark.parametrize(
    ("attribute", "probability", "shown"),
    [
        ("", 0.29, False),
        ("", 0.31, True),
        ("0.6", 0.59, False),
        ("0.6", 0.61, True),
        ("0", 0.02, True),
        ("x", 0.2, False),
    ],
)
def test_grey_text_has_a_threshold_of_its_own(
    open_page: OpenPage, attribute: str, probability: float, shown: bool
) -> None:
    page = open_page(FIELD.format(f'data-tsuzuki-ghost-probability="{attribute}"' if attribute else ""))
    suggest(page, {"hist": [("history", probability), ("historic", 0.98 - probability)]})
    # What is less likely comes later, so that it must be the first that is judged.
    typed(page, "a hist")
    expect(chips(page)).to_have_count(2)
    expect(ghost(page)).to_be_visible(visible=shown)


@pytest.mark.parametrize(
    ("text", "answers"),
    [
        ("it costs 4", {"4": [("40", 0.9)]}),
        ("on the 21s", {"21s": [("21st", 0.9)]}),
        ("version 1.2", {"1.2": [(" of", 0.9)]}),
        ("I see.", {"see.": [(" It", 0.9)]}),
        ("I see,", {"see,": [(" but", 0.9)]}),
        ("I see (well)", {"(well)": [(" but", 0.9)]}),
        ("Hello\n", {"": [("I", 0.9)]}),
        # Words that may be finished.
        ("are get", {"get": [("getting", 0.45), ("gets", 0.02)]}),
        ("I went to", {"to": [("together", 0.4), ("tomorrow", 0.05)]}),
        ("give it to us", {"us": [("usWDS", 0.31)]}),
    ],
)
def test_nothing_is_grey_where_it_would_be_a_nuisance(
    open_page: OpenPage, text: str, answers: dict[str, list[tuple[str, float]]]
) -> None:
    page = open_page(FIELD.format(""))
    suggest(page, answers)
    typed(page, text)
    expect(chips(page).first).to_be_visible()
    expect(ghost(page)).to_be_hidden()


@pytest.mark.parametrize(("typed_letters", "rest"), [("don'", "t"), ("get", "ting"), ("well-kn", "own")])
def test_grey_text_stands_inside_words_that_go_on(open_page: OpenPage, typed_letters: str, rest: str) -> None:
    page = open_page(FIELD.format(""))
    suggest(page, {typed_letters: [(typed_letters + rest, 0.6)]})
    typed(page, f"we {typed_letters}")
    expect(ghost(page)).to_have_text(rest)
    expect(ghost(page)).to_be_visible()


def test_the_strip_leaves_out_what_is_hardly_likely(open_page: OpenPage) -> None:
    page = open_page(FIELD.format(""))
    suggest(page, {"recieve": [("receive", 0.9), ("relieve", 0.051), ("receiver", 0.049)]}, "correction")
    typed(page, "to recieve")
    expect(chips(page).locator("span")).to_have_text(["receive", "relieve"])


def test_grey_text_is_right_seven_times_of_ten_and_no_keystroke_loses_text(open_page: OpenPage) -> None:
    count = count_grey_text(open_page(FIELD.format("")), "#a", SENTENCES)
    assert count.keystrokes > 1_500
    assert count.lost == []
    assert count.right >= 0.72 * count.shown
    assert count.right >= 0.85 * count.right_without_threshold
