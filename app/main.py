"""The application factory: ``create_app`` wires settings, models, routes and middleware into a FastAPI app."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import TYPE_CHECKING

from fastapi import FastAPI

from app.api import openapi
from app.api.error_handlers import add_error_handlers
from app.api.generation_routes import generation_router
from app.api.json_routes import BodyMiddleware
from app.api.pages import pages_router
from app.api.people_routes import people_router
from app.api.reply_routes import reply_router
from app.api.routes import router
from app.api.vocabulary_routes import vocabulary_router
from app.http.access import AccessMiddleware
from app.http.cross_origin import CrossOriginMiddleware
from app.http.middleware import (
    FailureMiddleware,
    PathMiddleware,
    PrefixMiddleware,
    RequestMiddleware,
    SizeMiddleware,
    TimeMiddleware,
)
from app.inference.model_set import ModelSet, load_models
from app.inference.service import Service
from app.keys import Keyring
from app.metrics.prometheus import Metrics
from app.metrics.shared_counters import SharedCounters
from app.paths import ADMIN_OPERATIONS
from app.settings import Settings, read_settings
from app.signals import reloading_on_hangup
from model.lm.language_model import LanguageModel

if TYPE_CHECKING:
    from app.database.engine import Database
    from app.http.rate_limit import RateLimiter
    from app.http.tracing import Tracer
    from app.people.people import People

_ROUTERS = (router, generation_router, reply_router, people_router, vocabulary_router)


_TAGS = [
    {"name": "suggestions", "description": "Words that fit at a place in a text."},
    {"name": "people", "description": "What people have taught, each for themselves, and forgetting."},
    {"name": "vocabularies", "description": "Words and names that are offered without training."},
    {"name": "service", "description": "The models, the metrics, the health of the service."},
]


def create_app(
    settings: Settings | None = None,
    models: Mapping[str, LanguageModel] | None = None,
    counters: SharedCounters | None = None,
) -> FastAPI:
    """Create the app. It loads its models when it starts, unless loaded ones are handed in.

    It counts in ``counters``, on top of the counts of an app before it. Where there are workers, they set
    ``app.state.reload_all``.
    Raises ``SettingsError`` where a setting needs a package that is not installed.
    """
    settings = settings or read_settings()
    _database(settings)  # it is opened in the process that serves; a package that is missing is told here
    rate_limiter, tracer = _rate_limiter(settings), _tracer(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The server's own access log writes query strings, and with them what people type.
        logging.getLogger("uvicorn.access").disabled = True
        database = _database(settings)
        loaded = models if models is not None else await asyncio.to_thread(load_models, settings)
        service = app.state.service = Service(
            settings, loaded, app.state.metrics.statistics, getattr(app.state, "reload_all", None), database
        )
        if tracer is not None:
            tracer.start()
        try:
            await service.start()
            with reloading_on_hangup(service):
                yield
        finally:
            await service.stop()
            if database is not None:
                await asyncio.to_thread(database.close)
            if rate_limiter is not None:
                await rate_limiter.close()
            if tracer is not None:
                await asyncio.to_thread(tracer.close)

    app = FastAPI(
        title="Tsuzuki",
        version=version("tsuzuki"),
        description=openapi.description(settings),
        openapi_tags=_TAGS,
        lifespan=lifespan,
        # Our own pages are the document, and show it with a script and style that are served from here.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # The framework's traces and logs of failed requests would hold typed text.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    pages = pages_router()
    for one in (*_ROUTERS, pages):
        app.include_router(one)
    openapi.describe(app, settings)
    add_error_handlers(app, *_ROUTERS, pages)
    app.state.metrics = Metrics(
        app.version, app.state.methods, settings, lambda: _model_set(app), counters, lambda: _people(app)
    )
    _add_middleware(app, settings, rate_limiter, tracer)
    _build_routes(app)
    return app


def _build_routes(app: FastAPI) -> None:
    """Have the framework build all routes now; by itself it would while the first request waits."""
    nowhere = {"type": "http", "method": "GET", "path": "", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)


def _model_set(app: FastAPI) -> ModelSet | None:
    service: Service | None = getattr(app.state, "service", None)
    return service.model_set if service else None


def _people(app: FastAPI) -> "People | None":
    service: Service | None = getattr(app.state, "service", None)
    return service.people.people if service and service.people else None


def _database(settings: Settings) -> "Database | None":
    if settings.database is None:
        return None
    # Only here: a service that learns nothing is to start without waiting for the library.
    from app.database.engine import open_database

    return open_database(settings)


def _rate_limiter(settings: Settings) -> "RateLimiter | None":
    if settings.rate_limit is None:
        return None
    # Only here: a service without a limit is to start without waiting for the library.
    from app.http.rate_limit import RateLimiter

    return RateLimiter(settings.rate_limit, settings.rate_limit_storage)


def _tracer(settings: Settings) -> "Tracer | None":
    if settings.traces is None:
        return None
    # Only here: it needs packages that a service without traces does not.
    from app.http.tracing import Tracer

    return Tracer(settings.traces, version("tsuzuki"))


def _add_middleware(
    app: FastAPI, settings: Settings, rate_limiter: "RateLimiter | None", tracer: "Tracer | None"
) -> None:
    # The last one added is the first one met.
    app.add_middleware(
        BodyMiddleware,
        routes=[route for one in _ROUTERS for route in one.routes],
    )
    app.add_middleware(SizeMiddleware, most=settings.max_request_bytes, most_of_export=settings.max_export_bytes)
    # Loading models may take longer than any other request.
    unlimited = frozenset(path for _, path in ADMIN_OPERATIONS)
    app.add_middleware(TimeMiddleware, seconds=settings.timeout_seconds, unlimited=unlimited)
    app.add_middleware(
        AccessMiddleware, keyring=Keyring(settings.api_keys, settings.admin_keys), rate_limiter=rate_limiter
    )
    app.add_middleware(FailureMiddleware)
    if settings.cors_origins:
        methods = {method for found in app.state.methods.values() for method in found} - {"HEAD"}
        app.add_middleware(CrossOriginMiddleware, origins=settings.cors_origins, methods=sorted(methods))
    if tracer is not None:
        from app.http.tracing import TracingMiddleware

        app.add_middleware(TracingMiddleware, tracer=tracer, metrics=app.state.metrics)
    app.add_middleware(RequestMiddleware, metrics=app.state.metrics)
    app.add_middleware(PathMiddleware)
    app.add_middleware(PrefixMiddleware)
