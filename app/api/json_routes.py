"""Strict routes: the route, request and middleware classes that parse JSON bodies and query strings strictly."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine, Iterable
from functools import cached_property
from inspect import signature
from typing import Annotated, Any, get_args

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.api.error_handlers import answer_invalid_request
from app.errors import MalformedBodyError, NotReadyError, RepeatedParameterError, WrongContentTypeError
from app.header_fields import header_field
from app.http.access import OWNER
from app.inference.service import Answered, Service
from app.paths import route_path
from app.problems import answer
from app.validation_messages import show

_NO_BODY = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


class StrictRequest(Request):
    """A request whose JSON body is UTF-8, is strictly JSON, and says what is wrong where it is not."""

    async def body(self) -> bytes:
        """Read the body, as the framework does, but not through a generator."""
        if not hasattr(self, "_body"):
            parts: list[bytes] = []
            while not self._stream_consumed:
                message = await self._receive()
                if message["type"] == "http.disconnect":
                    self._is_disconnected = True
                    raise ClientDisconnect
                parts.append(message.get("body", b""))
                self._stream_consumed = not message.get("more_body", False)
            self._body = b"".join(parts)
        return self._body

    async def json(self) -> Any:
        """Parse the body. Raises ``MalformedBodyError``, which names the fault and its place."""
        try:
            text = (await self.body()).decode("utf-8-sig")
            return _DECODER.decode(text)
        except UnicodeDecodeError as error:
            raise MalformedBodyError(f"body: not UTF-8 at byte {error.start}") from None
        except json.JSONDecodeError as error:
            raise MalformedBodyError(f"body: not JSON at character {error.pos}: {error.msg}") from None
        except RecursionError:
            raise MalformedBodyError("body: nested too deeply") from None
        except ValueError:
            raise MalformedBodyError("body: a number in it has too many digits") from None


def _no_constant(name: str) -> None:
    raise MalformedBodyError(f"body: {name} is not JSON")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object whose names differ: of equal ones some parsers take the first, others the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        name = next(name for name, count in times.items() if count > 1)
        raise MalformedBodyError(f"body: {show(name)} stands {times[name]} times in one object")
    return found


_DECODER = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_each_once)


async def the_service(request: Request) -> Service:
    """Return the service that the lifespan made. Raises ``NotReadyError`` before that."""
    service: Service | None = getattr(request.app.state, "service", None)
    if service is None:
        raise NotReadyError
    return service


TheService = Annotated[Service, Depends(the_service)]


async def the_owner(request: Request) -> str:
    """Return the key that people belong to whom this request is about, '' where the service has none."""
    owner: str = request.scope[OWNER]
    return owner


TheOwner = Annotated[str, Depends(the_owner)]


class StrictRoute(APIRoute):
    """A route that refuses other content types and repeated parameters."""

    async def answer_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with a JSON body.

        The operation takes that, the service and the owner of its people, and returns a model, the fields of one, or a
        response. One with a parameter ``request`` takes that too.
        """
        scope["route"] = self
        request = StrictRequest(scope, receive)
        service = await the_service(request)
        # Before the body is read: under overload most of the time would go into that.
        service.refuse_if_busy()
        _check_content_type(scope)
        body = await self._parse(request)
        more = {"request": request} if self._takes_request else {}
        answer: BaseModel | Answered | Response = await self.endpoint(body, service, scope[OWNER], **more)
        if isinstance(answer, Response):
            await answer(scope, receive, send)
            return
        # The framework's response does the same with more steps.
        content = to_json(answer)
        headers = [(b"content-length", b"%d" % len(content)), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    @cached_property
    def body_model(self) -> type[BaseModel]:
        """The schema of the operation's JSON body."""
        model: type[BaseModel] = signature(self.endpoint).parameters["body"].annotation
        return model

    @cached_property
    def _takes_request(self) -> bool:
        """True for an operation that has the request as a parameter."""
        return "request" in signature(self.endpoint).parameters

    @cached_property
    def fields(self) -> tuple[str, ...]:
        """The names of the fields that a request may have, in its body or its query string."""
        given = [parameter.annotation for parameter in signature(self.endpoint).parameters.values()]
        kinds = [get_args(one)[0] if get_args(one) else one for one in given]
        models = [kind for kind in kinds if isinstance(kind, type) and issubclass(kind, BaseModel)]
        return tuple(name for model in models for name in model.model_fields)

    async def _parse(self, request: StrictRequest) -> BaseModel:
        if not await request.body():
            raise RequestValidationError([_NO_BODY])
        value = await request.json()
        try:
            return self.body_model.model_validate(value, from_attributes=True)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            raise RequestValidationError([p | {"loc": ("body", *p["loc"])} for p in problems], body=value) from None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Make the handler of all other operations, which have parameters in the path and in the query string."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                _check_parameters(request)
            if self.body_field is not None:
                _check_content_type(request.scope)
            return await handle(StrictRequest(request.scope, request.receive))

        return handle_strictly


class BodyMiddleware:
    """Answers the operations with a JSON body and a fixed path without the framework's routing.

    Finding the route, resolving its dependencies and validating the answer again take a tenth of the time of an answer
    and more (docs/performance.md).
    """

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self.app = app
        self._routes = {
            (method, route.path): route
            for route in routes
            if isinstance(route, StrictRoute) and route.body_field is not None and not route.param_convertors
            for method in route.methods or ()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request with a JSON body, or pass on any other."""
        route = self._routes.get((scope["method"], route_path(scope))) if scope["type"] == "http" else None
        if route is None:
            await self.app(scope, receive, send)
            return
        try:
            await route.answer_body(scope, receive, send)
        except HTTPException as error:
            await answer(error)(scope, receive, send)
        except RequestValidationError as error:
            await (await answer_invalid_request(Request(scope), error))(scope, receive, send)


def _check_content_type(scope: Scope) -> None:
    found = header_field(scope, b"content-type") or None
    if found is None or found.partition(";")[0].strip().lower() != "application/json":
        raise WrongContentTypeError(found)


def _check_parameters(request: Request) -> None:
    times = Counter(name for name, _ in request.query_params.multi_items())
    for name, count in times.items():
        if count > 1:
            raise RepeatedParameterError(show(name, quotes=False), count)
