"""What several test files need: a small text, data sets prepared from it, finite differences."""

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.suggestions.sweep import Answers
from model.arrays import FloatArray
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.nn.network import Network, NetworkConfig, initial_weights
from model.text.corpus import Recipe, Source
from model.text.vocabulary import Vocabulary
from model.train import dataset
from model.train.dataset import Dataset, prepare
from model.train.words.vocabulary import VocabularyOptions

NumericGradient = Callable[[Callable[[], float], FloatArray], FloatArray]
MakeDataset = Callable[[str], Dataset]


@pytest.fixture
def numeric_gradient() -> NumericGradient:
    """The gradient of a function by an array that it reads, by central differences; float64 only."""

    def gradient(f: Callable[[], float], array: FloatArray, step: float = 1e-6) -> FloatArray:
        assert array.dtype == np.float64
        result = np.empty_like(array)
        for place in np.ndindex(array.shape):
            kept = array[place]
            array[place] = kept + step
            above = f()
            array[place] = kept - step
            below = f()
            array[place] = kept
            result[place] = (above - below) / (2 * step)
        return result

    return gradient


def _serial(work: Callable[[Any], Any], batches: Any, processes: int) -> Iterator[Any]:
    return map(work, batches)


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Prepare a corpus without worker processes, the start of which costs a second."""
    monkeypatch.setattr(dataset, "_in_processes", _serial)


@pytest.fixture(scope="session")
def toy_text() -> str:
    """Two hundred documents of a few sentences about animals."""
    rng = random.Random(1)

    def sentence() -> str:
        who = rng.choice(["The dog", "The cat", "A small bird", "My friend Anna", "I"])
        does = rng.choice(["likes", "sees", "wants", "doesn't like"])
        what = rng.choice(["the food", "a good walk", "the garden in May", "London", "nothing at all"])
        return f"{who} {does} {what}{rng.choice('.!?')}"

    return "\n\n".join("\n".join(sentence() for _ in range(rng.randint(2, 5))) for _ in range(200)) + "\n"


@pytest.fixture(scope="session")
def toy_folder(toy_text: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Vocabulary]:
    """The toy text, prepared."""
    folder = tmp_path_factory.mktemp("toy")
    (folder / "toy.txt").write_text(toy_text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dataset, "_in_processes", _serial)
        recipe = Recipe([Source(folder / "toy.txt")])
        prepared = prepare(
            recipe, folder / "corpus", VocabularyOptions(), processes=1, progress=lambda what, done: None
        )
    return folder / "corpus", prepared.vocabulary


@pytest.fixture
def make_dataset(toy_folder: tuple[Path, Vocabulary], tmp_path: Path) -> MakeDataset:
    """The prepared toy text in a folder of the given name; each trainer writes its epochs beside it."""

    def make(name: str) -> Dataset:
        folder, vocabulary = toy_folder
        shutil.copytree(folder, tmp_path / name)
        return Dataset(tmp_path / name, vocabulary)

    return make


@pytest.fixture
def make_network() -> Callable[..., Network]:
    """A small network with random weights for a vocabulary."""

    def make(vocabulary: Vocabulary, cell: str = "lstm", dtype: Any = np.float32, E: int = 6, H: int = 8) -> Network:
        config = NetworkConfig(cell, len(vocabulary), E, H)
        return Network(config, initial_weights(config, vocabulary.log_unigrams(), 3, dtype))

    return make


@pytest.fixture(scope="session")
def english(shipped_folder: Path) -> LanguageModel:
    """The shipped English model."""
    return load_model(shipped_folder)


@pytest.fixture(scope="session")
def answers(english: LanguageModel) -> Answers:
    """What the service answers with the shipped English model."""
    return Answers(english.for_inference())
