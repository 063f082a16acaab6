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
from app.routes import router
from app.service import Service, load_models
from app.settings import Settings, read_settings
from model.storage import LanguageModel

# The most bytes that JSON or a query string take for a code point: "\\ud83d\\ude00", %F0%9F%98%80.
_BYTES_A_CODE_POINT = 12
# And for all else in a request.
_BYTES_BESIDE_TEXT = 4096

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
        description=openapi.DESCRIPTION,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redoc_url=None,
        redirect_slashes=False,
        # The framework's traces and logs of failed requests would hold typed text.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.include_router(router)
    openapi.describe(app, settings)
    add_error_handlers(app, router)
    # The last one added is the first one met.
    most = settings.max_text_length * _BYTES_A_CODE_POINT + _BYTES_BESIDE_TEXT
    app.add_middleware(SizeMiddleware, most=most)
    if settings.cors_origins:
        app.add_middleware(
            CrossOriginMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=("GET", "POST"),
            allow_headers=(REQUEST_ID,),
            expose_headers=(REQUEST_ID,),
        )
    app.add_middleware(RequestMiddleware)
    return app
