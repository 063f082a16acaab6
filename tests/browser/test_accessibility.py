"""axe-core finds no barrier, in any state and colour scheme, on a screen of any width."""

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import NewPage

AXE = Axe()


def barriers(page: Page) -> str:
    response = AXE.run(page).response
    assert len(response["passes"]) > 10
    return "\n".join(
        f"{found['id']}: {node['target']} {node['html']} {node['failureSummary']}"
        for found in response["violations"]
        for node in found["nodes"]
    )


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_barrier_is_found(new_page: NewPage, server: str, forgiven: list[str], scheme: str, width: int) -> None:
    page = new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
    page.goto(server)
    assert barriers(page) == ""
    page.locator("#text").click()
    page.keyboard.type("Thank you for your h")
    expect(page.locator("tsuzuki-view .tail")).to_have_text("elp")
    assert barriers(page) == ""
    correction = {"text": "help", "insert": "help", "probability": 0.9, "kind": "correction"}
    body = {"suggestions": [correction], "prefix": "hw", "replace": {"start": 19, "end": 21}, "model": "en"}
    page.route("**/complete", lambda route: route.fulfill(json=body))
    page.keyboard.type("w")
    expect(page.locator("tsuzuki-view small")).to_be_visible()
    assert barriers(page) == ""
    forgiven.append("Failed to load resource")
    page.route("**/complete", lambda route: route.fulfill(status=403, json={"detail": "no"}))
    page.keyboard.type("l")
    expect(page.locator("tsuzuki-view .message")).to_contain_text("does not allow")
    assert barriers(page) == ""
