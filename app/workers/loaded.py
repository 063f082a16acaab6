"""The models and the app that the supervisor prepares before it forks the workers."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

import uvicorn
from fastapi import FastAPI

from app.inference.service import answer_once
from app.main import create_app
from app.metrics.prometheus import Metrics
from app.metrics.shared_counters import SharedCounters
from app.schemas.service import ModelList
from app.settings import Settings
from model.lm.language_model import LanguageModel


class Loaded(NamedTuple):
    """Loaded models, their description, and the server's configuration with the app of these models."""

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
        """The metrics of the app."""
        metrics: Metrics = self.app.state.metrics
        return metrics


def prepare(
    settings: Settings,
    server: Mapping[str, Any],
    models: dict[str, LanguageModel],
    counters: SharedCounters | None = None,
) -> Loaded:
    """Make the app with loaded models. They answer once, so that the workers share what that allocates and imports."""
    described = asyncio.run(answer_once(settings, models))
    config = uvicorn.Config(create_app(settings, models, counters), **server)
    config.load()
    config.get_loop_factory()
    return Loaded(config, models, described)
