"""Typos of a person's own words and of custom ones: found as those of the vocabulary are, and what is held stays."""

from collections.abc import Iterator
from string import ascii_lowercase

import pytest

from model.lm.notebook import Notebook
from model.lm.person import Person, digest
from model.lm.words.custom_vocabulary import CustomVocabulary, Entry
from model.search.complete import Completer
from model.search.correct import Corrector
from model.search.custom_reader import CustomReader
from model.search.lessons import lesson
from model.search.place.query import QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from tests.model.search.bench import MODEL
from tests.model.tiny_model import logits_of, output_of, plain

WORDS = ("Grünwald", "Kubeflow", "zorbal", "Zorbel")
TEXT = " ".join(WORDS) + ". the " + " the ".join(WORDS)


class Search:
    """Answers of a model to one who is known, or with a vocabulary."""

    def __init__(self, person: Person | None = None, *vocabularies: CustomVocabulary) -> None:
        self.person, self.vocabularies = person, vocabularies
        self.reader, self.scorer = QueryReader(MODEL.vocabulary, 64), Scorer(MODEL)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)
        self.custom = CustomReader(self.scorer)

    def complete(self, text: str) -> dict[str, Suggestion]:
        query = self.custom.read(self.reader.completion(text, len(text)), self.vocabularies, 10)
        query = self.scorer.resolve(query, self.person)
        logits = logits_of(MODEL, query.context)
        return {one.text: one for one in self.completer.complete(query, logits, 10, 0.0, True, self.person)}

    def correct(self, text: str) -> list[Suggestion]:
        place = self.reader.last_word(text, len(text))
        assert place is not None
        word = self.reader.finished(text, *place)
        query = self.scorer.resolve(self.custom.read(word.query, self.vocabularies, 0), self.person)
        output = output_of(MODEL, query.context)
        return self.corrector.correct(word._replace(query=query), output, 10, 0.0, self.person).suggestions


def person_of(*texts: str, forgotten: frozenset[bytes] = frozenset()) -> Person:
    notebook = Notebook()
    for text in texts:
        notebook.learn(lesson(text, MODEL.vocabulary))
    return Person(MODEL, notebook.taught(), forgotten, b"k")


LEARNED = Search(person_of(TEXT))
CUSTOM = Search(None, CustomVocabulary(map(Entry, WORDS)))
NOBODY = Search()


def typos(word: str) -> Iterator[str]:
    """Every string one typo away from a word behind its first letter."""
    for i in range(1, len(word)):
        yield word[:i] + word[i + 1 :]
        yield word[:i] + word[i + 1 : i + 2] + word[i] + word[i + 2 :]
        for letter in ascii_lowercase:
            yield word[:i] + letter + word[i + 1 :]
            yield word[:i] + letter + word[i:]


def typed_with_typos() -> list[tuple[str, str]]:
    """Own words and all strings one typo away, but for those that are own words, or begin one."""
    return sorted(
        (word, typed)
        for word in ("Grünwald", "zorbal")
        for typed in typos(word.replace("ü", "u"))
        if not any(plain(other).startswith(plain(typed)) for other in WORDS)
    )


@pytest.mark.parametrize("search", [LEARNED, CUSTOM], ids=["learned", "custom"])
def test_every_single_typo_is_read_as_the_word(search: Search) -> None:
    """Of *zorbal* and *Zorbel*, which one typo may make of each other, either will do."""
    for word, typed in typed_with_typos():
        wanted = {"zorbal", "Zorbel"} if word.casefold().startswith("zorb") else {word}
        found = search.complete(f"the {typed}")
        kinds = {found[text].kind for text in wanted if text in found}
        assert kinds == {"learned" if search is LEARNED else "correction"}, (word, typed, found)
        best = search.correct(f"the {typed}")[0]
        assert best.text.casefold() in map(str.casefold, wanted), (word, typed, best)
        assert best.kind == "correction"


@pytest.mark.parametrize("search", [LEARNED, CUSTOM], ids=["learned", "custom"])
@pytest.mark.parametrize("form", ["{}", "{}'s", "{}-like"])
def test_a_held_word_is_never_changed_to_another(search: Search, form: str) -> None:
    for word in WORDS:
        for typed in (word, word.lower(), word.capitalize(), word.upper()):
            text = form.format(typed)
            [one] = search.correct(f"the {text}")
            assert (one.text, one.kind) == (text, "typed")


def test_a_held_word_is_no_typo_in_the_context_either() -> None:
    taught = Search(person_of("tomorow tomorow"))
    text = "see you tomorow "
    read = [search.reader.next_word(text, len(text)) for search in (NOBODY, taught)]
    tomorrow = MODEL.vocabulary.id_of("tomorrow")
    assert tomorrow in NOBODY.scorer.resolve(read[0]).context
    assert tomorrow not in taught.scorer.resolve(read[1], taught.person).context


@pytest.mark.parametrize(
    ("text", "expected"),
    [("GRUNWLAD", "GRÜNWALD"), ("grunwlad", "Grünwald"), ("Zrobal", "Zorbal"), ("Kubeflwo", "Kubeflow")],
)
def test_letter_case_is_that_of_what_was_typed(text: str, expected: str) -> None:
    for search in (LEARNED, CUSTOM):
        assert search.correct(text)[0].text == expected


def test_neither_a_word_used_once_nor_a_forgotten_one_is_what_was_meant() -> None:
    once = Search(person_of("the Kubeflow"))
    forgetful = Search(person_of(TEXT, forgotten=frozenset({digest("kubeflow", b"k")})))
    for search in (once, forgetful):
        assert "Kubeflow" not in search.complete("the kubeflwo")
        assert "Kubeflow" not in [one.text for one in search.correct("the kubeflwo")]


def test_a_word_of_the_vocabulary_is_not_taken_for_a_typo_of_another_word() -> None:
    """*form* is a typo away from *forma*, which somebody uses."""
    search = Search(person_of("forma forma", *["the forma"] * 5))
    assert search.correct("the form")[0].text == "form"
    assert "form" in search.complete("the for") and "forma" in search.complete("the for")
