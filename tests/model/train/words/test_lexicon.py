"""Which rare words make the lexicon, what they are worth, and the command that makes the spelling files."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from model.errors import ModelError
from model.lm.storage import LEXICON, SPELLING, load_model, save_model
from model.lm.words.spelling import Speller
from model.search.scorer import Scorer
from model.text.vocabulary import Vocabulary
from model.train import spelling as train_spelling
from model.train.words.counts import Counts
from model.train.words.lexicon import expected_typos, is_typo, make_lexicon, own_count, rare_words
from tests.model.tiny_model import random_model, tiny_vocabulary


def counts_of(documents: list[str], private: bool = False, source: int = 0, into: Counts | None = None) -> Counts:
    counts = Counts()
    for document in documents:
        counts.add_document(document.split("\n"))
    total = into or Counts()
    total.merge(counts, source, 1.0, private)
    return total


def test_rare_words_are_those_outside_the_vocabulary_that_come_twice() -> None:
    text = "We saw a zebra there. And the zebra saw the dog, a gnu, cb12 and cb12."
    words = rare_words(counts_of([text]), tiny_vocabulary())
    assert words["zebra"] == 2 and "gnu" not in words and "dog" not in words and "cb12" not in words


def test_lists_vouch_for_words_and_rule_out_misspellings() -> None:
    counts = counts_of(
        ["We saw a gnu and a zebra, a zebra.", "Xylophone!\nZwack! Zwack!\nWe met Quagga, then Quagga ate."]
    )
    words = rare_words(counts, tiny_vocabulary(), {"gnu", "xylophone", "quagga"}, {"zebra"})
    # What only began sentences is a common word where a list says so, and a name where it does not.
    assert words == {"gnu": 1, "xylophone": 1, "Zwack": 2, "Quagga": 2} | {
        form: n for form, n in words.items() if form in ("saw", "met", "ate", "We", "we", "then", "and")
    }


def test_names_of_private_sources_stay_out() -> None:
    lines = ["We met Zadie and the zebra. Then we met Zadie and a zebra.", "We met Quentin. Then we met Quentin."]
    counts = counts_of(lines[:1], private=True)
    counts = counts_of(lines[1:], source=1, into=counts)
    words = rare_words(counts, tiny_vocabulary())
    assert "Zadie" not in words and words["Quentin"] == 2 and words["zebra"] == 2


def test_typos_of_frequent_words_are_known_by_how_often_they_are_to_be_expected() -> None:
    vocabulary = Vocabulary.from_counts(
        {},
        {"because": 1_000_000, "tomorrow": 600, "zebra": 5},
        dict.fromkeys(("<unk>", "<start>", "<eol>", "<num>"), 100),
    )
    expected = expected_typos({"becuase": 5, "tomorow": 5, "gnus": 5}, vocabulary)
    assert expected["becuase"] > 1000 > expected["tomorow"] > 0 == expected["gnus"]
    assert is_typo(5, expected["becuase"]) and not is_typo(5, expected["tomorow"])
    assert own_count(100, 0.0) == 100 and 0 < own_count(100, 50.0) < 1 and own_count(100, 1.0) < 100


def test_a_lexicon_shares_out_what_is_unknown() -> None:
    lexicon = make_lexicon({"gnu": 6, "Zebra": 3}, 20.0, lambda forms: [-10.0 for _ in forms])
    assert list(lexicon.words.forms) == ["gnu", "Zebra"]
    assert lexicon.log_probability[0] > lexicon.log_probability[1]
    assert math.exp(lexicon.log_probability[0]) == pytest.approx(6 / 20, rel=0.1)
    assert 0.5 < lexicon.novel < 0.7
    assert make_lexicon({}, 1.0, lambda forms: []).novel == 1.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model with spelling files that the command made from a tiny text."""
    path = tmp_path_factory.mktemp("model")
    model = random_model()
    save_model(path, model.vocabulary, model.network, {})
    text = "\n\n".join(f"The zebra eats number {i}.\nA gnu and the wildebeest see the zebra." for i in range(40))
    (path / "text.txt").write_text(text, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(train_spelling, "count", lambda recipe, processes, progress: counts_of(text.split("\n\n")))
        arguments = [str(path), str(path / "text.txt"), "--embedding", "4", "--hidden", "8", "--minutes", "0.02"]
        assert train_spelling.main([*arguments, "--epochs", "400"]) == 0
    return path


def test_the_command_writes_files_that_load(folder: Path) -> None:
    model = load_model(folder)
    assert model.spelling is not None
    assert set(model.spelling.lexicon.words.forms) >= {"zebra", "gnu", "wildebeest", "eats"} - set(
        model.vocabulary.forms
    )
    config = json.loads((folder / SPELLING / "config.json").read_text())
    assert config["training"]["words"] > 5
    assert Scorer(model).novel("zebra") > 0
    speller = Speller(model.spelling)
    assert speller.log_word("zebra") > speller.log_word("qqqqq")


def test_the_command_reads_lists(tmp_path: Path) -> None:
    assert train_spelling.listed(None) == frozenset()
    (tmp_path / "list.txt").write_text('"Gnu"\nacomodate->accommodate\n\n', "utf-8")
    assert {"gnu", "acomodate"} <= train_spelling.listed(tmp_path / "list.txt")


def test_the_command_refuses_bad_input(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train_spelling.main([str(folder), str(folder / "none.txt")]) == 2
    assert "none.txt" in capsys.readouterr().err
    assert train_spelling.main([str(folder), str(folder / "text.txt"), "--hidden", "0"]) == 2
    assert train_spelling.main([str(folder), str(folder / "text.txt"), "--vouched", str(folder / "no-list")]) == 2
    assert "no-list" in capsys.readouterr().err
    assert train_spelling.main([str(folder / "nowhere"), str(folder / "text.txt")]) == 2


@pytest.mark.parametrize(
    "content",
    [b"\xff", b"zebra\n", b"zebra\tx\n", b"zebra\t0.5\n", b"zebra\tnan\n", b"\t-1\n", b"12\t-1\n", b"z\t-1\ngnu\t-1\n"],
)
def test_a_damaged_lexicon_is_refused_with_its_name(folder: Path, content: bytes) -> None:
    path = folder / SPELLING / LEXICON
    good = path.read_bytes()
    path.write_bytes(content)
    try:
        with pytest.raises(ModelError, match=LEXICON):
            load_model(folder)
        path.unlink()
        with pytest.raises(ModelError, match=LEXICON):
            load_model(folder)
    finally:
        path.write_bytes(good)


def test_damaged_weights_are_refused(folder: Path) -> None:
    path = folder / SPELLING / "weights.safetensors"
    good = path.read_bytes()
    path.write_bytes(good[:-3])
    with pytest.raises(ModelError, match="spelling"):
        load_model(folder)
    path.write_bytes(good)


def test_words_that_the_vocabulary_holds_are_left_out_of_a_lexicon(folder: Path) -> None:
    path = folder / SPELLING / LEXICON
    good = path.read_bytes()
    path.write_bytes(b"apple\t-2.00\nzebra\t-1.00\n")
    spelling = load_model(folder).spelling
    path.write_bytes(good)
    assert spelling is not None and list(spelling.lexicon.words.forms) == ["zebra"]
    assert np.isfinite(spelling.lexicon.log_probability).all()
