"""The page, the widget and the OpenAPI page as files: their headers, their weight, and where they point."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import app
from tests.app.conftest import MakeApp

ROOT = Path(app.__file__).parent.parent
STATIC = ROOT / "app" / "static"
HTML, SCRIPT, STYLE = "text/html; charset=utf-8", "text/javascript; charset=utf-8", "text/css; charset=utf-8"
TYPES = {
    "/": HTML,
    "/docs": HTML,
    "/tsuzuki.js": SCRIPT,
    "/static/docs.js": SCRIPT,
    "/static/learning.js": SCRIPT,
    "/static/replying.js": SCRIPT,
    "/static/icon.svg": "image/svg+xml",
    "/static/page.css": STYLE,
    "/static/page.js": SCRIPT,
    "/static/swagger-ui-bundle.js": SCRIPT,
    "/static/swagger-ui.css": STYLE,
}
TYPES |= {f"/static/widget/{file.name}": SCRIPT for file in (STATIC / "widget").iterdir()}
# Loaded where a page uses them, and not by the page at ``/``.
ON_DEMAND = {"check.js", "editable.js", "people.js", "taps.js"}
WEIGHT_LIMIT = 72 * 1024


def links(html: str) -> set[str]:
    """The addresses of what a page loads."""
    return set(re.findall(r'<(?:script|link|img)[^>]* (?:src|href)="([^"]+)"', html))


@pytest.mark.parametrize(("path", "kind"), TYPES.items())
def test_a_file_is_served_with_its_type_and_kept_by_its_tag(client: TestClient, path: str, kind: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == kind
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    tag = response.headers["ETag"]
    for asked in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = client.get(path, headers={"If-None-Match": asked})
        assert (again.status_code, again.content, again.headers["ETag"]) == (304, b"", tag)
    assert client.get(path, headers={"If-None-Match": '"other"'}).content == response.content
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", tag)


def test_all_files_of_the_folder_are_served(client: TestClient) -> None:
    served = {client.get(path).content for path in TYPES}
    assert {file.read_bytes() for file in STATIC.rglob("*") if file.is_file()} <= served


@pytest.mark.parametrize("path", ["/", "/docs"])
def test_a_page_loads_only_what_is_served_here(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert links(response.text)
    assert {f"/{link}" for link in links(response.text)} <= set(TYPES)
    policy = response.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; connect-src 'self'; script-src 'self';")
    assert "http" not in policy


def test_the_page_weighs_little(client: TestClient) -> None:
    page = client.get("/")
    modules = {f"static/widget/{file.name}" for file in (STATIC / "widget").iterdir() if file.name not in ON_DEMAND}
    assert len(page.content) + sum(len(client.get(link).content) for link in links(page.text) | modules) <= WEIGHT_LIMIT


@pytest.mark.parametrize("origins", [(), ("https://a.example",), ("*",)])
def test_the_widget_may_be_loaded_by_any_page(make_app: MakeApp, origins: tuple[str, ...]) -> None:
    with TestClient(make_app(cors_origins=origins)) as client:
        for path in ("/tsuzuki.js", "/static/widget/index.js"):
            response = client.get(path, headers={"Origin": "https://b.example"})
            assert response.headers["Access-Control-Allow-Origin"] == "*"
            assert response.headers["Cross-Origin-Resource-Policy"] == "cross-origin"


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/static/no.js", 404), ("GET", "/static/", 404), ("POST", "/", 405)]
)
def test_what_is_not_there_is_refused_as_everywhere(client: TestClient, method: str, path: str, status: int) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert isinstance(response.json()["detail"], str)


def test_exactly_the_attributes_and_events_of_the_widget_are_documented() -> None:
    script = "".join(file.read_text("utf-8") for file in (STATIC / "widget").iterdir())
    document = (ROOT / "docs" / "widget.md").read_text("utf-8")
    names: list[Any] = re.findall(r"dataset\.(tsuzuki\w+)", script)
    attributes = {"data-" + re.sub("[A-Z]", lambda letter: "-" + letter[0].lower(), name) for name in names}
    events = {f"tsuzuki:{name}" for name in re.findall(r'\bemit\([^"]*"(\w+)"', script)}
    assert len(attributes) == 12 and len(events) == 7
    assert set(re.findall(r"^\| `(data-[\w-]+)`", document, re.MULTILINE)) == attributes | {"data-tsuzuki"}
    assert set(re.findall(r"^\| `(tsuzuki:\w+)`", document, re.MULTILINE)) == events


def test_the_files_of_the_widget_are_short() -> None:
    for file in (STATIC / "widget").iterdir():
        assert len(file.read_text("utf-8").splitlines()) <= 300, file.name
