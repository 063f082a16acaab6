"""Typos of a person's own words and of custom ones: found as those of the vocabulary are, and what is held stays."""

from collections.abc import Iterator
from string import ascii_lowercase

import pytest

from model.lm.forgetting import digest
from model.lm.notebook import Notebook
from model.lm.person import Person
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


def test_a_held_word_is_not_joined_with_its_neighbour() -> None:
    joined = 0
    for form in MODEL.vocabulary.forms:
        first, second = form[: len(form) // 2], form[len(form) // 2 :]
        text = f"the {first} {second}"
        if not form.isalpha() or len(form) < 6 or form not in [one.text for one in NOBODY.correct(text)]:
            continue
        joined += 1
        for held in (first, second):
            assert form not in [one.text for one in Search(person_of(f"{held} {held}")).correct(text)]
    assert joined >= 3


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


def test_marks_that_were_written_are_no_words_to_offer() -> None:
    """They count as what stood before, and no search is at a loss about them."""
    marks = [chr(c) for c in (*range(32), 0xA7, 0xB6, 0x20BF, 0x27E8, 0x1F44D, 0xFF9E)]
    search = Search(person_of(*[" ".join(f"{mark} zorbal {mark}" for mark in marks)] * 6))
    for text in ("", "the ", "zorbal ", "zorbla", "zorbal", "q", *marks):
        found = search.complete(text)
        assert all(one.text[0].isalpha() for one in found.values()), text
    for typed in ("zorbla", "the zroba", "qqq"):
        search.correct(typed)


def test_what_begins_as_an_own_word_is_no_typo() -> None:
    """Nor is it said to be one where the lexicon has the word too, and no word of the vocabulary begins so."""
    person = person_of(TEXT)
    assert person.is_of_lexicon.shape == (len(person.forms),)
    person.is_of_lexicon[:] = True
    search = Search(person)
    for word in WORDS:
        kinds = {one.kind for text, one in search.complete(f"the {word[:-1]}").items() if text == word}
        assert kinds == {"completion"}, word


def test_a_phrase_of_own_words_takes_nothing_from_its_first_word() -> None:
    search = Search(person_of(*["we saw Qemtuzzo Zorbalino here"] * 4))
    found = search.complete("the qemtuz")
    assert found["Qemtuzzo"].probability > 0.9
    assert found["Qemtuzzo"].probability >= found["Qemtuzzo Zorbalino"].probability > 0.9


def test_a_phrase_of_own_words_has_the_letter_case_of_its_place() -> None:
    search = Search(person_of(*["zorbino Qemtuzzo the iZorb Zorbalino the"] * 4))
    assert {"Zorbino", "Zorbino Qemtuzzo"} <= search.complete("Zorbi").keys()
    assert {"Zorbino", "Zorbino Qemtuzzo"} <= search.complete("").keys()
    assert {"zorbino", "zorbino Qemtuzzo"} <= search.complete("the zorbi").keys()
    assert {"ZORBINO QEMTUZZO"} <= search.complete("the ZORBI").keys()
    assert {"iZorb Zorbalino"} <= search.complete("izor").keys()


@pytest.mark.parametrize("letters", ["ı I", "ſ S", "ǆ ǅ", "ß ss", "ﬁ fi"])
def test_nothing_is_offered_twice(letters: str) -> None:
    """Letters that are written alike with a capital are one suggestion where they are."""
    search = Search(person_of(*[f"{letters} {letters}; {letters}"] * 6), CustomVocabulary(map(Entry, letters.split())))
    for text in ("", "the ", *letters.split(), *letters.upper().split(), *letters.title().split()):
        query = search.custom.read(search.reader.completion(text, len(text)), search.vocabularies, 10)
        found = search.completer.complete(query, logits_of(MODEL, query.context), 60, 0.0, True, search.person)
        texts = [one.text for one in found]
        assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("form", ["{}", "{}'s", "{}-like", "New {}", "{}, Inc."])
def test_a_forgotten_word_is_offered_in_nothing_that_names_it(form: str) -> None:
    for word in ("Grünwald", "Zorbel"):
        text = form.format(word)
        forgotten = frozenset({digest(word, b"k")})
        entries = CustomVocabulary([Entry(text), Entry("Zorbelius"), Entry("Grünwalder")])
        search = Search(person_of(*[f"see {text} there"] * 3, forgotten=forgotten), entries)
        for end in range(len(text)):
            found = search.complete(f"the {text[:end]}")
            assert not [
                one for one in found if word in one.replace(",", " ").replace("'", " ").replace("-", " ").split()
            ]
        assert {"Zorbelius", "Grünwalder"} & search.complete(f"the {word[:5]}").keys(), "other words stay"


@pytest.mark.parametrize("entry", ["Node.js", "R&D", "C++", "7-Zip"])
def test_an_entry_that_is_no_plain_word_can_be_forgotten(entry: str) -> None:
    for text in (entry, f"{entry} Club", f"Old {entry}"):
        vocabulary = CustomVocabulary([Entry(text)])
        forgetful = Search(person_of(forgotten=frozenset({digest(entry.upper(), b"k")})), vocabulary)
        begun = text[:1] if text[0] == entry[0] else "Ol"
        if begun.isalpha():
            assert text in Search(None, vocabulary).complete(begun)
        assert text not in forgetful.complete(begun)


def test_a_contraction_is_no_possessive() -> None:
    for word in ("it", "that", "let"):
        assert not Person(MODEL, Notebook().taught(), frozenset({digest(word, b"k")}), b"k").forgets(f"{word}'s")
