"""A browser, and the shipped model behind a real server; every page is watched for errors and strange requests."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from model.lm.pair_model import load_pair_model
from model.lm.storage import load_model
from model.search.writing.replies import load_replies
from scripts.chromium import chromium, missing
from tests.serving import serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request

NewPage = Callable[..., "Page"]
OpenPage = Callable[..., "Page"]
LOG = "for (const name of ['answered', 'shown', 'taken', 'refused', 'failed']) document.addEventListener(" + (
    "`tsuzuki:${name}`, ({ target, detail }) => events.push({ name, id: target.id, detail }))"
)


@pytest.fixture(scope="session")
def shipped_model(shipped_folder: Path) -> LanguageModel:
    replies = load_replies(shipped_folder / "reply", load_pair_model(shipped_folder / "reply"))
    return replace(load_model(shipped_folder), replies=replies)


@pytest.fixture(scope="session")
def server(shipped_model: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that learns, and that pages of other origins may not call."""
    database = f"sqlite:///{tmp_path_factory.mktemp('database')}/a.db"
    with serving(create_app(Settings(database=database), {"en": shipped_model})) as address:
        yield address


# For a module, not for the session: while it is open, this thread has an event loop, and other tests want none.
@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    if reason := missing():
        pytest.skip(reason)
    from playwright.sync_api import expect

    # What is waited for comes late on a busy machine.
    expect.set_options(timeout=60_000)
    with chromium() as browser:
        yield browser


@pytest.fixture
def forgiven() -> list[str]:
    """Beginnings of console errors that a test provokes."""
    return []


@pytest.fixture
def hosts(server: str) -> list[str]:
    """The origins that may be asked."""
    return [server]


@pytest.fixture
def new_page(browser: "Browser", forgiven: list[str], hosts: list[str]) -> Iterator[NewPage]:
    """Makes pages; in the end none may have had an error, or asked another host."""
    errors: list[str] = []
    strange: list[str] = []

    def on_console(message: "ConsoleMessage") -> None:
        if message.type in ("error", "warning"):
            errors.append(message.text)

    def on_request(request: "Request") -> None:
        if not request.url.startswith(tuple(f"{host}/" for host in hosts)):
            strange.append(request.url)

    def make(**options: Any) -> "Page":
        context = browser.new_context(**options)
        # Every request, those of workers and of icons as well.
        context.on("request", on_request)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.on("console", on_console)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield make
    for context in browser.contexts:
        context.close()
    assert [error for error in errors if not error.startswith(tuple(forgiven))] == []
    assert strange == []


@pytest.fixture
def page(new_page: NewPage, server: str) -> "Page":
    """The page at ``/``, with the caret in its box and the first suggestions shown."""
    page = new_page()
    page.goto(server)
    page.locator("#text").click()
    page.locator("#text + tsuzuki-view li").first.wait_for()
    return page


@pytest.fixture
def open_page(new_page: NewPage, server: str) -> OpenPage:
    """Opens a page of the service's origin that holds the given HTML and the widget; its events go to ``events``."""

    def open_with(
        html: str, script: str = '<script type="module" src="/tsuzuki.js"></script>', **options: Any
    ) -> "Page":
        page = new_page(**options)
        head = '<!doctype html><html lang="en"><title>A page</title><link rel="icon" href="data:,">'
        head += f"<script>events = []; {LOG}</script>"
        page.route("**/page.html", lambda route: route.fulfill(content_type="text/html", body=head + html + script))
        page.goto(f"{server}/page.html")
        return page

    return open_with
