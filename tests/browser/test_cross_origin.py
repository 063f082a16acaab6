"""The widget in a page of another origin: the example, behind a plain server of files."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
from playwright.sync_api import Page, expect

import app
from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.browser.conftest import NewPage
from tests.serving import serving

EXAMPLE = Path(app.__file__).parent.parent / "examples" / "plain.html"


@contextmanager
def files_served(folder: Path) -> Iterator[str]:
    """A plain server of files, as another origin; gives its address."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def open_example(page: Page, folder: Path, origin: str, service: str) -> Page:
    """The example, calling a service at this address."""
    html = EXAMPLE.read_text("utf-8")
    assert "http://127.0.0.1:8000/tsuzuki.js" in html
    (folder / "plain.html").write_text(html.replace("http://127.0.0.1:8000", service), "utf-8")
    (folder / "favicon.ico").write_bytes(b"")
    page.goto(f"{origin}/plain.html")
    return page


def test_the_example_works_from_another_origin(
    new_page: NewPage, hosts: list[str], shipped_model: LanguageModel, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        origin = stack.enter_context(files_served(tmp_path))
        settings = Settings(cors_origins=(origin,))
        service = stack.enter_context(serving(create_app(settings, {"en": shipped_model})))
        hosts.extend((origin, service))
        page = open_example(new_page(), tmp_path, origin, service)
        page.locator("#answer").click()
        page.keyboard.type("Thank you for your t")
        expect(page.locator("#answer + tsuzuki-view .tail")).to_have_text("ime")
        expect(page.locator("#answer + tsuzuki-view li").nth(1)).to_be_visible()
        page.keyboard.press("Tab")
        expect(page.locator("#saved")).to_have_text("2")
        # A key makes the browser ask first whether it may send it.
        page.evaluate("document.getElementById('note').dataset.tsuzukiKey = 'abc'")
        with page.expect_request("**/complete") as asked:
            page.locator("#note").click()
        assert asked.value.headers["authorization"] == "Bearer abc"
        page.keyboard.type("Thank you for your t")
        expect(page.locator("#note + tsuzuki-view .tail")).to_have_text("ime")
        page.context.close()


def test_a_page_that_may_not_call_is_told(
    new_page: NewPage, hosts: list[str], forgiven: list[str], server: str, tmp_path: Path
) -> None:
    forgiven += ["Access to fetch", "Failed to load resource"]
    with files_served(tmp_path) as origin:
        hosts.append(origin)
        page = open_example(new_page(), tmp_path, origin, server)
        page.locator("#answer").click()
        told = f"The suggestion service does not allow this page. It has to have {origin} in TSUZUKI_CORS_ORIGINS."
        expect(page.locator("#answer + tsuzuki-view p")).to_have_text(told)
        page.context.close()
