"""The service under test: in this process, and behind a real server in a thread."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.serving import serving

MakeApp = Callable[..., FastAPI]


@pytest.fixture(scope="session")
def make_app(tiny_folder: Path, tiny_model: LanguageModel) -> MakeApp:
    """An app with the tiny model under the names ``tiny`` and ``other``; settings can be given."""

    def make(model: LanguageModel = tiny_model, **settings: Any) -> FastAPI:
        complete = Settings(models={"tiny": tiny_folder, "other": tiny_folder}, max_text_length=2000)
        complete = complete.model_copy(update=settings)
        return create_app(complete, dict.fromkeys(complete.models, model))

    return make


@pytest.fixture(scope="session")
def client(make_app: MakeApp) -> Iterator[TestClient]:
    with TestClient(make_app()) as client:
        yield client


@pytest.fixture(scope="session")
def server(make_app: MakeApp) -> Iterator[str]:
    """The address of a real server."""
    with serving(make_app()) as address:
        yield address
