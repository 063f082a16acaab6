"""The application factory."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from app import openapi
from app.errors import add_error_handlers
from app.middleware import REQUEST_ID, CrossOriginMiddleware, RequestMiddleware, SizeMiddleware
from app.pages import pages_router
from app.routes import router
from app.service import Service, load_models
from app.settings import Settings, read_settings
from model.storage import LanguageModel

_TAGS = [
    {"name": "suggestions", "description": "Words that fit at a place in a text."},
    {"name": "service", "description": "What runs, and whether it runs."},
]


def create_app(settings: Settings | None = None, models: Mapping[str, LanguageModel] | None = None) -> FastAPI:
    """The app. Its models are loaded when it starts, unless loaded ones are handed in."""
    settings = settings or read_settings()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # The server's own access log writes query strings, and with them what people type.
        logging.getLogger("uvicorn.access").disabled = True
        loaded = models if models is not None else await asyncio.to_thread(load_models, settings)
        service = app.state.service = Service(settings, loaded)
        try:
            await service.start()
            yield
        finally:
            await service.stop()

    app = FastAPI(
        title="Tsuzuki",
        version=version("tsuzuki"),
        description=openapi.description(settings),
        openapi_tags=_TAGS,
        lifespan=lifespan,
        # Our own page shows the document, with a script and style that are served from here.
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        # The framework's traces and logs of failed requests would hold typed text.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    pages = pages_router()
    app.include_router(router)
    app.include_router(pages)
    openapi.describe(app, settings)
    add_error_handlers(app, router, pages)
    # The last one added is the first one met.
    app.add_middleware(SizeMiddleware, most=settings.max_request_bytes)
    if settings.cors_origins:
        app.add_middleware(
            CrossOriginMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", REQUEST_ID),
            expose_headers=(REQUEST_ID,),
        )
    app.add_middleware(RequestMiddleware)
    return app
