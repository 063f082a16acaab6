"""The widget in pages of others: its options, its events, its errors, and its coming and going."""

from typing import Any

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.conftest import OpenPage

BEGINNING = "Thank you for your h"


def strip(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} + tsuzuki-view li")


def ghost(page: Page, name: str) -> Locator:
    return page.locator(f"#{name} + tsuzuki-view .tail")


def message(page: Page, name: str = "a") -> Locator:
    return page.locator(f"#{name} + tsuzuki-view .message")


def events(page: Page, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page.evaluate("name => events.filter((event) => event.name === name)", name)
    return found


def test_two_on_a_page_do_not_meddle(open_page: OpenPage) -> None:
    page = open_page('<textarea id="a" cols="60" data-tsuzuki></textarea><textarea id="b" data-tsuzuki></textarea>')
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    expect(ghost(page, "a")).to_have_text("elp")
    expect(strip(page, "b")).to_have_count(0)
    page.locator("#b").click()
    expect(strip(page, "a")).to_have_count(0)
    page.keyboard.type("See you tom")
    expect(ghost(page, "b")).to_have_text("orrow")
    page.keyboard.press("Tab")
    expect(page.locator("#b")).to_have_value("See you tomorrow")
    expect(page.locator("#a")).to_have_value(BEGINNING)


@pytest.mark.parametrize(
    ("mode", "inline", "listed"), [("ghost", 1, 0), ("strip", 0, 1), ("both", 1, 1), ("odd", 1, 1)]
)
def test_a_mode_chooses_what_is_shown(open_page: OpenPage, mode: str, inline: int, listed: int) -> None:
    page = open_page(f'<textarea id="a" cols="60" data-tsuzuki data-tsuzuki-mode="{mode}"></textarea>')
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    page.wait_for_function("text => events.some((e) => e.name === 'shown' && a.value === text)", arg=BEGINNING)
    expect(strip(page, "a").first).to_be_visible(visible=bool(listed))
    expect(ghost(page, "a")).to_be_visible(visible=bool(inline))
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("Thank you for your help" if inline else BEGINNING)


def test_options_go_into_the_request(open_page: OpenPage) -> None:
    page = open_page(
        '<textarea id="a" cols="60" data-tsuzuki data-tsuzuki-limit="3" data-tsuzuki-min-probability="0.2" '
        'data-tsuzuki-model="en" data-tsuzuki-key="abc" data-tsuzuki-endpoint="/behind/"></textarea>'
    )
    body = {"suggestions": [], "prefix": "", "replace": {"start": 0, "end": 0}, "model": "en"}
    page.route("**/behind/complete", lambda route: route.fulfill(json=body))
    with page.expect_request("**/behind/complete") as first:
        page.locator("#a").click()
    told = {"text": "", "cursor": 0, "limit": 3, "words": 4, "min_probability": 0.2, "model": "en"}
    assert first.value.post_data_json == told
    assert first.value.headers["authorization"] == "Bearer abc"
    # They may change; what is not allowed counts as the default.
    page.evaluate("Object.assign(a.dataset, { tsuzukiLimit: 99, tsuzukiMinProbability: 'x', tsuzukiModel: '' })")
    with page.expect_request("**/behind/complete") as second:
        page.keyboard.type("I")
    assert second.value.post_data_json == {"text": "I", "cursor": 1, "limit": 5, "words": 4, "min_probability": 0.01}


def test_events_tell_what_happens(open_page: OpenPage, server: str) -> None:
    page = open_page('<textarea id="a" cols="60" data-tsuzuki></textarea>')
    page.locator("#a").click()
    page.keyboard.insert_text(BEGINNING)
    expect(ghost(page, "a")).to_have_text("elp")
    request = {"text": BEGINNING, "cursor": 20, "limit": 5, "words": 4, "min_probability": 0.01}
    answer = httpx.post(f"{server}/complete", json=request).json()
    told = events(page, "answered")[-1]["detail"]
    assert told.pop("milliseconds") > 0
    assert told == {"url": f"{server}/complete", "request": request, "status": 200, "answer": answer}
    shown = {"suggestions": answer["suggestions"], "inline": 0}
    assert events(page, "shown")[-1] == {"name": "shown", "id": "a", "detail": shown}
    assert events(page, "taken") == events(page, "refused") == events(page, "failed") == []
    page.keyboard.press("Tab")
    taken = {"suggestion": answer["suggestions"][0], "index": 0, "by": "Tab", "saved": 2}
    assert [event["detail"] for event in events(page, "taken")] == [taken]
    page.wait_for_function("() => events.at(-1).name === 'shown'")
    page.keyboard.press("Escape")
    following = httpx.post(f"{server}/next-word", json=request | {"text": "Thank you for your help", "cursor": 23})
    assert [event["detail"] for event in events(page, "refused")] == [{"suggestions": following.json()["suggestions"]}]


@pytest.mark.parametrize(
    ("status", "key", "told"),
    [
        (401, "", "The suggestion service asks for a key (data-tsuzuki-key)."),
        (401, "wrong", "The suggestion service refuses this key (data-tsuzuki-key)."),
        (403, "wrong", "The suggestion service does not allow this key or this page (data-tsuzuki-key)."),
        (404, "", "This address has no /complete. Set data-tsuzuki-endpoint to the address of the suggestion service."),
        (429, "", "Too many requests: suggestions pause for a moment."),
        (503, "", "The suggestion service is busy or starting: suggestions pause for a moment."),
        (422, "", "No suggestions: what was wrong"),
        (500, "", "No suggestions: what was wrong"),
    ],
)
def test_an_error_is_told_in_words(open_page: OpenPage, forgiven: list[str], status: int, key: str, told: str) -> None:
    forgiven.append("Failed to load resource")
    page = open_page(
        f'<textarea id="a" cols="60" data-tsuzuki data-tsuzuki-mode="ghost" data-tsuzuki-key="{key}"></textarea>'
    )

    def refuse(route: Route) -> None:
        route.fulfill(status=status, json={"detail": "what was wrong"})

    page.route("**/complete", refuse)
    page.clock.install()
    page.locator("#a").click()
    expect(message(page)).to_have_text(told)
    expect(message(page)).to_be_visible()
    assert events(page, "failed")[0]["detail"] == {"status": status, "message": told}
    # Where it helps to wait, the widget asks again by itself; else the next letter does.
    page.unroute("**/complete", refuse)
    page.keyboard.type("Thank you for your h")
    page.clock.run_for(2_500)
    expect(message(page)).to_have_text("")
    expect(ghost(page, "a")).to_have_text("elp")
    expect(ghost(page, "a")).to_be_visible()


def test_no_connection_is_told_in_words_and_suggestions_come_back(open_page: OpenPage, forgiven: list[str]) -> None:
    forgiven.append("Failed to load resource")
    page = open_page('<textarea id="a" cols="60" data-tsuzuki></textarea>')
    page.context.set_offline(True)
    page.locator("#a").click()
    expect(message(page)).to_have_text("You are offline: suggestions come back with the connection.")
    page.context.set_offline(False)
    expect(strip(page, "a").first).to_be_visible()
    page.route("**/complete", lambda route: route.fulfill(content_type="text/html", body="<p>Hello"))
    page.keyboard.type("I")
    told = "Set data-tsuzuki-endpoint to the address of the suggestion service."
    expect(message(page)).to_have_text(f"This address answers, but not with suggestions. {told}")


def test_textareas_may_come_move_and_go(open_page: OpenPage) -> None:
    page = open_page('<div id="one"></div><div id="two"></div>')
    page.evaluate("one.innerHTML = '<p><textarea id=a cols=60 data-tsuzuki></textarea></p><textarea id=b></textarea>'")
    expect(page.locator("tsuzuki-view")).to_have_count(1)
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    expect(ghost(page, "a")).to_have_text("elp")
    # With the attribute another one gets them.
    page.evaluate("b.toggleAttribute('data-tsuzuki')")
    expect(page.locator("#b + tsuzuki-view")).to_have_count(1)
    page.evaluate("b.toggleAttribute('data-tsuzuki')")
    expect(page.locator("#b + tsuzuki-view")).to_have_count(0)
    assert page.locator("#b").get_attribute("aria-autocomplete") is None
    page.evaluate("two.append(a)")
    expect(page.locator("#two > #a + tsuzuki-view")).to_have_count(1)
    expect(page.locator("tsuzuki-view")).to_have_count(1)
    page.evaluate("a.remove()")
    expect(page.locator("tsuzuki-view")).to_have_count(0)


def test_one_in_a_shadow_root_is_attached_by_hand(open_page: OpenPage) -> None:
    page = open_page('<div id="host"></div>')
    page.evaluate(
        """async () => {
          const root = host.attachShadow({ mode: "open" });
          root.innerHTML = "<textarea id=a cols=60></textarea>";
          const widget = await import("/tsuzuki.js");
          widget.attach(root.querySelector("textarea"));
          detach = () => widget.detach(root.querySelector("textarea"));
        }"""
    )
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    expect(ghost(page, "a")).to_have_text("elp")
    page.keyboard.press("Tab")
    expect(page.locator("#a")).to_have_value("Thank you for your help")
    page.evaluate("detach()")
    expect(page.locator("tsuzuki-view")).to_have_count(0)


@pytest.mark.parametrize("attribute", ["disabled", "readonly"])
def test_nothing_is_asked_for_where_nothing_can_be_typed(open_page: OpenPage, attribute: str) -> None:
    page = open_page(
        f'<textarea id="a" data-tsuzuki {attribute}>Good mor</textarea><textarea id="b" data-tsuzuki></textarea>'
    )
    page.locator("#a").click(force=True)
    page.locator("#b").click()
    expect(strip(page, "b").first).to_be_visible()
    assert {event["id"] for event in events(page, "answered")} == {"b"}


def test_what_the_page_changes_itself_is_not_overwritten(open_page: OpenPage) -> None:
    page = open_page('<textarea id="a" cols="60" data-tsuzuki></textarea>')
    page.locator("#a").click()
    page.keyboard.type(BEGINNING)
    expect(ghost(page, "a")).to_have_text("elp")
    # In one go, before the widget can hear of it.
    page.evaluate("a.value = 'Sent.'; a.nextSibling.shadowRoot.querySelector('li').click()")
    expect(page.locator("#a")).to_have_value("Sent.")


def test_halves_of_characters_are_sent_as_what_can_be_encoded(open_page: OpenPage) -> None:
    page = open_page('<textarea id="a" cols="60" data-tsuzuki></textarea>')
    page.evaluate("a.value = '\\ud83d I would like an app'")
    page.locator("#a").click()
    page.keyboard.press("Control+End")
    expect(strip(page, "a").first).to_be_visible()
    assert events(page, "failed") == []
