"""A real server with the tiny model, for the examples to call."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.main import create_app
from app.settings import Settings
from model.lm.language_model import LanguageModel
from tests.serving import serving


@pytest.fixture(scope="session")
def server(tiny_folder: Path, tiny_model: LanguageModel) -> Iterator[str]:
    """The address of a real server."""
    with serving(create_app(Settings(models={"tiny": tiny_folder}), {"tiny": tiny_model})) as address:
        yield address
