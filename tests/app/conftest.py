"""The service under test: in this process, and behind a real server in a thread; databases of each kind."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from app.database.engine import Database, open_database
from app.main import create_app
from app.settings import Settings, read_settings
from model.lm.language_model import LanguageModel
from model.lm.pair_model import load_pair_model
from model.search.writing.replies import load_replies
from tests.app.postgresql import new_database, programs, running_postgresql
from tests.model.tiny_replies import save_tiny_replies
from tests.serving import serving

MakeApp = Callable[..., FastAPI]
_NUMBERS = count()


@pytest.fixture(scope="session")
def make_app(tiny_folder: Path, tiny_model: LanguageModel) -> MakeApp:
    """An app with the tiny model under the names ``tiny`` and ``other``; settings can be given."""

    def make(model: LanguageModel = tiny_model, **settings: Any) -> FastAPI:
        complete = Settings(models={"tiny": tiny_folder, "other": tiny_folder}, max_text_length=2000)
        complete = complete.model_copy(update=settings)
        return create_app(complete, dict.fromkeys(complete.models, model))

    return make


@pytest.fixture(scope="session")
def answering_model(tiny_model: LanguageModel, tmp_path_factory: pytest.TempPathFactory) -> LanguageModel:
    """The tiny model with replies."""
    folder = tmp_path_factory.mktemp("replies") / "reply"
    save_tiny_replies(folder)
    return replace(tiny_model, replies=load_replies(folder, load_pair_model(folder)))


@pytest.fixture(scope="session")
def client(make_app: MakeApp) -> Iterator[TestClient]:
    with TestClient(make_app()) as client:
        yield client


@pytest.fixture(scope="session")
def server(
    make_app: MakeApp, answering_model: LanguageModel, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """The address of a real server, with a database and replies."""
    url = f"sqlite:///{tmp_path_factory.mktemp('database')}/a.db"
    with serving(make_app(answering_model, database=url)) as address:
        yield address


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a running PostgreSQL, with {} in the place of a database's name."""
    if programs() is None:
        pytest.skip("postgresql is not installed")
    with running_postgresql(tmp_path_factory.mktemp("postgresql")) as url:
        yield url


@pytest.fixture
def new_postgresql(postgresql: str) -> Callable[[], str]:
    """Make the URL of an empty PostgreSQL database."""
    return lambda: new_database(postgresql, f"test{next(_NUMBERS)}")


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Make the URL of an empty database of each kind."""
    if request.param == "postgresql":
        made: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return made
    return lambda: f"sqlite:///{tmp_path}/test{next(_NUMBERS)}.db"


@pytest.fixture
def database(new_url: Callable[[], str]) -> Iterator[Database]:
    """An empty database of each kind, upgraded."""
    database = open_database(read_settings({"database": new_url()}))
    assert database is not None
    database.upgrade()
    yield database
    database.close()
