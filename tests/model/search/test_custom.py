"""Custom vocabularies in suggestions: entries as candidates in context, and words that are never offered."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.language_model import LanguageModel
from model.lm.words.custom_vocabulary import CustomVocabulary, Entry, compared
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.search.complete import Completer
from model.search.correct import Corrector
from model.search.custom_reader import CustomReader
from model.search.place.custom_words import OTHERS, SHARE
from model.search.place.query import QueryReader
from model.search.ranking import Suggestion
from model.search.scorer import Scorer
from model.text.tokens import UNKNOWN
from tests.model.tiny_model import logits_of, model_of, output_of, random_model, unhurried

VOCABULARY = CustomVocabulary(
    map(
        Entry, ("Kubeflow", "Acme Cloud Backup", "Grünwald", "Node.js", "R&D", "7-Eleven", "iSCSI Target", "東京タワー")
    )
)


class Search:
    """A model with everything that answers; vocabularies are given with each text."""

    def __init__(self, model: LanguageModel) -> None:
        self.model, self.scorer = model, Scorer(model)
        self.completer, self.corrector = Completer(self.scorer), Corrector(self.scorer)
        self.custom, self.reader = CustomReader(self.scorer), QueryReader(model.vocabulary, 64)

    def complete(
        self, text: str, *vocabularies: CustomVocabulary, next_word: bool = False, limit: int = 10, fuzzy: bool = True
    ) -> list[Suggestion]:
        query = (self.reader.next_word if next_word else self.reader.completion)(text, len(text))
        query = self.scorer.resolve(self.custom.read(query, vocabularies, limit))
        return self.completer.complete(query, logits_of(self.model, query.context), limit, 0.0, fuzzy)

    def correct(self, text: str, *vocabularies: CustomVocabulary) -> list[Suggestion]:
        place = self.reader.last_word(text, len(text))
        assert place is not None
        word = self.reader.finished(text, *place)
        word = word._replace(query=self.scorer.resolve(self.custom.read(word.query, vocabularies, 0)))
        return self.corrector.correct(word, output_of(self.model, word.query.context), 10, 0.0).suggestions


TINY = Search(random_model())


@pytest.fixture(scope="module")
def english_search(english: LanguageModel) -> Search:
    return Search(english)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("Kubefl", "Kubeflow"),
        ("We run kubefl", "Kubeflow"),
        ("WE RUN KUBEFL", "KUBEFLOW"),
        ("We use Acm", "Acme Cloud Backup"),
        ("We use Acme Cl", "Cloud Backup"),
        ("we use acme cl", "Cloud Backup"),
        ("We use (Acme  Cl", "Cloud Backup"),
        ("We use Acme Cloud Ba", "Backup"),
        ("we met Gru", "Grünwald"),
        ("we met grü", "Grünwald"),
        ("we met gru\u0308", "Grünwald"),
        ("a Node.j", "js"),
        ("at 7-El", "Eleven"),
        ("東", "東京タワー"),
        ("東京", "東京タワー"),
    ],
)
def test_entries_are_offered_after_their_letters_and_after_their_first_word(
    english_search: Search, text: str, wanted: str
) -> None:
    found = english_search.complete(text, VOCABULARY)
    assert (found[0].text, found[0].insert, found[0].kind) == (wanted, wanted, "completion")
    assert found[0].probability > 0.5


@pytest.mark.parametrize(
    ("text", "insert"),
    [("We use Acme ", "Cloud Backup"), ("We use Acme", " Cloud Backup"), ("an iSCSI ", "Target"), ("our R&", "D")],
)
def test_entries_go_on_as_next_words(english_search: Search, text: str, insert: str) -> None:
    first = english_search.complete(text, VOCABULARY, next_word=True)[0]
    assert (first.insert, first.kind) == (insert, "next-word") and first.probability > 0.5


@pytest.mark.parametrize(
    "entry", ["Müller & Söhne", "Acme (Europe)", "Zorbal + Partner", "Zorbal @ Home", "Zorbal 24", "Node.js Foundation"]
)
def test_entries_go_on_behind_each_of_their_words(english_search: Search, entry: str) -> None:
    """Whatever the next word begins with; taking the suggestion gives the entry."""
    vocabulary = CustomVocabulary([Entry(entry)])
    for place in (place for place, c in enumerate(entry) if c == " "):
        text = entry[: place + 1]
        assert entry in [text + one.insert for one in english_search.complete(text, vocabulary)]
        # A + or @ may begin a word.
        if text[-2] not in "+@":
            found = english_search.complete(text[:-1], vocabulary, next_word=True)
            assert entry in [text[:-1] + one.insert for one in found]


@pytest.mark.parametrize("text", ["xAcme Cl", "Acme-Cl", "Acme. Cl", "Acme, Cl", "AcmeCl", "Cl", "Acm Cl"])
def test_an_entry_goes_on_only_behind_its_own_beginning(english_search: Search, text: str) -> None:
    assert "Cloud Backup" not in [s.text for s in english_search.complete(text, VOCABULARY)]


def test_a_frequent_word_is_seldom_the_beginning_of_an_entry(english_search: Search) -> None:
    depot = CustomVocabulary([Entry("The Home Depot"), Entry("Thank You Card")])
    for text in ("We went to the ", "The "):
        plain = english_search.complete(text, next_word=True, limit=3)
        assert english_search.complete(text, depot, next_word=True, limit=3)[0].text == plain[0].text
    assert english_search.complete("The Home D", depot)[0].text == "Depot"


def test_a_beginning_that_is_an_entry_itself_may_stand_alone(english_search: Search) -> None:
    long, both = [Entry("Kubeflow Pipelines")], [Entry("Kubeflow Pipelines"), Entry("Kubeflow", 3)]
    chances = [
        english_search.complete("We use Kubeflow ", CustomVocabulary(entries), next_word=True)[0].probability
        for entries in (long, both)
    ]
    assert chances[1] == pytest.approx(chances[0] / 4, rel=0.02)


def test_an_unknown_entry_shares_the_chance_of_unknown_words() -> None:
    model = model_of({"zoo": 0.2, "zebra": 0.1})
    search = Search(model)
    one, more = CustomVocabulary([Entry("zorg", 3)]), CustomVocabulary([Entry("quux", 7)])
    unknown = float(np.exp(logits_of(model, (1,)))[model.vocabulary.id_of(UNKNOWN)])
    chances = {s.text: s.probability for s in search.complete("a zo", one, more, fuzzy=False)}
    share = SHARE * 3 / (10 + OTHERS)
    rest = search.completer.typed_words.of("zo", False, False).rest * (1 - SHARE * 10 / (10 + OTHERS))
    total = 0.2 + unknown * (share + rest)
    assert chances["zorg"] == pytest.approx(unknown * share / total, abs=1e-4)
    assert chances["zoo"] == pytest.approx(0.2 / total, abs=1e-4)


def test_a_known_entry_becomes_likelier_by_its_weight() -> None:
    search = Search(model_of({"zoo": 0.2, "zorro": 0.1, "and": 0.6}))
    weighed = CustomVocabulary([Entry("zorro", 9)])
    plain, with_it = (
        {s.text: s.probability for s in search.complete("the ", *v, next_word=True)} for v in ((), (weighed,))
    )
    assert with_it["zorro"] / with_it["zoo"] == pytest.approx(10 * plain["zorro"] / plain["zoo"], rel=1e-3)
    typed = {s.text: s.probability for s in search.complete("the zo", weighed, fuzzy=False)}
    assert typed["zorro"] / typed["zoo"] == pytest.approx(5, rel=1e-3)


def test_without_vocabularies_and_with_empty_ones_nothing_changes() -> None:
    empty = CustomVocabulary([])
    for text in ("the d", "the dog", "I'd like an ap", "we met grü", "the dog eats "):
        for next_word in (False, True):
            plain = TINY.complete(text, next_word=next_word)
            with_it = TINY.complete(text, empty, next_word=next_word)
            assert [s.text for s in with_it] == [s.text for s in plain]
            assert [s.probability for s in with_it] == pytest.approx([s.probability for s in plain], abs=2e-6)


def test_an_entry_is_written_as_the_vocabulary_writes_it(english_search: Search) -> None:
    vocabulary = CustomVocabulary([Entry("KubeFLOW")])
    assert english_search.complete("We run Kubefl", vocabulary)[0].text == "KubeFLOW"
    # The lexicon of the model has another spelling.
    assert english_search.correct("we run kubeflwo", vocabulary)[0].text == "KubeFLOW"


@pytest.mark.parametrize(
    ("text", "blocked", "gone"),
    [
        ("a bana", "banana", "banana"),
        ("a bana", "BANANA", "banana"),
        ("I read the New York T", "New York Times", "Times"),
        ("make a back", "backup", "backup"),
    ],
)
def test_blocked_words_are_never_offered(english_search: Search, text: str, blocked: str, gone: str) -> None:
    blocking = CustomVocabulary([Entry(gone)], [blocked])
    assert gone in [s.text for s in english_search.complete(text)]
    assert gone not in [s.text for s in english_search.complete(text, blocking, limit=50)]
    assert gone not in [s.text for s in english_search.complete(text, VOCABULARY, blocking, limit=50)]


def test_other_words_come_in_the_place_of_many_blocked_ones() -> None:
    plain = [s.text for s in TINY.complete("the ", next_word=True, limit=60)]
    blocking = CustomVocabulary([], plain[:40])
    found = TINY.complete("the ", blocking, next_word=True, limit=5)
    assert [s.text for s in found] == [text for text in plain if not blocking.blocks(compared(text), ())][:5]


def test_a_blocked_word_is_no_correction_but_may_be_typed(english_search: Search) -> None:
    blocking = CustomVocabulary([], ["banana"])
    assert english_search.correct("a bannana")[0].text == "banana"
    assert "banana" not in [s.text for s in english_search.correct("a bannana", blocking)]
    assert english_search.correct("a banana", blocking)[0].kind == "typed"


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("I love teh", "Teh Tarik"),
        ("we sell recieve", "Recieve"),
        ("ask THis", "THis"),
        ("doinghere", "doinghere"),
        ("a tomorow's", "Tomorow"),
        ("a teh-based", "teh"),
        ("to gether", "gether"),
    ],
)
def test_corrections_leave_alone_what_a_vocabulary_holds(english_search: Search, text: str, entry: str) -> None:
    answer = english_search.correct(text, CustomVocabulary([Entry(entry)]))
    assert answer[0].kind == "typed" and answer[0].insert == text.split()[-1]


def test_a_held_word_is_not_joined_with_the_next_one(english_search: Search) -> None:
    assert english_search.correct("put it to gether")[0].text == "together"
    assert "together" not in [
        s.text for s in english_search.correct("put it to gether", CustomVocabulary([Entry("To")]))
    ]


def test_letters_that_a_vocabulary_holds_are_no_typo_while_they_are_typed(english_search: Search) -> None:
    text, vocabulary = "I love tomorow", CustomVocabulary([Entry("Tomorow")])
    assert "correction" in [s.kind for s in english_search.complete(text)]
    assert "correction" not in [s.kind for s in english_search.complete(text, vocabulary)]


def test_the_guard_holds_for_entries(english: LanguageModel) -> None:
    search = Search(replace(english, guard=Guard(SHIPPED_LIST)))
    vocabulary = CustomVocabulary([Entry("Dick's Sporting Goods", 100)])
    for letters in ("D", "Di"):
        assert not any("Dick" in s.text for s in search.complete(f"we went to {letters}", vocabulary, limit=50))
    assert search.complete("we went to Dick's ", vocabulary, next_word=True)[0].text == "Sporting Goods"


@pytest.mark.parametrize("form", ["{} {}", "{}-{}", "{} {}s", "{} the {}", "{} & {}"])
def test_no_entry_brings_a_guarded_word_that_was_not_typed(english: LanguageModel, form: str) -> None:
    """However long the words before it are: those alone are no reason to write it."""
    search, slur = Search(replace(english, guard=Guard(SHIPPED_LIST))), "fuck"
    for length in (2, 8, 16, 30):
        entry = form.format(("Zorkmiddleton" * 3)[:length], slur)
        for end in range(1, entry.index(slur)):
            for next_word in (False, True):
                found = search.complete(entry[:end], CustomVocabulary([Entry(entry, 100)]), next_word=next_word)
                assert not [one for one in found if slur in one.text], entry[:end]


TEXTS = st.text(st.sampled_from("aApplebéßİı'’ -.+&17日한д\u0308\u200d"), min_size=1, max_size=12)


@unhurried
@given(
    st.lists(TEXTS.filter(lambda text: text[0].isalpha()), max_size=6),
    st.lists(TEXTS, max_size=3),
    TEXTS,
    st.booleans(),
)
def test_any_entry_and_any_text_give_suggestions_in_order(
    entries: list[str], blocked: list[str], text: str, next_word: bool
) -> None:
    vocabulary = CustomVocabulary(map(Entry, entries), blocked)
    for typed in (text, f"{entries[0][:4]}" if entries else text, f"the {' '.join(entries)} {text}"):
        found = TINY.complete(typed, vocabulary, next_word=next_word)
        chances = [s.probability for s in found]
        assert chances == sorted(chances, reverse=True) and all(0 < chance <= 1 for chance in chances)
        assert sum(chances) <= 1 + 1e-5 and len({s.text for s in found}) == len(found)
        if TINY.reader.last_word(typed, len(typed)):
            TINY.correct(typed, vocabulary)
