"""The pages of a service that asks for a key (data-tsuzuki-key)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, Request, expect

from app.keys import read_keys
from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.browser.conftest import NewPage
from tests.browser.page.writing import box, chips
from tests.browser.test_accessibility import barriers
from tests.serving import serving

KEY = "sesame-open-sesame"


@pytest.fixture
def locked(tiny_folder: Path, tiny_model: LanguageModel) -> Iterator[str]:
    """The address of a service that asks for a key (data-tsuzuki-key)."""
    settings = Settings(models={"tiny": tiny_folder}).model_copy(update={"api_keys": read_keys(KEY)})
    with serving(create_app(settings, {"tiny": tiny_model})) as address:
        yield address


@pytest.fixture
def hosts(locked: str, server: str) -> list[str]:
    return [locked, server]


@pytest.fixture
def locked_page(new_page: NewPage, locked: str, forgiven: list[str]) -> Page:
    """The page at ``/``, after it was told that it needs a key."""
    forgiven.append("Failed to load resource: the server responded with a status of 401")
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(locked)
    box(page).click()
    expect(page.locator("tsuzuki-view .message")).to_have_text(
        "The suggestion service asks for a key (data-tsuzuki-key)."
    )
    return page


def give(page: Page, key: str) -> None:
    page.get_by_label("Your key").fill(key)
    page.get_by_role("button", name="Use this key").click()


def test_a_missing_key_is_asked_for_and_used(locked_page: Page) -> None:
    assert barriers(locked_page) == ""
    asked: list[Request] = []
    locked_page.on("request", lambda request: asked.append(request))
    give(locked_page, KEY)
    expect(chips(locked_page).first).to_be_visible()
    expect(box(locked_page)).to_be_focused()
    expect(locked_page.locator("#unlock")).to_be_hidden()
    expect(locked_page.locator("tsuzuki-view .message")).to_have_text("")
    locked_page.keyboard.type("the a")
    expect(locked_page.locator("#request")).to_contain_text('"the a"')
    expect(locked_page.locator("#curl")).to_contain_text('-H "Authorization: Bearer $KEY"')
    expect(locked_page.locator("#snippet")).to_contain_text('data-tsuzuki-key="KEY"')
    assert {request.headers["authorization"] for request in asked} == {f"Bearer {KEY}"}
    # It is neither shown nor part of any address.
    assert KEY not in locked_page.locator("body").inner_text() + locked_page.url + str([r.url for r in asked])


def test_a_key_is_kept_for_the_tab_alone(locked_page: Page, locked: str) -> None:
    give(locked_page, KEY)
    expect(chips(locked_page).first).to_be_visible()
    locked_page.reload()
    box(locked_page).click()
    expect(chips(locked_page).first).to_be_visible()
    expect(locked_page.locator("#unlock")).to_be_hidden()
    assert locked_page.evaluate("[localStorage.length, document.cookie]") == [0, ""]
    other = locked_page.context.new_page()
    other.goto(locked)
    box(other).click()
    expect(other.locator("#unlock")).to_be_visible()


def test_a_refused_key_is_told_of_and_not_kept(locked_page: Page) -> None:
    give(locked_page, "wrong-wrong-wrong")
    expect(locked_page.locator("tsuzuki-view .message")).to_have_text(
        "The suggestion service refuses this key (data-tsuzuki-key)."
    )
    expect(locked_page.get_by_label("Your key")).to_have_value("")
    expect(locked_page.locator("#unlock")).to_be_visible()
    assert locked_page.evaluate("sessionStorage.length") == 0
    give(locked_page, KEY)
    expect(chips(locked_page).first).to_be_visible()


def test_what_cannot_be_a_key_is_not_sent(locked_page: Page) -> None:
    asked: list[Request] = []
    locked_page.on("request", lambda request: asked.append(request))
    for wrong in ("", "Schlüssel", "two words"):
        give(locked_page, wrong)
        assert not locked_page.evaluate("document.getElementById('key').checkValidity()")
    assert asked == []


def test_no_key_is_asked_for_where_none_is_needed(page: Page) -> None:
    expect(page.locator("#unlock")).to_be_hidden()
    expect(page.locator("#curl")).not_to_contain_text("Authorization")
    expect(page.locator("#snippet")).not_to_contain_text("key")


def test_a_key_can_be_given_on_the_openapi_page(new_page: NewPage, locked: str, forgiven: list[str]) -> None:
    forgiven.append("Failed to load resource: the server responded with a status of 401")
    page = new_page()
    page.goto(f"{locked}/docs")
    block = page.locator(".opblock-get").filter(has=page.locator('[data-path="/models"]'))
    block.locator(".opblock-summary-control").click()
    statuses = []
    for authorized in (False, True):
        if authorized:
            page.locator(".btn.authorize").first.click()
            page.locator(".auth-container").first.locator("input").fill(KEY)
            page.locator(".auth-container").first.get_by_role("button", name="Apply credentials").click()
            page.locator(".btn-done").first.click()
        with page.expect_response(f"{locked}/v1/models") as response:
            block.get_by_role("button", name="Execute").click()
        statuses.append(response.value.status)
    assert statuses == [401, 200]
