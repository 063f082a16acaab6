"""Learning in the page and in the widget: off at first, taught when a text is finished, forgotten in every way."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, Request, expect

from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.browser.conftest import NewPage
from tests.browser.page.writing import box, chips
from tests.serving import serving

TEXT = "We run Zorbflow here. Ask Zorbflow now."


@pytest.fixture(scope="module")
def learning(shipped_model: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service that learns."""
    database = f"sqlite:///{tmp_path_factory.mktemp('database')}/a.db"
    with serving(create_app(Settings(database=database), {"en": shipped_model})) as address:
        yield address


@pytest.fixture
def hosts(learning: str) -> list[str]:
    return [learning]


@pytest.fixture
def learning_page(new_page: NewPage, learning: str) -> Page:
    page = new_page()
    page.goto(learning)
    return page


def learns(page: Page) -> list[Request]:
    found: list[Request] = []
    page.on("request", lambda request: found.append(request) if request.url.endswith("/learn") else None)
    return found


def test_the_page_learns_only_where_the_switch_is_on_and_forgets(learning_page: Page) -> None:
    page = learning_page
    asked = learns(page)
    expect(page.locator("#learn")).not_to_be_checked()
    expect(page.locator("#teach")).to_be_hidden()
    box(page).fill(TEXT)
    page.wait_for_timeout(300)
    assert asked == []
    page.locator("#learn").check()
    page.locator("#teach").click()
    expect(page.locator("#learned button")).to_have_text(["Zorbflow 2 ×"])
    assert len(asked) == 1
    box(page).fill("")
    box(page).press_sequentially("We run Zorb")
    expect(chips(page).first.locator("span")).to_have_text("Zorbflow")
    page.locator("#learned button").click()
    expect(page.locator("#learned button")).to_have_count(0)
    box(page).press_sequentially("f")
    expect(chips(page).filter(has_text="Zorbflow")).to_have_count(0)
    page.locator("#forget").click()
    expect(page.locator("#known")).to_contain_text("from 0 texts")


def test_a_chip_has_a_menu_that_forgets_its_word(learning_page: Page) -> None:
    page = learning_page
    page.locator("#learn").check()
    box(page).fill(TEXT)
    page.locator("#teach").click()
    expect(page.locator("#learned button")).to_have_count(1)
    for by in ("mouse", "keyboard"):
        box(page).fill("")
        box(page).press_sequentially("We run Zorb" if by == "mouse" else "Thank you for your h")
        word = chips(page).first.locator("span")
        if by == "mouse":
            expect(word).to_have_text("Zorbflow")
            chips(page).first.click(button="right")
        else:
            expect(word).to_have_text("help")
            page.keyboard.press("Alt+Shift+Digit1")
        item = page.get_by_role("menuitem")
        expect(item).to_have_text("Forget “Zorbflow”" if by == "mouse" else "Forget “help”")
        if by == "mouse":
            item.click()
        else:
            page.keyboard.press("Enter")
        forgotten = re.compile("^(Zorbflow|help)$")
        expect(chips(page).locator("span").filter(has_text=forgotten)).to_have_count(0)
        expect(box(page)).to_be_focused()


def test_a_phrase_has_no_such_menu(learning_page: Page) -> None:
    page = learning_page
    page.locator("#learn").check()
    answer = {
        "suggestions": [{"text": "name?", "insert": "name?", "probability": 0.6, "kind": "phrase"}],
        "model": "en",
    }
    found = answer | {"prefix": "nam", "replace": {"start": 13, "end": 16}}
    page.route("**/complete", lambda route: route.fulfill(json=found))
    box(page).fill("")
    box(page).press_sequentially("What is your nam")
    expect(chips(page).first.locator("span")).to_have_text("name?")
    page.keyboard.press("Alt+Shift+Digit1")
    expect(page.get_by_role("menuitem")).to_be_hidden()


FORM = """<form><textarea id="a" data-tsuzuki {}></textarea><button>Send</button></form>"""


def show_form(page: Page, attributes: str) -> None:
    """A form of a page that stays, in the place of everything."""
    page.evaluate(
        """(html) => {
            document.body.innerHTML = html;
            document.forms[0].addEventListener("submit", (event) => event.preventDefault());
        }""",
        FORM.format(attributes),
    )


@pytest.mark.parametrize(
    ("attributes", "taught"),
    [('data-tsuzuki-user="person/17"', 1), ('data-tsuzuki-user="17" data-tsuzuki-learn="off"', 0), ("", 0)],
)
def test_a_form_teaches_when_it_is_submitted(learning_page: Page, learning: str, attributes: str, taught: int) -> None:
    page = learning_page
    asked = learns(page)
    show_form(page, attributes)
    field = page.locator("#a")
    field.press_sequentially("Grünfluss is here. Grünfluss")
    page.wait_for_timeout(500)
    assert asked == [], "never while somebody types"
    page.locator("form > button").click()
    page.wait_for_timeout(300)
    page.locator("form > button").click()
    page.wait_for_timeout(700)
    assert len(asked) == taught, "the same text counts once"
    if taught:
        assert asked[0].post_data_json == {"user": "person/17", "text": "Grünfluss is here. Grünfluss"}
        field.fill("")
        field.press_sequentially("Grünf")
        expect(page.locator("tsuzuki-view li span").first).to_have_text("Grünfluss")


def test_a_script_may_teach(learning_page: Page) -> None:
    page = learning_page
    asked = learns(page)
    show_form(page, 'data-tsuzuki-user="18"')
    page.locator("#a").fill("Quarzfluss Quarzfluss")
    counted = "async () => (await import('/tsuzuki.js')).learn(document.querySelector('#a'))"
    assert page.evaluate(counted) == 1
    assert page.evaluate(counted) == 0
    assert len(asked) == 1


def test_files_of_the_page_are_served(learning: str) -> None:
    import httpx

    for name in ("learning.js", "widget/people.js"):
        assert httpx.get(f"{learning}/static/{name}").status_code == 200
    assert Path("app/static/learning.js").exists()
