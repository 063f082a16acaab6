"""A service that is slow, down, or not there for this page."""

from typing import Any

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import OpenPage
from tests.browser.widget.hosting import chips, ghost, message, suggest, write

FIELD = '<textarea id="a" cols="60" data-tsuzuki></textarea>'
WORDS = {"inf": [("information", 0.8), ("inform", 0.1)], "info": [("information", 0.9)]}


def opened(open_page: OpenPage) -> Page:
    """A page whose field is in use and has suggestions."""
    page = open_page(FIELD)
    page.locator("#a").click()
    expect(chips(page).first).to_be_visible()
    return page


def hold(page: Page) -> list[Route]:
    """Let every request wait; the routes of those that do."""
    held: list[Route] = []
    page.route("**/complete", lambda route: held.append(route))
    return held


def answer(route: Route, *suggestions: tuple[str, float], word: str = "inf") -> None:
    found = [{"text": text, "insert": text, "probability": p, "kind": "completion"} for text, p in suggestions]
    asked: dict[str, Any] = route.request.post_data_json or {}
    start = asked["text"].rindex(word)
    span = {"start": start, "end": len(asked["text"])}
    route.fulfill(json={"suggestions": found, "prefix": word, "replace": span, "model": "en"})


def wait_for(page: Page, held: list[Route], count: int) -> None:
    for _ in range(200):
        if len(held) >= count:
            return
        page.wait_for_timeout(20)
    pytest.fail(f"{len(held)} requests where {count} were awaited")


def test_a_late_answer_is_filtered_by_what_was_typed_meanwhile(open_page: OpenPage) -> None:
    page = opened(open_page)
    held = hold(page)
    page.keyboard.insert_text("the inf")
    wait_for(page, held, 1)
    page.keyboard.type("o")
    page.keyboard.type("r")
    # The person is two letters ahead; none of the requests was given up.
    wait_for(page, held, 3)
    answer(held[0], ("information", 0.6), ("infant", 0.2), ("inform", 0.1))
    expect(ghost(page)).to_have_text("mation")
    expect(chips(page).locator("span")).to_have_text(["information", "inform"])
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("the information")
    for route in held[1:3]:
        answer(route, ("infamous", 0.9))
    page.wait_for_timeout(100)
    expect(chips(page)).not_to_contain_text(["infamous"])


def test_suggestions_show_while_somebody_types_faster_than_the_service_answers(open_page: OpenPage) -> None:
    page = opened(open_page)

    # The service's own answers, each as late as on a slow line.
    page.evaluate(
        """() => {
          const { fetch } = window;
          window.fetch = async (...call) => {
            const response = await fetch(...call);
            await new Promise((done) => setTimeout(done, 150));
            return response;
          };
          shown = [];
          a.addEventListener("tsuzuki:shown", () => shown.push(a.value));
        }"""
    )
    sentence = "I am looking forward to the weekend"
    page.keyboard.type(sentence, delay=80)
    shown = page.evaluate("shown.filter((text) => text.length < 35)")
    assert len(set(shown)) > 10


def test_no_more_requests_are_under_way_than_a_slow_line_can_bear(open_page: OpenPage) -> None:
    page = opened(open_page)
    held = hold(page)
    page.keyboard.type("the information")
    page.wait_for_timeout(300)
    assert len(held) == 3
    answer(held[2], word="th" if "the" not in (held[2].request.post_data or "") else "the")
    # The newest place is asked for as soon as there is room.
    wait_for(page, held, 4)
    asked: dict[str, Any] = held[3].request.post_data_json or {}
    assert asked["text"] == "the information"


def test_an_answer_that_was_overtaken_is_dropped(open_page: OpenPage) -> None:
    page = opened(open_page)
    held = hold(page)
    page.keyboard.insert_text("the inf")
    wait_for(page, held, 1)
    page.keyboard.type("o")
    wait_for(page, held, 2)
    answer(held[1], ("information", 0.9), word="info")
    expect(ghost(page)).to_have_text("rmation")
    answer(held[0], ("infographic", 0.9))
    page.wait_for_timeout(100)
    expect(ghost(page)).to_have_text("rmation")


def test_grey_text_stays_while_its_letters_are_typed_and_no_answer_has_come(open_page: OpenPage) -> None:
    page = open_page(FIELD)
    suggest(page, WORDS)
    write(page, "the inf", "ormation")
    hold(page)
    for letter, rest in (("o", "rmation"), ("r", "mation")):
        page.keyboard.type(letter)
        expect(ghost(page)).to_have_text(rest)
        expect(ghost(page)).to_be_visible()
    page.keyboard.type("x")
    expect(ghost(page)).to_be_hidden()
    # The strip is that of the text before, and nothing of it can be taken.
    page.keyboard.press("Alt+Digit1")
    expect(page.locator("#a")).to_have_value("the inforx")


def test_a_service_that_is_down_is_asked_ever_more_seldom_and_that_is_said_once(
    open_page: OpenPage, forgiven: list[str]
) -> None:
    forgiven.append("Failed to load resource")
    page = open_page(FIELD + '<textarea id="b" data-tsuzuki></textarea>')
    refused: list[Route] = []

    def refuse(route: Route) -> None:
        refused.append(route)
        route.abort()

    page.clock.install(time=0)
    page.clock.pause_at(1000)
    page.route("**/complete", refuse)
    page.locator("#a").click()
    told = "The suggestion service cannot be reached: suggestions come back when it does."
    expect(message(page)).to_have_text(told)
    asked = [len(refused)]
    for seconds in (1.9, 0.2, 3.8, 0.3, 7.7, 0.4):
        page.keyboard.type("word ")
        page.clock.run_for(round(1000 * seconds))
        page.wait_for_timeout(100)
        asked.append(len(refused))
    assert asked == [1, 1, 2, 2, 3, 3, 4]
    expect(message(page)).to_have_text(told)
    assert page.evaluate("events.filter(({ name }) => name === 'failed').length") == 1
    # Another field of the page shares the pause, and does not say it again.
    page.locator("#b").click()
    page.keyboard.type("word")
    page.wait_for_timeout(100)
    assert len(refused) == 4
    expect(message(page, "b")).to_have_text("")
    page.locator("#a").click()
    page.unroute("**/complete")
    suggest(page, {"inf": [("information", 0.9)]})
    page.keyboard.type("inf")
    page.clock.run_for(17_000)
    expect(ghost(page)).to_have_text("ormation")
    expect(message(page)).to_have_text("")
