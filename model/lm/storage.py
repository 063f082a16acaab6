"""Saving and loading a trained model: a folder of files, none of which can run code.

``weights.safetensors`` holds the arrays (float16), ``words.txt`` a form and its count a line, and
``config.json`` the format version, the sizes, the vocabulary's digest and the figures of the training; where
that says so, ``ngrams.safetensors`` holds the n-grams that are mixed with the network. A folder ``spelling`` in it,
where there is one, is a model of the same format whose words are characters, with ``lexicon.txt`` beside it.
``known.bin`` is the filter of known words, ``common.safetensors`` says how common each word is, and which are titled.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save

from model.arrays import Arrays, BoolArray, FloatArray
from model.errors import ModelError
from model.files import loading, write_atomically
from model.lm.language_model import LanguageModel
from model.lm.ngrams import NGRAMS, NGrams, load_ngrams
from model.lm.words.known_words import KNOWN_WORDS, NO_WORDS, load_known_words
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.lm.words.spelling import Lexicon, Spelling
from model.nn.cells import CELLS
from model.nn.network import Network, NetworkConfig
from model.text.tokens import SPECIAL_TOKENS, TEXT_START
from model.text.vocabulary import WITHHELD, SortedWords, Vocabulary

FORMAT_VERSION = 1
WEIGHTS, WORDS, CONFIG = "weights.safetensors", "words.txt", "config.json"
SPELLING, LEXICON, COMMON = "spelling", "lexicon.txt", "common.safetensors"


def save_model(directory: Path, vocabulary: Vocabulary, network: Network, information: dict[str, Any]) -> None:
    """Write a model folder; ``information`` is added to the configuration (training figures, licence)."""
    directory.mkdir(parents=True, exist_ok=True)
    config = network.config
    header = {
        "format": FORMAT_VERSION,
        **asdict(config),
        "words_sha256": vocabulary.digest(),
    }
    write_atomically(directory / WEIGHTS, save(half_weights(directory, network)))
    write_atomically(directory / WORDS, "".join(vocabulary.lines()).encode())
    write_atomically(directory / CONFIG, (json.dumps(header | information, indent=2) + "\n").encode())


def half_weights(directory: Path, network: Network) -> Arrays:
    """Convert the weights to float16; ``ModelError`` where they are no good for the folder's file."""
    return {name: _finite(directory / WEIGHTS, name, value, np.float16) for name, value in network.weights.items()}


def _finite(path: Path, name: str, array: FloatArray, dtype: Any) -> FloatArray:
    """Convert an array to another precision; ``ModelError`` for a value that is no finite number there."""
    with np.errstate(over="ignore"):
        converted = np.ascontiguousarray(array, dtype=dtype)
    if not np.isfinite(converted).all():
        raise ModelError(f"{path}: {name} holds a value that is not a finite number in {np.dtype(dtype)}")
    return converted


def load_model(directory: Path, offensive: Path | None = SHIPPED_LIST) -> LanguageModel:
    """Load a model folder as float32; ``offensive`` lists the words to guard, None guards none.

    Raises ``ModelError``, which names the file and the fault, where one is missing, damaged, or does not fit the rest.
    """
    information = load_config(directory / CONFIG)
    config = NetworkConfig(*(information[key] for key in ("cell", "vocabulary", "embedding", "hidden")))
    vocabulary = load_words(directory / WORDS)
    if len(vocabulary) != config.vocabulary or vocabulary.digest() != information["words_sha256"]:
        raise ModelError(f"{directory / WORDS}: these are not the words that the weights were trained with")
    network = Network(config, load_weights(directory / WEIGHTS, config))
    ngrams = _ngrams_of(directory, information, vocabulary)
    spelling = load_spelling(directory / SPELLING, vocabulary) if (directory / SPELLING).exists() else None
    known = load_known_words(directory / KNOWN_WORDS) if (directory / KNOWN_WORDS).exists() else NO_WORDS
    has_common = (directory / COMMON).exists()
    common, titled = _load_common(directory / COMMON, vocabulary) if has_common else (None, None)
    return LanguageModel(vocabulary, network, information, ngrams, spelling, Guard(offensive), known, common, titled)


def save_spelling(directory: Path, spelling: Spelling, information: dict[str, Any]) -> None:
    """Write the spelling network and the lexicon into a model folder."""
    folder = directory / SPELLING
    save_model(folder, spelling.characters, spelling.network, information)
    write_atomically(folder / LEXICON, lexicon_content(spelling.lexicon))


def lexicon_content(lexicon: Lexicon) -> bytes:
    """The content of a lexicon file: ``form TAB ln P(form | unknown)`` a line."""
    lines = (f"{form}\t{p:.2f}\n" for form, p in zip(lexicon.words.forms, lexicon.log_probability, strict=True))
    return "".join(lines).encode()


def save_common(directory: Path, common: FloatArray, titled: BoolArray) -> None:
    """Write how common each word of the vocabulary is (V,), whatever the source, and which are titled (V,)."""
    write_atomically(directory / COMMON, save({"common": common.astype(np.float32), "titled": titled}))


def _load_common(path: Path, vocabulary: Vocabulary) -> tuple[FloatArray, BoolArray]:
    """Load how common each word is (V,), and which are titled (V,): none where the file is of an older version."""
    V = len(vocabulary)
    with loading(path, "weights file", ModelError):
        arrays = load_file(path)
        common: FloatArray = arrays["common"].astype(np.float32)
        titled: BoolArray = arrays.get("titled", np.zeros(V, dtype=bool))
    if common.shape != (V,) or not bool(((common >= 0) & np.isfinite(common)).all()):
        raise ModelError(f"{path}: holds {common.dtype}{common.shape}, needs {V} numbers, 0 or more")
    if titled.shape != (V,) or titled.dtype != bool:
        raise ModelError(f"{path}: titled holds {titled.dtype}{titled.shape}, needs bool({V},)")
    return common, titled


def load_spelling(folder: Path, vocabulary: Vocabulary) -> Spelling:
    """Load a spelling folder; of its lexicon what ``vocabulary`` does not hold. Raises ``ModelError``."""
    characters = load_model(folder, offensive=None)
    forms = characters.vocabulary.forms
    if any(len(form) > 1 for form in forms[len(SPECIAL_TOKENS) :]):
        raise ModelError(f"{folder / WORDS}: not characters")
    return Spelling(characters.vocabulary, characters.network, _load_lexicon(folder / LEXICON, vocabulary))


def _load_lexicon(path: Path, vocabulary: Vocabulary) -> Lexicon:
    """Load a lexicon: ``form TAB ln P(form | unknown)`` a line, sorted by folded key."""
    with loading(path, "list of words with the logarithms of their probabilities", ModelError):
        pairs = [line.split("\t") for line in path.read_text("utf-8").split("\n")[:-1]]
        pairs = [pair for pair in pairs if pair[0] not in vocabulary]
        forms = [form for form, _ in pairs]
        log_p = np.array([float(p) for _, p in pairs], dtype=np.float32)
        if not all(form[0].isalpha() for form in forms) or not bool((log_p <= 0).all() and np.isfinite(log_p).all()):
            raise ValueError("a word begins with no letter, or a logarithm is above 0")
        log_p.flags.writeable = False
        return Lexicon(SortedWords(forms), log_p)


def _ngrams_of(directory: Path, information: dict[str, Any], vocabulary: Vocabulary) -> NGrams | None:
    """Load the n-grams of a model that has them."""
    if "ngrams" not in information:
        return None
    share = information["ngrams"].get("share") if isinstance(information["ngrams"], dict) else None
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 <= share <= 1:
        raise ModelError(f"{directory / CONFIG}: the share of the n-grams is {share!r}, not a number from 0 to 1")
    return load_ngrams(directory / NGRAMS, len(vocabulary), vocabulary.id_of(TEXT_START), share)


def load_config(path: Path) -> dict[str, Any]:
    """Load the configuration of a model folder; raises ``ModelError`` where the sizes are none."""
    with loading(path, "JSON file", ModelError):
        config = json.loads(path.read_text("utf-8"))
    if not isinstance(config, dict) or config.get("format") != FORMAT_VERSION:
        found = config.get("format") if isinstance(config, dict) else None
        raise ModelError(f"{path}: format is {found!r}, this version reads {FORMAT_VERSION}")
    if not isinstance(config.get("cell"), str) or config["cell"] not in CELLS:
        raise ModelError(f"{path}: cell is {config.get('cell')!r}, not one of {', '.join(CELLS)}")
    for key in ("vocabulary", "embedding", "hidden"):
        if type(config.get(key)) is not int or config[key] < 1:
            raise ModelError(f"{path}: {key} is {config.get(key)!r}, not a whole number above 0")
    if not isinstance(config.get("words_sha256"), str):
        raise ModelError(f"{path}: words_sha256 is missing")
    return config


def load_words(path: Path) -> Vocabulary:
    """Load a words file: ``form TAB count`` a line, in the order of the ids; ``TAB -`` behind it withholds it."""
    with loading(path, "list of words with their counts", ModelError):
        lines = path.read_text("utf-8").split("\n")[:-1]
        pairs = [line.removesuffix(WITHHELD).rsplit("\t", 1) for line in lines]
        withheld = {form for (form, _), line in zip(pairs, lines, strict=True) if line.endswith(WITHHELD)}
        return Vocabulary([form for form, _ in pairs], [int(count) for _, count in pairs], withheld)


def load_weights(path: Path, config: NetworkConfig) -> dict[str, Any]:
    """Load the arrays of a network as float32; raises ``ModelError`` where they do not fit its sizes."""
    with loading(path, "weights file", ModelError):
        arrays = load_file(path)
    shapes = config.shapes()
    if set(arrays) != set(shapes):
        raise ModelError(f"{path}: holds {', '.join(sorted(arrays))}; needs {', '.join(sorted(shapes))}")
    for name, shape in shapes.items():
        if arrays[name].shape != shape or arrays[name].dtype.kind != "f":
            raise ModelError(f"{path}: {name} is {arrays[name].dtype}{arrays[name].shape}, needs floats of {shape}")
        arrays[name] = _finite(path, name, arrays[name], np.float32)
        arrays[name].flags.writeable = False
    return arrays
