"""Model folders: what was saved comes back read-only, and every damage is a ModelError that names the file."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from model.errors import ModelError
from model.lm.storage import CONFIG, WEIGHTS, WORDS, load_model, load_words, save_model
from model.nn.network import Network
from model.text.vocabulary import Vocabulary

MakeNetwork = Callable[..., Network]

WORD_COUNTS = {"apple": 50, "café": 4, "don't": 80, "may": 9, "May": 3, "zebra": 3}


def a_vocabulary() -> Vocabulary:
    return Vocabulary.from_counts({".": 90, "😀": 2}, WORD_COUNTS, {"<unk>": 30})


@pytest.fixture
def folder(tmp_path: Path, make_network: MakeNetwork) -> Path:
    """A saved model."""
    vocabulary = a_vocabulary()
    save_model(tmp_path / "en", vocabulary, make_network(vocabulary), {"licence": "MIT", "training": {"steps": 3}})
    return tmp_path / "en"


def fault(folder: Path, name: str) -> str:
    """The message with which loading fails; it is one line and names the file."""
    with pytest.raises(ModelError) as caught:
        load_model(folder)
    message = str(caught.value)
    assert message.startswith(f"{folder / name}: ") and "\n" not in message
    return message


def change_config(folder: Path, **changes: Any) -> None:
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    (folder / CONFIG).write_text(json.dumps(config | changes), "utf-8")


def change_weights(folder: Path, **changes: Any) -> None:
    arrays = load_file(folder / WEIGHTS) | changes
    save_file({name: value for name, value in arrays.items() if value is not None}, folder / WEIGHTS)


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_round_trip(cell: str, tmp_path: Path, make_network: MakeNetwork) -> None:
    vocabulary = a_vocabulary()
    network = make_network(vocabulary, cell)
    save_model(tmp_path / "a" / "b", vocabulary, network, {"licence": "MIT"})
    model = load_model(tmp_path / "a" / "b")
    assert list(model.vocabulary.forms) == list(vocabulary.forms) and model.vocabulary.counts == vocabulary.counts
    assert model.network.config == network.config
    assert model.information["licence"] == "MIT" and model.information["cell"] == cell
    for name, value in network.weights.items():
        loaded = model.network.weights[name]
        assert loaded.dtype == np.float32
        np.testing.assert_array_equal(loaded, value.astype(np.float16).astype(np.float32))
    assert sorted(path.name for path in (tmp_path / "a" / "b").iterdir()) == sorted([CONFIG, WEIGHTS, WORDS])


def test_loaded_weights_are_read_only(folder: Path) -> None:
    for value in load_model(folder).network.weights.values():
        with pytest.raises(ValueError, match="read-only"):
            value[...] = 0


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, WORDS])
def test_a_missing_file(name: str, folder: Path) -> None:
    (folder / name).unlink()
    fault(folder, name)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, WORDS])
def test_a_folder_in_the_place_of_a_file(name: str, folder: Path) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    fault(folder, name)


def test_no_such_folder(tmp_path: Path) -> None:
    fault(tmp_path / "none", CONFIG)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, WORDS])
@pytest.mark.parametrize("share", [0, 0.1, 0.6, 0.99])
def test_a_file_that_was_cut(name: str, share: float, folder: Path) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: int(share * len(content))])
    fault(folder, name)


@pytest.mark.parametrize("name", [CONFIG, WEIGHTS, WORDS])
def test_a_file_of_other_bytes(name: str, folder: Path) -> None:
    (folder / name).write_bytes(bytes(range(255, -1, -1)) * 20)
    fault(folder, name)


def test_a_pickle_is_not_run(folder: Path, tmp_path: Path) -> None:
    class Payload:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "was run",)

    (folder / WEIGHTS).write_bytes(pickle.dumps(Payload()))
    assert "not a readable weights file" in fault(folder, WEIGHTS)
    assert not (tmp_path / "was run").exists()


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "format is 2"),
        ({"format": None}, "format is None"),
        ({"cell": "transformer"}, "cell is 'transformer'"),
        ({"cell": ["lstm"]}, "cell is ['lstm']"),
        ({"cell": None}, "cell is None"),
        ({"hidden": 0}, "hidden is 0"),
        ({"hidden": "8"}, "hidden is '8'"),
        ({"hidden": True}, "hidden is True"),
        ({"embedding": 6.0}, "embedding is 6.0"),
        ({"vocabulary": -1}, "vocabulary is -1"),
        ({"words_sha256": None}, "words_sha256"),
    ],
)
def test_bad_values_in_the_configuration(changes: dict[str, Any], told: str, folder: Path) -> None:
    change_config(folder, **changes)
    assert told in fault(folder, CONFIG)


@pytest.mark.parametrize("content", ["", "{", "[1]", "null", "[" * 200_000, "\ufeff{}", '{"format": 1}'])
def test_a_configuration_that_is_none(content: str, folder: Path) -> None:
    (folder / CONFIG).write_text(content, "utf-8")
    fault(folder, CONFIG)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"bias": None}, "needs"),
        ({"extra": np.zeros(3, dtype=np.float16)}, "extra"),
        ({"bias": np.zeros(5, dtype=np.float16)}, "bias is float16(5,)"),
        ({"W_in": np.zeros((32, 6), dtype=np.float16)}, "W_in is float16(32, 6)"),
        ({"projection": np.zeros((8, 6), dtype=np.int8)}, "projection is int8"),
        ({"projection": np.zeros((8, 6), dtype=np.complex64)}, "projection is complex64"),
        ({"projection": np.full((8, 6), np.nan, dtype=np.float16)}, "projection holds"),
        ({"projection": np.full((8, 6), -np.inf, dtype=np.float32)}, "projection holds"),
        ({"projection": np.full((8, 6), 1e300)}, "projection holds"),
    ],
    ids=["missing", "surplus", "shape", "transposed", "integers", "complex", "nan", "infinite", "too large"],
)
def test_bad_weights(changes: dict[str, Any], told: str, folder: Path) -> None:
    change_weights(folder, **changes)
    assert told in fault(folder, WEIGHTS)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_of_another_precision_are_welcome(dtype: Any, folder: Path) -> None:
    change_weights(folder, projection=np.full((8, 6), 0.5, dtype=dtype))
    assert load_model(folder).network.weights["projection"].dtype == np.float32


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3", "NONSENSE"])
def test_kinds_of_numbers_that_numpy_does_not_have(kind: str, folder: Path) -> None:
    size = 1 if kind.startswith("F8") else 2
    header = json.dumps({"bias": {"dtype": kind, "shape": [4], "data_offsets": [0, 4 * size]}}).encode()
    header += b" " * (-len(header) % 8)
    (folder / WEIGHTS).write_bytes(len(header).to_bytes(8, "little") + header + bytes(4 * size))
    fault(folder, WEIGHTS)


def test_other_words(folder: Path) -> None:
    vocabulary = Vocabulary.from_counts({".": 90, "😀": 2}, {w.replace("z", "y"): 1 for w in WORD_COUNTS}, {})
    (folder / WORDS).write_text("".join(vocabulary.lines()), "utf-8")
    assert "not the words" in fault(folder, WORDS)


def test_one_word_more_or_less(folder: Path) -> None:
    lines = (folder / WORDS).read_text("utf-8").splitlines(keepends=True)
    for changed in (lines[:-1], [*lines, "zoo\t1\n"]):
        (folder / WORDS).write_text("".join(changed), "utf-8")
        assert "not the words" in fault(folder, WORDS)


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        (6, 9, "sorted"),
        (0, 1, "begin with"),
    ],
)
def test_reordered_words(line: int, instead: int, told: str, folder: Path) -> None:
    lines = (folder / WORDS).read_text("utf-8").splitlines(keepends=True)
    lines[line], lines[instead] = lines[instead], lines[line]
    (folder / WORDS).write_text("".join(lines), "utf-8")
    assert told in fault(folder, WORDS)


@pytest.mark.parametrize(
    "line", ["apple", "apple\tmany", "apple 3", "\t3", "", "apple\t3\nextra"], ids=lambda line: repr(line)
)
def test_lines_that_are_no_words_with_counts(line: str, folder: Path) -> None:
    lines = (folder / WORDS).read_text("utf-8").splitlines()
    place = next(i for i, content in enumerate(lines) if content.startswith("apple"))
    lines[place] = line
    (folder / WORDS).write_text("\n".join(lines) + "\n", "utf-8")
    fault(folder, WORDS)


def test_words_may_be_read_alone(folder: Path) -> None:
    assert list(load_words(folder / WORDS).forms) == list(a_vocabulary().forms)


def test_weights_too_large_for_the_file_are_not_saved(tmp_path: Path, make_network: MakeNetwork) -> None:
    vocabulary = a_vocabulary()
    save_model(tmp_path, vocabulary, make_network(vocabulary), {})
    network = make_network(vocabulary)
    network.weights["b"][0] = 1e6
    with pytest.raises(ModelError, match="b holds"):
        save_model(tmp_path, vocabulary, network, {})
    load_model(tmp_path)


def test_half_a_write_is_never_met(tmp_path: Path, make_network: MakeNetwork, monkeypatch: pytest.MonkeyPatch) -> None:
    vocabulary = a_vocabulary()
    save_model(tmp_path, vocabulary, make_network(vocabulary), {})
    before = (tmp_path / WEIGHTS).read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_model(tmp_path, vocabulary, make_network(vocabulary, "gru"), {})
    assert (tmp_path / WEIGHTS).read_bytes() == before
