"""Counting words and choosing the vocabulary: true case, whom a word must belong to, bounded memory."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.errors import UserError
from model.text.tokens import LINE_END, SPECIAL_TOKENS, TEXT_START, UNKNOWN
from model.text.vocabulary import Vocabulary
from model.train.words import counts as counting
from model.train.words.counts import Counts, batched_documents, count_documents
from model.train.words.vocabulary import (
    LEAST_DOCUMENTS,
    VocabularyOptions,
    choose_vocabulary,
    true_cased,
    trusted_words,
)


def counted(*lines: str, times: int = 1) -> Counts:
    """Each line a document of its own, in one source."""
    total = Counts()
    total.merge(count_documents([[line] for line in lines] * times), 0)
    return total


def words_of(vocabulary: Vocabulary) -> set[str]:
    return set(vocabulary.forms[vocabulary.first_word :])


def test_the_capital_at_the_start_of_a_sentence_says_nothing() -> None:
    words = true_cased(counted("The dog saw the cat. The cat ran. Dogs bark."))
    assert words["the"] == 3 and words["cat"] == 2
    assert "The" not in words
    # Never seen elsewhere: the only spelling there is.
    assert words["Dogs"] == 1


def test_names_keep_their_capital() -> None:
    words = true_cased(counted("We met on Monday in London and I liked it.", "Monday came. London slept. I left."))
    assert words["Monday"] == words["London"] == words["I"] == 2
    assert not {"monday", "london", "i"} & set(words)


def test_small_letters_win_where_case_was_never_shown() -> None:
    assert true_cased(counted("monday is fine", "Monday it is.")) == {"monday": 2, "is": 2, "fine": 1, "it": 1}


def test_may_is_a_word_and_a_month() -> None:
    words = true_cased(counted("We may go in May.", "They may stay.", "You may ask.", "May is warm.", "Hi may."))
    # The sentence-initial one is shared out: four of small letters to one of the month.
    assert words["may"] + words["May"] == 6
    assert words["may"] > words["May"] >= 1


def test_a_rare_other_spelling_is_a_typo() -> None:
    lines = ["So it is good."] * 40 + ["So it is Good."]
    assert true_cased(counted(*lines))["good"] == 41
    assert "Good" not in true_cased(counted(*lines))
    assert {"good", "Good"} <= set(true_cased(counted(*lines, *["So it is Good."] * 3)))


@pytest.mark.parametrize(
    "line",
    [
        "THIS IS ABOUT SMITH AND JONES",
        "All The King's Men And Other Stories Of Smith",
        "all of it written small by smith",
    ],
    ids=["capitals", "title", "small"],
)
def test_lines_without_trustworthy_case_are_counted_apart(line: str) -> None:
    counts = counted(line)
    assert not counts.trusted
    assert sum(counts.untrusted.values()) == len(line.split())


def test_apostrophes_and_quotes() -> None:
    counts = counted('He said "Don’t go" and she didn\'t.', "It's John's dog.")
    assert counts.trusted["didn't"] == counts.trusted["John's"] == 1
    # A quotation begins like a sentence.
    assert counts.untrusted["Don't"] == 1 and counts.trusted["go"] == 1


def test_scripts_without_case() -> None:
    assert true_cased(counted("今日 は", "это и мир.", "Это мир.")) == {"今日": 1, "は": 1, "это": 2, "и": 1, "мир": 2}


@given(st.lists(st.text(alphabet="aAbB .!?\"'\n", max_size=40), max_size=12))
@settings(deadline=None, max_examples=60)
def test_no_word_is_lost_or_counted_twice(lines: list[str]) -> None:
    counts = counted(*lines)
    total = sum(counts.trusted.values()) + sum(counts.untrusted.values())
    words = true_cased(counts)
    groups = {word.casefold() for word in words}
    assert groups == {form.casefold() for form in counts.trusted | counts.untrusted} == set(counts.documents)
    # Shares are rounded, each by half at most.
    assert abs(sum(words.values()) - total) <= len(words) / 2
    assert all(n > 0 for n in words.values())


def test_documents_lines_and_marks() -> None:
    counts = count_documents([["One, two.", "Two!"], ["Two?"]])
    assert counts.marks[TEXT_START] == 2 and counts.marks[LINE_END] == 3
    assert counts.marks[","] == counts.marks["."] == counts.marks["!"] == 1
    assert counts.documents == {"one": 1, "two": 2}


def test_a_word_must_stand_in_enough_documents() -> None:
    common, rare = "common " * 3, "rare " * 100
    counts = Counts()
    documents = [[common]] * LEAST_DOCUMENTS + [[rare]] * (LEAST_DOCUMENTS - 1)
    counts.merge(count_documents(documents), 0)
    assert trusted_words(counts, 1) == {"common": 3 * LEAST_DOCUMENTS}


def test_a_word_of_one_source_only_is_left_out() -> None:
    counts = Counts()
    counts.merge(count_documents([["both secret"]] * 50), 0)
    counts.merge(count_documents([["both other"]] * 50), 1)
    assert trusted_words(counts, 2) == {"both": 100}
    assert set(trusted_words(counts, 1)) == {"both", "secret", "other"}


def test_names_need_sources_that_are_not_private() -> None:
    counts = Counts()
    mail = ["We met Huma and London shone.", "She saw 今日 too."]
    counts.merge(count_documents([mail] * 9), 0, private=True)
    counts.merge(count_documents([["We met Huma in London, 今日."]] * 9), 1)
    assert {"met", "今日"} <= set(trusted_words(counts, 2))
    # Where one source alone is public, it is enough; where there are more, two of them are needed.
    assert {"Huma", "London"} <= set(trusted_words(counts, 2))
    counts.merge(count_documents([["We like London."]] * 9), 2)
    assert "London" in trusted_words(counts, 3) and "Huma" not in trusted_words(counts, 3)
    # Where all are private, they are all there is.
    alone = Counts()
    alone.merge(count_documents([mail] * 9), 0, private=True)
    assert "Huma" in trusted_words(alone, 1)


def test_words_count_as_often_as_an_epoch_reads_them() -> None:
    counts = Counts()
    counts.merge(count_documents([["So we like May and he may go."]] * 10), 0, weight=3)
    counts.merge(count_documents([["So we may wait, may we?"]] * 10), 1, weight=0.5)
    words = true_cased(counts)
    assert (words["we"], words["like"], words["wait"]) == (30 + 10, 30, 5)
    # Of the 70 times that an epoch reads it, a quarter is the month: that is told by the sources as they are.
    assert (words["may"], words["May"]) == (52, 18)
    vocabulary = choose_vocabulary(counts, 2, VocabularyOptions())
    assert dict(zip(vocabulary.forms, vocabulary.counts, strict=True))["may"] == 52


def test_merging_is_counting_all_at_once() -> None:
    documents = [["The cat sat."], ["A cat saw the dog,", "so what?"], ["I may go."]] * 4
    whole, parts = counted(), Counts()
    whole.merge(count_documents(documents), 0)
    for begin in range(0, 12, 5):
        parts.merge(count_documents(documents[begin : begin + 5]), 0)
    assert parts == whole


def test_memory_is_bounded_and_frequent_words_survive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_ENTRIES", 500)
    rng = random.Random(1)
    counts = Counts()
    most = 0
    for _ in range(60):
        # Words that never come again, beside some that always do.
        documents = [[f"steady word x{rng.getrandbits(60):x} Y{rng.getrandbits(60):x}"] for _ in range(40)]
        counts.merge(count_documents(documents), 0)
        sizes = [len(c) for c in (counts.documents, counts.trusted, counts.untrusted, counts.sources)]
        most = max(most, *sizes)
        assert set(counts.trusted | counts.untrusted) and set(counts.sources) == set(counts.documents)
    assert most <= 500
    assert counts.documents["steady"] == counts.documents["word"] == 2400
    assert counts.untrusted["steady"] == 2400


def toy_counts() -> Counts:
    lines = [f"So the dog and w{chr(97 + i)} saw me, then." for i in range(20) for _ in range(i + 5)]
    return counted(*lines)


def test_without_a_size_all_trusted_words_are_chosen() -> None:
    vocabulary = choose_vocabulary(toy_counts(), 1, VocabularyOptions())
    assert words_of(vocabulary) == {"So", "the", "dog", "and", "saw", "me", "then"} | {
        f"w{chr(97 + i)}" for i in range(20)
    }
    assert set(vocabulary.forms[len(SPECIAL_TOKENS) : vocabulary.first_word]) == {",", "."}


def test_a_size_takes_the_most_frequent_words() -> None:
    vocabulary = choose_vocabulary(toy_counts(), 1, VocabularyOptions(size=16))
    assert len(vocabulary) == 16
    assert words_of(vocabulary) == {"So", "the", "dog", "and", "saw", "me", "then", "wt", "ws", "wr"}
    assert list(choose_vocabulary(toy_counts(), 1, VocabularyOptions(largest=16)).forms) == list(vocabulary.forms)


def test_the_counts_add_up_to_the_text() -> None:
    counts = toy_counts()
    vocabulary = choose_vocabulary(counts, 1, VocabularyOptions(size=16))
    entries = dict(zip(vocabulary.forms, vocabulary.counts, strict=True))
    words = sum(counts.trusted.values()) + sum(counts.untrusted.values())
    assert sum(n for form, n in entries.items() if form[0].isalpha()) + entries[UNKNOWN] == words
    assert entries[LINE_END] == entries[TEXT_START] == entries["then"]


def test_too_large_a_vocabulary_names_what_is_possible() -> None:
    possible = len(choose_vocabulary(toy_counts(), 1, VocabularyOptions()))
    assert len(choose_vocabulary(toy_counts(), 1, VocabularyOptions(size=possible))) == possible
    with pytest.raises(UserError, match=f"too little text for a vocabulary of {possible + 1}.* {possible} or fewer"):
        choose_vocabulary(toy_counts(), 1, VocabularyOptions(size=possible + 1))


def test_too_small_a_vocabulary_is_told_as_such() -> None:
    with pytest.raises(UserError) as caught:
        choose_vocabulary(toy_counts(), 1, VocabularyOptions(size=5))
    assert "too little text" not in str(caught.value)
    assert "5" in str(caught.value)


def test_too_little_text() -> None:
    with pytest.raises(UserError, match="too little text"):
        choose_vocabulary(counted("Only once."), 1, VocabularyOptions())


def test_what_a_base_holds_stays_in() -> None:
    base = choose_vocabulary(toy_counts(), 1, VocabularyOptions())
    new = counted("The printer needs toner, please.", "So the dog may print.", times=30)
    grown = choose_vocabulary(new, 1, VocabularyOptions(base=base))
    assert set(base.forms) < set(grown.forms)
    assert {"printer", "toner", "please", "print"} <= words_of(grown)
    before, after = (dict(zip(v.forms, v.counts, strict=True)) for v in (base, grown))
    assert after["dog"] == before["dog"] + 30
    assert after[","] == before[","] + 30
    assert after["wb"] == before["wb"]
    # Room for no new word at all.
    assert set(choose_vocabulary(new, 1, VocabularyOptions(largest=len(base), base=base)).forms) == set(base.forms)


def test_what_is_withheld_stays_withheld_in_a_model_that_grows() -> None:
    base = choose_vocabulary(toy_counts(), 1, VocabularyOptions(withheld={"dog"}))
    grown = choose_vocabulary(
        counted("The dog ate toner.", times=30), 1, VocabularyOptions(base=base, withheld={"ate"})
    )
    withheld = {form for form, offered in zip(grown.forms, grown.offered, strict=True) if not offered}
    assert {form for form in withheld if len(form) > 1 and form.isalpha()} == {"dog", "ate"}


def test_batches_hold_every_document_in_order() -> None:
    documents = [["x" * n] for n in range(1, 60)]
    batches = list(batched_documents(iter(documents), characters=100))
    assert [document for batch in batches for document in batch] == documents
    assert all(sum(len(line) for lines in batch for line in lines) < 100 + 60 for batch in batches)
    assert len(batches) > 10
    assert list(batched_documents(iter([]))) == []
