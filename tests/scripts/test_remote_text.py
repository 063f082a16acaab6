"""Prepared text that is packed into bundles and unpacked elsewhere is the same text."""

import itertools
import json
import shutil
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import cast

import numpy as np
import pytest

from model.text.vocabulary import Vocabulary
from model.train.dataset import Dataset, Epoch
from scripts import remote_text


def pool() -> ProcessPoolExecutor:
    return cast(ProcessPoolExecutor, ThreadPoolExecutor(1))


def a_dataset(folder: Path) -> Dataset:
    """Three sources of documents of twenty tokens."""
    vocabulary = Vocabulary.from_counts({".": 9}, {f"w{i:03}": 1 for i in range(300)}, {})
    folder.mkdir()
    rng = np.random.default_rng(1)
    rng.integers(0, len(vocabulary), 6000, dtype=np.uint16).tofile(folder / "ids.bin")
    source = np.repeat([0, 1, 2], 100)
    np.save(folder / "documents.npy", np.array([20 * np.arange(301), [*source, -1]], dtype=np.int64))
    rng.integers(0, len(vocabulary), 50, dtype=np.uint16).tofile(folder / "validation.bin")
    weights = {"weights": [0.5, 3.0, 1.0], "late_weights": [0.2, 3.0, 2.0]}
    (folder / "corpus.json").write_text(json.dumps(weights), "utf-8")
    (folder / "words.txt").write_text("".join(vocabulary.lines()), "utf-8")
    return Dataset(folder, vocabulary)


@pytest.fixture
def packed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setattr(remote_text, "PIECE_TOKENS", 500)
    dataset = a_dataset(tmp_path / "corpus")
    remote_text.pack(dataset.folder, tmp_path / "bundles", 9000, pool())
    assert len(list((tmp_path / "bundles").iterdir())) > 1
    return dataset


def test_all_bundles_together_are_the_text(packed: Dataset, tmp_path: Path) -> None:
    remote_text.unpack(tmp_path / "there", tmp_path / "bundles", pool())
    there = Dataset(tmp_path / "there", packed.vocabulary)
    np.testing.assert_array_equal(there.validation, packed.validation)
    epoch = Epoch(1, 0, True)
    for ours, theirs in zip(packed.windows(epoch, 4, 7, 0), there.windows(epoch, 4, 7, 0), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_did_not_arrive_is_left_out(packed: Dataset, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "bundles" / "0")
    remote_text.unpack(tmp_path / "there", tmp_path / "bundles", pool())
    there = Dataset(tmp_path / "there", packed.vocabulary)
    assert 0 < len(there.ids) < len(packed.ids)
    whole = np.asarray(packed.ids).tobytes()
    bounds, _ = np.load(there.folder / "documents.npy")
    assert all(np.asarray(there.ids[a:b]).tobytes() in whole for a, b in itertools.pairwise(bounds))
