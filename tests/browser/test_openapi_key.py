"""The page at ``/docs`` of a service that asks for a key."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.keys import read_keys
from app.main import create_app
from app.settings import Settings
from model.storage import LanguageModel
from tests.browser.conftest import NewPage
from tests.serving import serving

KEY = "sesame-open-sesame"


@pytest.fixture
def locked(tiny_folder: Path, tiny_model: LanguageModel) -> Iterator[str]:
    """The address of a service that asks for a key."""
    settings = Settings(models={"tiny": tiny_folder}).model_copy(update={"api_keys": read_keys(KEY)})
    with serving(create_app(settings, {"tiny": tiny_model})) as address:
        yield address


@pytest.fixture
def hosts(locked: str) -> list[str]:
    return [locked]


def test_a_key_can_be_given_on_the_page(new_page: NewPage, locked: str, forgiven: list[str]) -> None:
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
        with page.expect_response(f"{locked}/models") as response:
            block.get_by_role("button", name="Execute").click()
        statuses.append(response.value.status)
    assert statuses == [401, 200]
