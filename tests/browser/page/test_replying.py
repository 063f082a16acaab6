"""Replies to a message, on the page."""

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

from tests.browser.page.writing import box

MESSAGE = "Can you come to dinner on Friday?"


def test_a_reply_is_written_by_a_click_and_taken_back_by_undo(page: Page, server: str) -> None:
    replies = httpx.post(f"{server}/reply", json={"message": MESSAGE}).json()["replies"]
    assert len(replies) == 3
    page.get_by_label("Answer a message").fill(MESSAGE)
    page.get_by_role("button", name="Show replies").click()
    shown = page.locator("#replies button")
    expect(shown).to_have_text([reply["text"] for reply in replies])
    shown.nth(1).click()
    expect(box(page)).to_have_value(replies[1]["text"])
    page.keyboard.press("ControlOrMeta+z")
    expect(box(page)).to_have_value("")


def test_where_nothing_fits_the_page_says_so(page: Page) -> None:
    page.get_by_label("Answer a message").fill("12 34")
    page.get_by_label("Answer a message").press("Enter")
    expect(page.locator("#replied")).to_have_text("No reply fits.")
    expect(page.locator("#replies button")).to_have_count(0)
