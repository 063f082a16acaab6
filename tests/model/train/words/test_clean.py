"""Cleaning a model's words: misspellings, letter case by source, and how common each word is."""

from pathlib import Path

import numpy as np
import pytest

from model.lm.storage import COMMON, load_model, save_model
from model.lm.words.known_words import KNOWN_WORDS, KnownWords
from model.lm.words.spelling import Lexicon
from model.text.vocabulary import SortedWords, Vocabulary
from model.train.words import clean
from model.train.words.clean import CaseCounts
from model.train.words.counts import Counts, count_documents
from tests.model.tiny_model import random_model, tiny_vocabulary

KNOWN = KnownWords.of(["nutmeg", "batman", "apple", "donut"], ["Rhoda"], size=1000)


def cases(*sources: dict[str, int]) -> CaseCounts:
    """The letter cases in some sources, each given by its forms."""
    found = CaseCounts()
    for forms in sources:
        counts = Counts()
        counts.trusted.update(forms)
        found.add(counts)
    return found


def test_a_word_that_titles_alone_capitalise_is_small() -> None:
    found = cases({"Nutmeg": 50}, {"nutmeg": 3}, {"nutmeg": 2, "Nutmeg": 1})
    assert found.true_case("Nutmeg", KNOWN) == "nutmeg"
    # One source tells nothing, and what is no word stays a name.
    assert cases({"nutmeg": 3}).true_case("Nutmeg", KNOWN) == "Nutmeg"
    assert cases({"rhoda": 3}, {"rhoda": 2}).true_case("Rhoda", KNOWN) == "Rhoda"
    assert found.true_case("NUTMEG", KNOWN) == "NUTMEG"


def test_ids_stay_where_words_become_small() -> None:
    vocabulary = tiny_vocabulary({"Nutmeg": 9, "apple": 5, "Apple": 7, "may": 3})
    found = cases({"nutmeg": 3, "apple": 5}, {"nutmeg": 2, "apple": 5})
    forms = clean.recased(vocabulary, found, KNOWN).forms
    assert [form.casefold() for form in forms] == [form.casefold() for form in vocabulary.forms]
    # The other spelling of apple is taken already.
    assert set(forms) - set(vocabulary.forms) == {"nutmeg"}


def test_lazy_spellings_of_names_are_found() -> None:
    vocabulary = tiny_vocabulary(
        {"batman": 2, "Batman": 9, "Lebron": 5, "LeBron": 4, "king": 5, "King": 9, "Hip-Hop": 3}
    )
    found = cases(
        {"Batman": 9, "batman": 1, "King": 9, "king": 4, "LeBron": 2, "Lebron": 4},
        {"Batman": 5, "king": 5, "Hip-Hop": 3},
    )
    assert clean.lazy_spellings(vocabulary, found) == {"batman", "Lebron"}


def test_a_word_that_mostly_has_a_capital_behind_one_is_titled() -> None:
    found = CaseCounts()
    lines = ["I asked the Assistant Secretary.", "My Assistant Secretary said so.", "We met Anna at the Town hall."]
    found.add(count_documents([lines] * 3))
    found.add(count_documents([["It is in the Town Hall of Bonn.", "The secretary of Anna said so."]] * 3))
    assert found.is_titled("secretary"), "six times of six"
    assert not found.is_titled("hall"), "three times of six"
    assert not found.is_titled("said") and not found.is_titled("Secretary") and not found.is_titled("unheard-of")


def test_misspellings_and_host_names_without_their_stop() -> None:
    listed = {"occurence", "rhoda"}
    for form in ("occurence", "Occurence", "gmailcom", "USAgov"):
        assert clean.is_misspelled(form, listed, KNOWN), form
    for form in ("apple", "Rhoda", "com"):
        assert not clean.is_misspelled(form, listed, KNOWN), form


def test_the_lexicon_keeps_what_exists_and_what_resembles_nothing_frequent() -> None:
    words = Vocabulary.from_counts({}, {"apple": 5000, "of": 9000, "course": 4000}, {"<unk>": 1000, "<start>": 9})
    forms = ["aple", "Batman", "donut", "grokking", "Nutmeg", "ofcourse"]
    lexicon = Lexicon(SortedWords(forms), np.log(np.full(len(forms), 0.01)).astype(np.float32))
    left = clean.cleaned_lexicon(lexicon, words, cases({"nutmeg": 2}, {"nutmeg": 2}), set(), KNOWN)
    assert list(left.words.forms) == ["Batman", "donut", "grokking", "nutmeg"]


def test_the_command_writes_a_model_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = random_model()
    save_model(tmp_path, made.vocabulary, made.network, {})
    KNOWN.save(tmp_path / KNOWN_WORDS)
    (tmp_path / "a.txt").write_text("The dog eats the apple and the cat.\n" * 5, "utf-8")
    (tmp_path / "titles.txt").write_text("In the NASA World, again.\n" * 5, "utf-8")
    (tmp_path / "b.txt").write_text("A dog is not a cat, I think.\n" * 5, "utf-8")
    (tmp_path / "wrong.txt").write_text("donut->doughnut\n", "utf-8")
    texts = [str(tmp_path / name) for name in ("a.txt", "b.txt", "titles.txt")]
    arguments = [str(tmp_path), *texts, "--misspelled", str(tmp_path / "wrong.txt"), "--processes", "1"]
    assert clean.main(arguments) == 0
    assert "1 misspellings" in capsys.readouterr().out
    model = load_model(tmp_path)
    offered = dict(zip(model.vocabulary.forms, model.vocabulary.offered, strict=True))
    assert not offered["donut"] and offered["dog"]
    assert model.common.sum() == pytest.approx(1, abs=1e-5)
    assert [form for form in model.vocabulary.forms if model.titled(form) != form] == ["world"]
    # The mean of its shares of the known words: an eighth in the one, a seventh in the other.
    id_of = model.vocabulary.id_of
    assert model.common[id_of("dog")] / model.common[id_of("apple")] == pytest.approx(
        (1 / 8 + 1 / 7) / (1 / 8), rel=0.01
    )
    for name, value in model.network.weights.items():
        np.testing.assert_allclose(value, made.network.weights[name], atol=2e-3)


@pytest.mark.parametrize("content", [b"", b"nonsense"])
def test_a_damaged_file_of_common_words_is_one_clear_line(content: bytes, tmp_path: Path) -> None:
    made = random_model()
    save_model(tmp_path, made.vocabulary, made.network, {})
    (tmp_path / COMMON).write_bytes(content)
    with pytest.raises(Exception, match=r"common\.safetensors: ") as caught:
        load_model(tmp_path)
    assert "\n" not in str(caught.value)


def test_bad_input_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert clean.main([str(tmp_path / "none"), str(tmp_path)]) == 2
    assert clean.main([str(tmp_path), str(tmp_path), "--processes", "0"]) == 2
    assert capsys.readouterr().err.count("\n") == 2
