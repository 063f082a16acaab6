"""Routes that refuse what the framework would guess at, and that read JSON bodies by the shortest way."""

import json
from collections import Counter
from collections.abc import Callable, Coroutine
from functools import cached_property
from inspect import signature
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError
from starlette.types import Receive, Scope, Send

from app.errors import MalformedBodyError, NotReadyError, RepeatedParameterError, WrongContentTypeError
from app.problems import show
from app.service import Service

_NO_BODY = {"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}


class StrictRequest(Request):
    """A request whose JSON body is UTF-8, is strictly JSON, and says what is wrong where it is not."""

    async def json(self) -> Any:
        try:
            text = (await self.body()).decode("utf-8-sig")
            return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_each_once)
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
    """An object whose names differ: of equal ones some readers take the first, others the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        times = Counter(name for name, _ in pairs)
        name = next(name for name, count in times.items() if count > 1)
        raise MalformedBodyError(f"body: {show(name)} stands {times[name]} times in one object")
    return found


async def the_service(request: Request) -> Service:
    """The service that the lifespan made."""
    service: Service | None = getattr(request.app.state, "service", None)
    if service is None:
        raise NotReadyError
    return service


TheService = Annotated[Service, Depends(the_service)]


class StrictRoute(APIRoute):
    """A route that refuses other content types and repeated parameters.

    An operation with a JSON body takes nothing but that and the service, and returns a model. So it needs neither the
    framework's search for what an operation depends on nor its second validation of the answer, which take
    longer than the answer itself.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; one with another method, or without a body, goes the framework's way."""
        if self.body_field is None or scope["method"] not in (self.methods or ()):
            await super().handle(scope, receive, send)
        else:
            await self._answer_body(scope, receive, send)

    @cached_property
    def _body(self) -> type[BaseModel]:
        """What the operation's JSON body is read as."""
        model: type[BaseModel] = signature(self.endpoint).parameters["body"].annotation
        return model

    async def _answer_body(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = StrictRequest(scope, receive)
        _check_content_type(request.headers.get("Content-Type"))
        body = await self._read(request)
        answer: BaseModel = await self.endpoint(body, await the_service(request))
        content = answer.__pydantic_serializer__.to_json(answer)
        await Response(content, media_type="application/json")(scope, receive, send)

    async def _read(self, request: StrictRequest) -> BaseModel:
        if not await request.body():
            raise RequestValidationError(
                [{"type": "missing", "loc": ("body",), "msg": "Field required", "input": None}]
            )
        value = await request.json()
        try:
            return self._body.model_validate(value, from_attributes=True)
        except ValidationError as error:
            problems = error.errors(include_url=False)
            raise RequestValidationError([p | {"loc": ("body", *p["loc"])} for p in problems], body=value) from None

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The way of all other operations, which have their parameters in the query string."""
        handle = super().get_route_handler()

        async def handle_strictly(request: Request) -> Response:
            if request.scope["query_string"]:
                _check_parameters(request)
            return await handle(request)

        return handle_strictly


def _check_content_type(found: str | None) -> None:
    if found is None or found.partition(";")[0].strip().lower() != "application/json":
        raise WrongContentTypeError(found)


def _check_parameters(request: Request) -> None:
    times = Counter(name for name, _ in request.query_params.multi_items())
    for name, count in times.items():
        if count > 1:
            raise RepeatedParameterError(show(name, quotes=False), count)
