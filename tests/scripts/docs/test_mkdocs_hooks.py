"""The site of the documentation: it builds without a warning, asks no other host, and all its links lead somewhere."""

import json
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from scripts.chromium import chromium, missing
from tests.docs.test_links import ROOT

pytest.importorskip("material", reason="mkdocs-material is not installed")

LINK = re.compile(r"""<(?:a|link|img|script)\b[^>]*?\s(?:href|src)="?([^"\s>]+)""")
LOADED = re.compile(r"""<(?:link\b[^>]*rel="?(?:style|icon)[^>]*href|(?:img|script)\b[^>]*src)="?(https?:[^"\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_page_is_there_and_every_link_leads_to_a_file(site: Path) -> None:
    pages = sorted(site.glob("*.html"))
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= {page.stem for page in pages}
    assert (site / "index.html").read_text("utf-8").count("page.webp") == 1
    for page in set(pages) - {site / "404.html"}:
        for link in LINK.findall(page.read_text("utf-8")):
            parts = urlsplit(link)
            if not parts.scheme and parts.path:
                assert (page.parent / unquote(parts.path)).exists(), f"{page.name}: {link}"


def test_it_asks_no_other_host(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert LOADED.findall(page.read_text("utf-8")) == [], page.name


def test_the_openapi_page_is_that_of_the_service_and_tries_one_on_this_machine(site: Path) -> None:
    document = json.loads((site / "openapi" / "openapi.json").read_text("utf-8"))
    assert "/complete" in document["paths"]
    assert document["servers"] == [{"url": "http://127.0.0.1:8000/v1"}]
    page = (site / "openapi" / "index.html").read_text("utf-8")
    assert all((site / "openapi" / part).exists() for part in re.findall(r'(?:href|src)="(static/[^"]+)"', page))


@pytest.mark.parametrize("page", ["index.html", "openapi/index.html"])
def test_it_can_be_read_without_a_server(page: str, site: Path) -> None:
    if reason := missing():
        pytest.skip(reason)
    from playwright.sync_api import expect

    with chromium() as browser:
        opened = browser.new_page()
        errors: list[str] = []
        opened.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
        opened.on("pageerror", lambda error: errors.append(str(error)))
        opened.goto((site / page).as_uri())
        expect(opened.get_by_text("/complete").first).to_be_visible(timeout=60_000)
        assert errors == []


def test_code_that_is_linked_to_can_be_read(site: Path) -> None:
    text = (site / "architecture.html").read_text("utf-8")
    linked = set(re.findall(r'href="?(source/[^"\s>]+)', text))
    assert "source/app/http/middleware.py.txt" in linked
    for link in linked:
        path = link.removeprefix("source/").removesuffix(".txt")
        assert (site / link).read_bytes() == (ROOT / path).read_bytes()
