"""A service that keeps what people teach."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from tests.app.conftest import MakeApp


@pytest.fixture
def client(make_app: MakeApp, tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/a.db")) as client:
        yield client


@pytest.fixture(scope="module")
def shared(make_app: MakeApp, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """One service for the cases that differ in their input alone; each case deletes its person, first or last."""
    with TestClient(make_app(database=f"sqlite:///{tmp_path_factory.mktemp('people')}/a.db")) as client:
        yield client
