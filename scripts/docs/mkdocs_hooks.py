"""Hooks of MkDocs (``mkdocs.yml``): the site holds all that the pages link to, code and the OpenAPI page included.

The pages are written for the checkout, with links to files beside ``docs/``. Of those, Markdown becomes pages, other
files are put into the site as text, and a link to a folder leads to where its reading begins.
"""

import json
import posixpath
import re
from importlib.resources import files as package_files
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from app.main import create_app
from app.paths import PREFIX
from app.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent
# Pages that lie elsewhere, and their names in the site.
PAGES = {"README.md": "index.md", "CHANGELOG.md": "changelog.md", "model/en/README.md": "model-card.md"}
FOLDER = "openapi"
# The folder of the files that are linked to; a hidden one gets an underscore, for MkDocs leaves out what is hidden.
SOURCE = "source/"
# Where docs.js asks the service for the document.
_ADDRESS_OF_DOCUMENT = 'url: new URL("../openapi.json", import.meta.url).href'
_LINK = re.compile(r"(\]\()([^()\s#]+)((?:#[^()\s]*)?\))")
_BEGINNINGS = ("__init__.py", "README.md", "kustomization.yaml", "base/kustomization.yaml")


def target(page: str, link: str) -> str | None:
    """Find the place in the site of what a page of the checkout links to; None where it has none."""
    if re.match(r"[a-z]+:|/", link):
        return link
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    if path in PAGES:
        return PAGES[path]
    if path.startswith("docs/"):
        return path.removeprefix("docs/")
    if (ROOT / path).is_dir():
        beginning = next((name for name in _BEGINNINGS if (ROOT / path / name).is_file()), None)
        return target("", f"{path}/{beginning}") if beginning else None
    # As text, which browsers show.
    if not (ROOT / path).is_file():
        return path
    return f"{SOURCE}{'_' if path.startswith('.') else ''}{path}.txt"


def links(text: str) -> list[str]:
    """List the links of a page."""
    return [link for _, link, _ in _LINK.findall(text)]


def source(uri: str) -> str:
    """Name the file of the checkout that a page of the site is made from."""
    return next((path for path, name in PAGES.items() if name == uri), f"docs/{uri}")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages from elsewhere, the files that are linked to, and the OpenAPI page."""
    for path, uri in PAGES.items():
        files.append(File.generated(config, uri, content=(ROOT / path).read_text("utf-8")))
    linked: dict[str, str] = {}
    for file in files.documentation_pages():
        for link in links((ROOT / source(file.src_uri)).read_text("utf-8")):
            place = target(source(file.src_uri), link)
            if place and place.startswith(SOURCE):
                linked[place] = re.sub(r"^_(?=\.)", "", place.removeprefix(SOURCE).removesuffix(".txt"))
            elif place and place.endswith(".png") and files.get_file_from_path(place) is None:
                linked[place] = place
    for place, path in linked.items():
        files.append(File.generated(config, place, content=(ROOT / path).read_bytes()))
    for name, content in openapi_page().items():
        files.append(File.generated(config, f"{FOLDER}/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Let the links of a page lead to the places in the site."""

    def moved(match: re.Match[str]) -> str:
        before, link, after = match.groups()
        if re.match(r"[a-z]+:", link):
            return match[0]
        place = target(source(page.file.src_uri), link)
        if place is None:
            return f"{before}index.md)"
        return before + posixpath.relpath(place, posixpath.dirname(page.file.src_uri) or ".") + after

    return _LINK.sub(moved, markdown)


def openapi_page() -> dict[str, bytes]:
    """Make the files of the OpenAPI page, as the service has them, with a service on the reader's machine to try."""
    ours, swagger_ui = package_files("app") / "static", package_files("fastapi_offline") / "static"
    document = create_app(Settings(), {}).openapi() | {"servers": [{"url": f"http://127.0.0.1:8000{PREFIX}"}]}
    parts = {"icon.svg": ours / "icon.svg"}
    parts |= {name: swagger_ui / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")}
    found = {f"static/{name}": part.read_bytes() for name, part in parts.items()}
    content = json.dumps(document)
    # Of a file that is opened without a server, a browser loads neither modules nor JSON.
    script = _replaced((ours / "docs.js").read_text("utf-8"), _ADDRESS_OF_DOCUMENT, f"spec: {content}")
    page = _replaced((ours / "docs.html").read_text("utf-8"), '<script type="module"', "<script defer")
    texts = {"static/docs.js": script, "index.html": page, "openapi.json": content}
    return found | {name: text.encode() for name, text in texts.items()}


def _replaced(text: str, part: str, replacement: str) -> str:
    if text.count(part) != 1:
        raise ValueError(f"{part} must stand in it once")
    return text.replace(part, replacement)
