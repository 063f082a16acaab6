"""The service under test: in this process, and behind a real server in a thread."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.main import create_app
from app.settings import PREFIX, Settings
from model.storage import LanguageModel

MakeApp = Callable[..., FastAPI]


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside() -> Iterator[None]:
    """What a developer has set in the shell is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
            patch.delenv(name)
        yield


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
    ready = threading.Event()

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            ready.set()

    config = uvicorn.Config(make_app(), port=0, lifespan="on", ws="none", log_config=None, access_log=False)
    running = Server(config)
    thread = threading.Thread(target=running.run)
    thread.start()
    assert ready.wait(60)
    try:
        yield f"http://127.0.0.1:{running.servers[0].sockets[0].getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join()
