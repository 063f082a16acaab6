"""Models for the tests, a tiny one made on the spot and the shipped one, and how properties are tested."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import model
from app.settings import PREFIX, variable
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model, save_model
from tests.model.tiny_model import random_model

# The same examples in every run, on a busy machine too.
settings.register_profile(
    "tests", derandomize=True, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


@pytest.fixture(scope="session", autouse=True)
def no_settings_from_outside() -> Iterator[None]:
    """What a developer has set in the shell is not what is tested."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.upper().startswith(PREFIX)]:
            patch.delenv(name)
        # Nor is anything written into the data folder of who runs the tests.
        patch.setenv(variable("database"), "none")
        yield


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model with some eighty words and random weights."""
    folder = tmp_path_factory.mktemp("models") / "tiny"
    made = random_model(cell="lstm")
    save_model(folder, made.vocabulary, made.network, {"training": {"tokens": 1000, "validation_perplexity": 99.5}})
    return folder


@pytest.fixture(scope="session")
def tiny_model(tiny_folder: Path) -> LanguageModel:
    """That model, loaded."""
    return load_model(tiny_folder)


@pytest.fixture(scope="session")
def shipped_folder() -> Path:
    """The folder of the English model that comes with the service."""
    folder = Path(model.__file__).parent / "en"
    if not (folder / "weights.safetensors").exists():
        pytest.skip("model/en holds no weights yet")
    return folder


@pytest.fixture
def damaged_folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """A model folder whose configuration does not fit its weights."""
    folder = tmp_path / "damaged"
    folder.mkdir()
    for file in tiny_folder.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"hidden": config["hidden"] + 1}))
    return folder
