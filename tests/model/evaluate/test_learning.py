"""A person's texts typed in their order, with teaching and without."""

import json
from pathlib import Path

from model.evaluate.__main__ import main
from model.evaluate.metrics import learning_measures
from model.evaluate.personal_typing import TEXT_WORDS, PersonalTrial
from model.evaluate.simulated_typing import Ask, ModelSuggester, TypedWord
from model.lm.language_model import LanguageModel

DOCUMENTS = [["the dog eats Zorbal"], ["my cat and Zorbal"], ["a big Zorbal"], ["I can help Zorbal"]]


def ranks(words: list[TypedWord]) -> list[bool]:
    """Whether each own word was offered before its last letter."""
    return [any(ask.rank is not None for ask in word.asks) for word in words if word.earlier_uses >= 0]


def test_a_word_is_offered_in_later_texts_where_it_was_taught(tiny_model: LanguageModel) -> None:
    plain = list(PersonalTrial(ModelSuggester(tiny_model, 64)).words_of_a_person(DOCUMENTS, teach=False))
    taught = list(PersonalTrial(ModelSuggester(tiny_model, 64)).words_of_a_person(DOCUMENTS, teach=True))
    assert [word.earlier_uses for word in taught if word.earlier_uses >= 0] == [0, 1, 2, 3]
    assert [(word.line, word.length) for word in taught] == [(word.line, word.length) for word in plain]
    assert ranks(plain) == [False] * 4
    assert ranks(taught) == [False, False, True, True], "from its second use on"


def test_a_sample_is_taught_all_the_same(tiny_model: LanguageModel) -> None:
    trial = PersonalTrial(ModelSuggester(tiny_model, 64))
    words = list(trial.words_of_a_person(DOCUMENTS, True, wanted={3}))
    assert {word.line for word in words} == {3} and ranks(words) == [True]


def test_a_long_document_is_taught_in_parts(tiny_model: LanguageModel) -> None:
    line = " ".join(["the dog eats food"] * (TEXT_WORDS // 4)) + " Zorbal"
    taught = PersonalTrial(ModelSuggester(tiny_model, 64))
    words = list(taught.words_of_a_person([[line, line, "Zorbal"]], True, wanted={2}))
    assert ranks(words) == [True]


def test_known_and_own_words_are_measured_apart() -> None:
    def word(earlier_uses: int, rank: int | None) -> TypedWord:
        return TypedWord(0, 4, [Ask(0, rank, 0.5, 0.0)], earlier_uses)

    measured = learning_measures([word(-1, 1), word(0, None), word(1, None), word(2, 1)])
    assert measured["keystroke_savings@3_second_half"].value == 8 / 20
    assert measured["keystroke_savings@3_known_words"].value == 4 / 5
    assert measured["keystroke_savings@3_own_words"].value == 4 / 5
    assert measured["keystroke_savings@3_own_words"].n == 5


def test_the_command_shows_both_beside_each_other(tiny_folder: Path, tmp_path: Path) -> None:
    text, figures = tmp_path / "a.txt", tmp_path / "a.json"
    text.write_text("\n\n".join("\n".join(lines) for lines in DOCUMENTS) + "\n")
    assert main([str(tiny_folder), str(text), "--learn", "--json", str(figures)]) == 0
    plain, learning = json.loads(figures.read_text())
    assert (plain["model"], learning["model"]) == (str(tiny_folder), "learning")
    name = "keystroke_savings@3_own_words"
    for column in ("a.txt", "all"):
        assert learning["files"][column][name]["value"] > plain["files"][column][name]["value"]
