"""The page at ``/docs``: complete, usable, and without any other host."""

import json
import re

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import expect

from tests.browser.conftest import NewPage


def test_the_openapi_page_shows_and_tries_every_operation(new_page: NewPage, server: str, forgiven: list[str]) -> None:
    # Without an administrator's key nobody may reload the models; what was never put in is not there.
    for status in (403, 404):
        forgiven.append(f"Failed to load resource: the server responded with a status of {status}")
    page = new_page()
    page.goto(f"{server}/docs")
    document = httpx.get(f"{server}/openapi.json").json()
    operations = [(path, method) for path, methods in document["paths"].items() for method in methods]
    expect(page.locator(".opblock")).to_have_count(len(operations))
    for path, method in operations:
        block = page.locator(f".opblock-{method}").filter(has=page.locator(f'[data-path="{path}"]'))
        block.locator(".opblock-summary-control").click()
        # The page fills in the examples of the document.
        address = re.sub(r"\{\w+\}", "[^/]+", path)
        with page.expect_response(re.compile(rf"{server}/v1{address}(\?|$)")) as response:
            block.get_by_role("button", name="Execute").click()
        is_kept = method in ("get", "delete") and path == "/vocabularies/{name}"
        assert response.value.status in ({403} if path == "/models/reload" else {200, 404} if is_kept else {200})
        if path != "/metrics":
            json.loads(response.value.text())
        block.locator(".opblock-summary-control").click()
