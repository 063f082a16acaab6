"""The errors of the service: each knows its status and its message, and all have one shape on the wire."""

from collections.abc import Iterable, Mapping

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import BaseRoute, Route

from app.schemas import SuggestionQuery
from app.validation_messages import not_allowed, sentence, show


class ServiceError(HTTPException):
    """The base of errors that a caller is told about."""

    status = 500
    headers_sent: Mapping[str, str] | None = None

    def __init__(self, detail: str) -> None:
        super().__init__(self.status, detail, headers=self.headers_sent)


class MalformedBodyError(ServiceError):
    """The body is not the JSON it claims to be."""

    status = 400


class MissingKeyError(ServiceError):
    """A request without the key that it needs."""

    status = 401
    headers_sent = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("a key is missing: send it as Authorization: Bearer KEY, or as X-API-Key: KEY")


class UnknownKeyError(ServiceError):
    """A key that is none of those in the settings. The message must not hold it: it may be a good one elsewhere."""

    status = 401
    headers_sent = {"WWW-Authenticate": "Bearer"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("the key that was sent is not known here")


class AdminKeyError(ServiceError):
    """A key that may ask for suggestions, but may not administer the service."""

    status = 403

    def __init__(self) -> None:
        super().__init__("this needs an administrator's key, one of TSUZUKI_ADMIN_KEYS")


class NoAdministratorError(ServiceError):
    """An administrator's task where no key may do it."""

    status = 403

    def __init__(self) -> None:
        super().__init__("nobody may do this here, TSUZUKI_ADMIN_KEYS holds no keys")


class SlowRequestError(ServiceError):
    """A request that did not arrive in time. The connection ends: nobody reads the rest of it."""

    status = 408
    headers_sent = {"Connection": "close"}  # noqa: RUF012

    def __init__(self, seconds: float) -> None:
        super().__init__(f"the request must arrive within {seconds:g} s")


class ReloadRunningError(ServiceError):
    """A reload of the models while another one runs."""

    status = 409

    def __init__(self) -> None:
        super().__init__("the models are being reloaded already")


class BodyTooLargeError(ServiceError):
    """More bytes than any allowed text takes. The connection ends: nobody reads the rest of the body."""

    status = 413
    headers_sent = {"Connection": "close"}  # noqa: RUF012

    def __init__(self, most: int) -> None:
        super().__init__(f"body: must be at most {most} bytes")


class QueryTooLongError(ServiceError):
    """A longer query string than any allowed text takes."""

    status = 414

    def __init__(self, most: int) -> None:
        super().__init__(f"query string: must be at most {most} bytes")


class WrongContentTypeError(ServiceError):
    """A body that is not declared to be JSON."""

    status = 415

    def __init__(self, found: str | None) -> None:
        shown = "none" if found is None else show(found, quotes=False)
        super().__init__(not_allowed("Content-Type", shown, "must be application/json"))


class InvalidFieldError(ServiceError):
    """A field that breaks a rule which depends on the settings or on another field."""

    status = 422

    def __init__(self, name: str, value: object, rule: str) -> None:
        super().__init__(not_allowed(name, show(value), rule))


class TextTooLongError(ServiceError):
    """A text of more code points than the settings allow."""

    status = 422

    def __init__(self, length: int, most: int) -> None:
        super().__init__(f"text: {length} code points are not allowed, it must have at most {most}")


class RepeatedParameterError(ServiceError):
    """A query parameter that stands there more than once."""

    status = 422

    def __init__(self, name: str, times: int) -> None:
        super().__init__(f"{name}: given {times} times, it must be given once")


class ReloadFailedError(ServiceError):
    """A model that cannot be loaded; the ones that were loaded before go on."""

    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(f"the loaded models stay, for the new ones cannot be loaded: {reason}")


class RateLimitError(ServiceError):
    """More requests than a caller may send."""

    status = 429

    def __init__(self, most: int, window: int, seconds: int) -> None:
        self.headers_sent = {"Retry-After": str(seconds)}
        super().__init__(f"more than {most} requests in {window} s, try again in {seconds} s")


class HeadTooLargeError(ServiceError):
    """More bytes before the body than any request needs. The connection ends."""

    status = 431
    headers_sent = {"Connection": "close"}  # noqa: RUF012

    def __init__(self, most: int) -> None:
        super().__init__(f"address and header fields: must be at most {most} bytes")


class NotReadyError(ServiceError):
    """The models are not loaded yet, or the service is stopping."""

    status = 503
    headers_sent = {"Retry-After": "1"}  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__("the service is starting or stopping, try again in a second")


class BusyError(ServiceError):
    """So many requests wait already that another one would only wait for ever."""

    status = 503
    headers_sent = {"Retry-After": "1"}  # noqa: RUF012

    def __init__(self, waiting: int) -> None:
        super().__init__(f"{waiting} requests are waiting already, try again in a second")


class TimeLimitError(ServiceError):
    """A request that took longer than any may take; it is given up."""

    status = 503
    headers_sent = {"Retry-After": "1"}  # noqa: RUF012

    def __init__(self, seconds: float) -> None:
        super().__init__(f"no answer within {seconds:g} s, try again in a second")


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """The answer for an error."""
    return JSONResponse({"detail": detail}, status, headers)


def answer(error: HTTPException) -> JSONResponse:
    """The answer for an error that knows all about itself."""
    return problem(error.status_code, str(error.detail), error.headers)


async def answer_http_error(request: Request, error: Exception) -> JSONResponse:
    """Ours as they are; the framework's with a sentence instead of a status phrase."""
    assert isinstance(error, HTTPException)
    path = show(request.url.path, quotes=False)
    if error.status_code == 404:
        return problem(404, f"{path}: there is nothing here, /docs lists what there is")
    if error.status_code == 405:
        methods = ", ".join(request.app.state.methods[request.scope["route"].path])
        return problem(405, f"{request.method}: not allowed for {path}, it must be {methods}", {"Allow": methods})
    return answer(error)


def methods_by_path(routes: Iterable[BaseRoute]) -> dict[str, list[str]]:
    """All methods of each path; the framework's own 405 names only those of one of a path's routes."""
    methods: dict[str, set[str]] = {}
    for route in routes:
        if isinstance(route, Route):
            methods.setdefault(route.path, set()).update(route.methods or ())
    return {path: sorted(found) for path, found in methods.items()}


async def answer_invalid_request(request: Request, error: Exception) -> JSONResponse:
    """All broken rules of a request in one line."""
    assert isinstance(error, RequestValidationError)
    sentences = []
    for found in error.errors():
        place, *names = found["loc"]
        name = str(names[0] if names else place)
        sentences.append(sentence(name, found, SuggestionQuery.model_fields, quotes=place == "body"))
    return problem(422, "; ".join(sentences[:10]))


def add_error_handlers(app: FastAPI, *routers: APIRouter) -> None:
    """Give every error of the app, and of the routers it includes, the one shape."""
    app.state.methods = methods_by_path([*app.routes, *(route for router in routers for route in router.routes)])
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_exception_handler(RequestValidationError, answer_invalid_request)
