"""The middleware of CORS: what tells browsers which pages may read the answers."""

from collections.abc import Iterable

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

from app.http.access import LIMIT, POLICY
from app.http.middleware import REQUEST_ID
from app.keys import KEY_HEADER
from app.problems import problem

_SENT = ("Authorization", "Content-Type", KEY_HEADER, REQUEST_ID)
_READ = (LIMIT, POLICY, "Retry-After", REQUEST_ID)


class CrossOriginMiddleware(CORSMiddleware):
    """Answers the preflight requests of browsers; refuses them in the shape of every other error."""

    def __init__(self, app: ASGIApp, origins: Iterable[str], methods: Iterable[str]) -> None:
        super().__init__(
            app, allow_origins=tuple(origins), allow_methods=tuple(methods), allow_headers=_SENT, expose_headers=_READ
        )

    def preflight_response(self, request_headers: Headers) -> Response:
        """Answer a preflight request."""
        response = super().preflight_response(request_headers)
        if response.status_code >= 400:
            kept = {name: value for name, value in response.headers.items() if not name.startswith("content-")}
            return problem(response.status_code, bytes(response.body).decode(), kept)
        return response


def readable_by(origin: str | None, origins: Iterable[str]) -> dict[str, str]:
    """Make the header fields that the middleware gives an answer, for one that is written without it."""
    allowed = set(origins) & {"*", origin}
    if origin is None or not allowed:
        return {}
    fields = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": ", ".join(_READ)}
    return fields if "*" in allowed else fields | {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
