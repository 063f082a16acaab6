"""The page at ``/``, the widget it is built on, and the OpenAPI page: files that are read once and kept."""

from collections.abc import Callable, Coroutine, Mapping
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from app.paths import PREFIX

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
}
_COMMON = {
    # Kept by browsers, but asked about each time: a page never meets the script of another version.
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_NOWHERE_ELSE = "default-src 'none'; connect-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'; "
_PAGE = {"Content-Security-Policy": f"{_NOWHERE_ELSE} style-src 'self'; img-src 'self'; frame-ancestors 'self'"}
# Swagger UI has style attributes, and icons as data.
_DOCS = {
    "Content-Security-Policy": f"{_NOWHERE_ELSE} style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'"
}
# The widget is for the pages of any origin: it holds nothing secret. Keys decide who may call the service.
_FOR_ALL = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}


class Asset(NamedTuple):
    """A file as it is served."""

    content: bytes
    headers: Mapping[str, str]

    @property
    def etag(self) -> str:
        """The tag by which a browser asks whether its copy is still right."""
        return self.headers["ETag"]


def read_asset(file: Traversable, headers: Mapping[str, str] = MappingProxyType({})) -> Asset:
    """A file with the headers that it is served with."""
    content = file.read_bytes()
    kind = _TYPES[file.name.rpartition(".")[2]]
    tag = f'"{sha256(content).hexdigest()[:20]}"'
    return Asset(content, {"Content-Type": kind, "ETag": tag, **_COMMON, **headers})


def respond(asset: Asset, request: Request) -> Response:
    """The file, or 304 where the browser has it."""
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
    if known & {asset.etag, "*"}:
        kept = {name: value for name, value in asset.headers.items() if name != "Content-Type"}
        return Response(status_code=304, headers=kept)
    return Response(asset.content, headers=dict(asset.headers))


def pages_router() -> APIRouter:
    """The routes of the pages, with their files in memory."""
    ours, swagger_ui = files("app") / "static", files("fastapi_offline") / "static"
    pages = {
        "/": read_asset(ours / "index.html", _PAGE),
        "/docs": read_asset(ours / "docs.html", _DOCS),
        "/tsuzuki.js": read_asset(ours / "tsuzuki.js", _FOR_ALL),
    }
    parts = [ours / name for name in ("docs.js", "icon.svg", "learning.js", "page.css", "page.js", "replying.js")]
    parts += [swagger_ui / name for name in ("swagger-ui-bundle.js", "swagger-ui.css")]
    static = {file.name: read_asset(file) for file in parts}
    static |= {f"widget/{file.name}": read_asset(file, _FOR_ALL) for file in (ours / "widget").iterdir()}

    async def part(name: str, request: Request) -> Response:
        if name not in static:
            raise HTTPException(404)
        return respond(static[name], request)

    async def document(request: Request) -> JSONResponse:
        return JSONResponse(request.app.openapi() | {"servers": _servers(request)})

    router = APIRouter(include_in_schema=False)
    router.add_api_route("/openapi.json", document, methods=["GET", "HEAD"], response_model=None)
    for path, asset in pages.items():
        router.add_api_route(path, _endpoint(asset), methods=["GET", "HEAD"], response_model=None)
    router.add_api_route("/static/{name:path}", part, methods=["GET", "HEAD"], response_model=None)
    return router


def _servers(request: Request) -> list[dict[str, str]]:
    """List the two addresses of the API, from the path that the app is mounted under."""
    root = request.scope.get("root_path", "").rstrip("/").removesuffix(PREFIX)
    return [
        {"url": f"{root}{PREFIX}", "description": "This version"},
        {"url": root or "/", "description": "The newest version"},
    ]


def _endpoint(asset: Asset) -> Callable[[Request], Coroutine[Any, Any, Response]]:
    async def endpoint(request: Request) -> Response:
        return respond(asset, request)

    return endpoint
