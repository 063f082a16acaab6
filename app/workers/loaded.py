"""What workers serve, made ready by the supervisor before it forks them."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI

from app.inference.service import answer_once, load_models
from app.main import create_app
from app.metrics.prometheus import Metrics
from app.metrics.shared_counters import SharedCounters
from app.schemas import ModelList
from app.settings import Settings
from model.lm.language_model import LanguageModel


class Loaded(NamedTuple):
    """Models and their description, and the app with them, as the server takes it."""

    config: uvicorn.Config
    models: dict[str, LanguageModel]
    described: ModelList

    @property
    def app(self) -> FastAPI:
        """The app."""
        assert isinstance(self.config.app, FastAPI)
        return self.config.app

    @property
    def metrics(self) -> Metrics:
        """Its figures."""
        metrics: Metrics = self.app.state.metrics
        return metrics


def load(
    settings: Settings,
    server: Mapping[str, Any],
    models: dict[str, LanguageModel] | None = None,
    counters: SharedCounters | None = None,
) -> Loaded:
    """Load the models, unless that is done. Raises ``UserError``.

    They answer once, and all is imported: what is made and read by that is shared then.
    """
    models = models or load_models(settings)
    described = asyncio.run(answer_once(settings, models))
    config = uvicorn.Config(create_app(settings, models, counters), **server)
    config.load()
    config.get_loop_factory()
    return Loaded(config, models, described)
