"""The page at ``/`` as a person uses it."""

import json
import shlex

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, Request, expect

from tests.browser.conftest import NewPage
from tests.browser.page.writing import BEGINNING, accepted, answer, box, chips, ghost, place_caret, words, write


@pytest.mark.parametrize("key", ["Tab", "ArrowRight"])
def test_the_ghost_is_the_rest_of_the_likeliest_word_and_a_key_takes_it(page: Page, server: str, key: str) -> None:
    found = write(page, server, BEGINNING)
    assert words(found)[0] == "help"
    expect(ghost(page)).to_have_text("elp")
    expect(ghost(page)).to_be_visible()
    page.keyboard.press(key)
    expect(box(page)).to_have_value("Thank you for your help")
    expect(box(page)).to_be_focused()
    # The word is finished: now the next one is offered, and its insert brings the space; but the same key once more may
    # be meant for something else, so that nothing is grey before the next letter.
    following = answer(server, "Thank you for your help", "next-word")
    expect(chips(page).locator("span")).to_have_text(words(following))
    expect(ghost(page)).to_be_hidden()
    expect(page.locator("#saved")).to_have_text("2")


def test_a_suggestion_is_taken_by_a_click(page: Page, server: str) -> None:
    text = "Could you please s"
    found = write(page, server, text)
    chips(page).nth(1).click()
    expect(box(page)).to_have_value(accepted(text, found, 1))
    expect(box(page)).to_be_focused()


@pytest.mark.parametrize("digit", [1, 3, 5])
def test_a_suggestion_is_taken_by_alt_and_its_number(page: Page, server: str, digit: int) -> None:
    found = write(page, server, "I w")
    expect(chips(page).nth(digit - 1).locator("kbd").first).to_have_text(str(digit))
    page.keyboard.press(f"Alt+Digit{digit}")
    expect(box(page)).to_have_value(accepted("I w", found, digit - 1))


def test_escape_puts_them_away_and_tab_leaves_the_box_then(page: Page, server: str) -> None:
    write(page, server, BEGINNING)
    page.keyboard.press("Escape")
    expect(chips(page)).to_have_count(0)
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("Tab")
    expect(box(page)).not_to_be_focused()
    expect(box(page)).to_have_value(BEGINNING)
    # Typing on brings them back.
    box(page).focus()
    write(page, server, "e")


def test_shift_and_tab_leaves_the_box_always(page: Page, server: str) -> None:
    write(page, server, BEGINNING)
    page.keyboard.press("Shift+Tab")
    expect(box(page)).not_to_be_focused()
    expect(chips(page)).to_have_count(0)


def test_nothing_is_asked_for_while_an_input_method_composes(page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request))
    keyboard = page.context.new_cdp_session(page)
    for letters in ("n", "に", "にほ", "にほん"):
        composed = {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
        keyboard.send("Input.imeSetComposition", composed)
        expect(box(page)).to_have_value(letters)
        expect(chips(page)).to_have_count(0)
    assert asked == []
    with page.expect_request("**/complete") as committed:
        keyboard.send("Input.insertText", {"text": "日本"})
    assert committed.value.post_data_json == {
        "text": "日本",
        "cursor": 2,
        "limit": 5,
        "words": 4,
        "min_probability": 0.01,
    }


def test_nothing_is_offered_while_text_is_selected(page: Page, server: str) -> None:
    write(page, server, BEGINNING)
    place_caret(page, 0, 5)
    expect(chips(page)).to_have_count(0)
    expect(ghost(page)).to_be_hidden()
    place_caret(page, len(BEGINNING))
    expect(chips(page).first).to_be_visible()


@pytest.mark.parametrize("width", [390, 1200])
def test_corrections_are_marked_and_can_be_read(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    forms = ["receive", "receives", "receiver", "received"]
    suggestions = [{"text": form, "insert": form, "probability": 0.1, "kind": "correction"} for form in forms]
    body = {"suggestions": suggestions, "prefix": "recieve", "replace": {"start": 0, "end": 7}, "model": "en"}
    page.route("**/complete", lambda route: route.fulfill(json=body))
    page.keyboard.type("recieve")
    expect(chips(page)).to_have_count(4)
    for index, form in enumerate(forms):
        expect(chips(page).nth(index)).to_have_accessible_name(f"{form}, replaces recieve")
        # All of the word can be read, on a wide screen and on a narrow one.
        assert chips(page).nth(index).evaluate("chip => chip.scrollWidth <= chip.clientWidth")
        expect(chips(page).nth(index)).to_be_in_viewport()
    expect(chips(page).locator("small")).to_have_text(["for recieve"])
    expect(ghost(page)).to_be_hidden()
    page.keyboard.press("Alt+Digit1")
    expect(box(page)).to_have_value("receive")


def test_a_finger_takes_a_suggestion_and_the_keyboard_stays(new_page: NewPage, server: str) -> None:
    page = new_page(has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    page.goto(server)
    box(page).tap()
    text = "Could you please s"
    found = write(page, server, text)
    chips(page).nth(1).tap()
    expect(box(page)).to_have_value(accepted(text, found, 1))
    expect(box(page)).to_be_focused()


def test_the_call_behind_it_is_shown(page: Page, server: str) -> None:
    text = 'I don\'t say "no" \\ to 50 % of an app'
    found = write(page, server, text)
    expect(page.locator("#path")).to_have_text("POST /complete")
    request = {"text": text, "cursor": len(text), "limit": 5, "words": 4, "min_probability": 0.01}
    expect(page.locator("#status")).to_have_text("200")
    assert json.loads(page.locator("#request").inner_text()) == request
    assert json.loads(page.locator("#answer").inner_text()) == found
    command = shlex.split(page.locator("#curl").inner_text().replace("\\\n", " "))
    assert command[:4] == ["curl", f"{server}/complete", "-H", "Content-Type: application/json"]
    assert json.loads(command[-1]) == request
    assert page.locator("#time").inner_text().endswith(" ms")
    assert f'src="{server}/tsuzuki.js"' in page.locator("#snippet").inner_text()


def test_a_beginning_is_put_in_and_can_be_undone(page: Page, server: str) -> None:
    write(page, server, "My own text")
    page.get_by_role("button", name=BEGINNING).click()
    expect(box(page)).to_have_value(BEGINNING)
    expect(ghost(page)).to_have_text("elp")
    page.keyboard.press("Control+z")
    expect(box(page)).to_have_value("My own text")


def test_what_is_offered_is_announced(page: Page, server: str) -> None:
    found = write(page, server, BEGINNING)
    heard = page.locator("#text + tsuzuki-view .spoken")
    expect(heard).to_have_text(f"Suggestions: {', '.join(words(found))}. Tab takes help")
    # Announcements can be switched off.
    page.evaluate("text.dataset.tsuzukiAnnounce = 'off'")
    write(page, server, "e")
    expect(ghost(page)).to_have_text("lp")
    page.wait_for_timeout(1000)
    expect(heard).to_have_text(f"Suggestions: {', '.join(words(found))}. Tab takes help")


def test_going_on_writes_to_the_end_of_a_sentence_and_undo_takes_it_back(page: Page) -> None:
    page.keyboard.type("Thank you for your help. I")
    page.get_by_role("button", name="Go on writing").click()
    expect(page.locator("#go-on")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("#go-on")).to_have_attribute("aria-pressed", "false")
    value = box(page).input_value()
    assert value.startswith("Thank you for your help. I ")
    assert value[-1] in ".!?" or len(value.split()) == 36
    # What was written is no keystroke, and none that was saved.
    expect(page.locator("#saved")).to_have_text("0")
    page.keyboard.press("Control+z")
    assert len(box(page).input_value()) < len(value)


def test_a_refusal_to_go_on_is_told(page: Page, forgiven: list[str]) -> None:
    forgiven.append("Failed to load resource")
    page.route("**/generate", lambda route: route.fulfill(status=503, json={"detail": "64 texts are being written"}))
    page.get_by_role("button", name="Go on writing").click()
    expect(page.locator("#ended")).to_have_text("64 texts are being written")
