"""The trie and the search in it, against a scan over all words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.lm.words.spelling import EMPTY_LEXICON, Lexicon
from model.lm.words.word_index import WordIndex
from model.search.typos import beam_search
from model.search.typos.beam_search import BeamSearch
from model.search.typos.candidates import CandidateSearch
from model.search.typos.error_model import ErrorCosts, ErrorModel
from model.text.tokens import fold
from model.text.trie import Trie
from model.text.vocabulary import SortedWords
from tests.model.tiny_model import tiny_vocabulary, unhurried

KEYS = sorted({fold(form) for form in tiny_vocabulary().forms[tiny_vocabulary().first_word :]})
LOG_P = np.log(np.linspace(0.001, 0.01, len(KEYS))).astype(np.float32)
TRIE = Trie(KEYS, LOG_P)
typings = st.text("aeplicdonts-é", max_size=9)


def node_of(trie: Trie, key: str) -> int | None:
    node = 0
    for code in trie.encode(key):
        _, children = trie.expand(np.array([node]))
        fits = children[trie.character[children] == code]
        if not len(fits):
            return None
        (node,) = fits.tolist()
    return node


def test_every_beginning_of_every_key_is_a_node_with_its_rows() -> None:
    beginnings = {key[:n] for key in KEYS for n in range(len(key) + 1)}
    assert len(TRIE.low) == len(beginnings)
    for beginning in beginnings:
        node = node_of(TRIE, beginning)
        assert node is not None
        rows = [i for i, key in enumerate(KEYS) if key.startswith(beginning)]
        assert list(range(TRIE.low[node], TRIE.high[node])) == rows
        exact = [i for i, key in enumerate(KEYS) if key == beginning]
        assert list(range(TRIE.low[node], TRIE.exact[node])) == exact
        assert TRIE.best[node] == LOG_P[rows].max()
    assert node_of(TRIE, "zzz") is None


def test_same_keys_share_a_node_and_long_ones_are_cut() -> None:
    keys = ["a", "a", "ab", "b" * 50]
    trie = Trie(keys, np.zeros(4, np.float32))
    node = node_of(trie, "a")
    assert node is not None and (trie.low[node], trie.exact[node], trie.high[node]) == (0, 2, 3)
    assert node_of(trie, "b" * 32) is not None and node_of(trie, "b" * 33) is None


def test_a_trie_of_nothing_has_a_root() -> None:
    trie = Trie([], np.zeros(0, np.float32))
    search = BeamSearch(trie, ErrorCosts(trie.alphabet))
    assert len(trie.low) == 1
    assert len(search.endings(search.after("abc").states).node) <= 1


@given(typed=typings)
@unhurried
def test_the_search_finds_what_a_scan_finds(typed: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # No beam: everything that two typos explain.
        patch.setattr(beam_search, "WIDTH", 100_000)
        patch.setattr(beam_search, "MOST_COST", 1000.0)
        search = BeamSearch(TRIE, ErrorCosts(TRIE.alphabet))
        states = search.endings(search.after(typed).states)
    errors = ErrorModel(TRIE.alphabet)
    found = {}
    for node, cost in zip(states.node.tolist(), states.cost.tolist(), strict=True):
        for row in range(TRIE.low[node], TRIE.exact[node]):
            found[KEYS[row]] = cost
    for key, cost in found.items():
        # The search knows one order of typos in a row, and a missed letter only before one that was typed.
        assert cost >= errors.cost(typed, key) - 1e-3
    assert (typed in KEYS) == (found.get(typed) == 0)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("aplpe", "apple"),
        ("apole", "apple"),
        ("aple", "apple"),
        ("appple", "apple"),
        ("appl", "apple"),
        ("wpple", "apple"),
        ("aplication", "application"),
        ("applicaiton", "application"),
        ("aplicatoin", "application"),
    ],
)
def test_one_typo_costs_what_the_error_model_says(typed: str, meant: str) -> None:
    search = BeamSearch(TRIE, ErrorCosts(TRIE.alphabet))
    states = search.endings(search.after(typed).states)
    node = node_of(TRIE, meant)
    cost = dict(zip(states.node.tolist(), states.cost.tolist(), strict=True))[node]
    assert cost == pytest.approx(ErrorModel(TRIE.alphabet).cost(typed, meant), rel=1e-4)


def test_a_beam_is_the_same_whether_it_grew_or_began_anew() -> None:
    grown, fresh = (BeamSearch(TRIE, ErrorCosts(TRIE.alphabet), most_entries=3) for _ in range(2))
    for end in range(1, 8):
        grown.after("aplicat"[:end])
    for a, b in zip(grown.after("aplicat").states, fresh.after("aplicat").states, strict=True):
        np.testing.assert_array_equal(a, b)


def test_what_is_longer_than_any_word_is_not_searched() -> None:
    search = BeamSearch(TRIE, ErrorCosts(TRIE.alphabet))
    assert not len(search.after("a" * 10_000).states.node)
    assert len(search._kept) == 0


def test_the_table_holds_vocabulary_and_lexicon() -> None:
    vocabulary = tiny_vocabulary()
    rare = Lexicon(SortedWords(["Applegate", "donation"]), np.log(np.array([0.25, 0.5], np.float32)))
    table = WordIndex(vocabulary, rare)
    candidates = CandidateSearch(table, "qwerty")
    rows = candidates.literal_rows("app")
    forms = [table.forms[word] for word in table.word[rows.start : rows.stop]]
    assert forms == sorted(forms, key=fold) and {"app", "Applegate", "apply"} <= set(forms)
    assert table.lexicon_share[rows.stop] - table.lexicon_share[rows.start] == pytest.approx(0.25)
    assert [table.forms[w] for w in candidates.exact_words("cafe")] == ["café"]
    assert rare.novel == pytest.approx(0.25)
    assert WordIndex(vocabulary, EMPTY_LEXICON).lexicon_share[-1] == 0


def test_completions_of_a_typo_leave_out_what_was_typed_right_and_are_none_below_three_letters() -> None:
    table = WordIndex(tiny_vocabulary(), EMPTY_LEXICON)
    candidates = CandidateSearch(table, "qwerty")
    for typed in ("ap", "aop", "appp"):
        literal = candidates.literal_rows(typed)
        found = candidates.completions(typed)
        forms = {table.forms[word] for word in found.words}
        assert (len(typed) < 3) == (not forms)
        assert not forms & {table.forms[w] for w in table.word[literal.start : literal.stop]}
        assert len(set(found.words.tolist())) == len(found.words)
