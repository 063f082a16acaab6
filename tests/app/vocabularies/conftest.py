"""A service that keeps vocabularies."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from model.lm.storage import load_model
from tests.app.conftest import MakeApp

PRODUCTS = {
    "entries": [{"text": "Kubeflow"}, {"text": "Acme Cloud Backup", "weight": 2.0}, {"text": "Grünwald"}],
    "blocked": ["banana", "app store"],
}


@pytest.fixture
def kept(make_app: MakeApp, tmp_path: Path) -> Iterator[TestClient]:
    """A service with a database."""
    with TestClient(make_app(database=f"sqlite:///{tmp_path}/test.db")) as client:
        yield client


@pytest.fixture(scope="module")
def english(make_app: MakeApp, shipped_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A service with the shipped model, a database, and a vocabulary of products that counts by default."""
    database = f"sqlite:///{tmp_path_factory.mktemp('english')}/test.db"
    app = make_app(load_model(shipped_folder), database=database, vocabularies=("products", "none-such"))
    with TestClient(app) as client:
        assert client.put("/vocabularies/products", json=PRODUCTS).status_code == 200
        yield client
