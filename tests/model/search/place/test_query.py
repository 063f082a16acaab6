"""Reading a place in a text: the tokens before it, the window of a long text, and a reader that remembers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.search.place.query import Query, QueryReader
from model.text.tokens import TEXT_START
from tests.model.search.place.plain_reader import read_completion, read_next_word
from tests.model.tiny_model import WORDS, answer, random_model, read, unhurried

MODEL = random_model()
RNN = random_model(cell="rnn")


def test_next_word_reads_the_word_before_the_cursor_and_complete_does_not() -> None:
    vocabulary = MODEL.vocabulary
    start, the, dog = (vocabulary.id_of(form) for form in (TEXT_START, "the", "dog"))
    assert read(MODEL, "complete", "the dog").context == (start, the)
    assert read(MODEL, "next-word", "the dog").context == (start, the, dog)
    assert read(MODEL, "next-word", "the dog ").context == (start, the, dog)
    assert read(MODEL, "complete", "the dog ") == read(MODEL, "next-word", "the dog ")
    assert read(MODEL, "next-word", "dont").context == (start, vocabulary.id_of("don't"))
    assert read(MODEL, "next-word", "cafe\u0301").context == (start, vocabulary.id_of("café"))


@pytest.mark.parametrize(
    "white", [" ", "  ", "\t", "\n", "\r\n", "\u00a0", "\u2003", "\u3000", "\u2028", " \u200b"], ids=ascii
)
@pytest.mark.parametrize("text", ["the dog", "I'm", "“Hi”", "日本", "5", "👍", "cafe\u0301", "don't.", ""])
def test_complete_after_white_space_answers_as_next_word(text: str, white: str) -> None:
    assert answer(MODEL, text + white, "complete") == answer(MODEL, text + white, "next-word")
    assert answer(MODEL, text + white, "complete")[0].kind == "next-word"


def test_only_what_stands_before_the_cursor_is_read() -> None:
    whole = answer(MODEL, "the dog eats app", "complete")
    assert answer(MODEL, "the dog eats apply Monday", "complete", cursor=16) == whole
    # But for what lets a phrase go on: the rest of the line is empty.
    before = read(MODEL, "complete", "an apple pie", 5)
    assert not before.ends_line
    assert before._replace(ends_line=True) == read(MODEL, "complete", "an apple", 5)


@unhurried
@given(st.text() | st.lists(st.sampled_from([*WORDS, " ", "\n", "'", "-", "👍", "5"])).map("".join), st.data())
def test_any_text_at_any_cursor_gets_an_answer(text: str, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, len(text)))
    for endpoint in ("complete", "next-word"):
        most = data.draw(st.integers(1, 40))
        query = read(MODEL, endpoint, text, cursor, most)
        assert 0 <= query.start <= query.end <= len(text) and cursor <= query.end
        assert 1 <= len(query.context) <= most + 1
        assert all(0 <= id_ < len(MODEL.vocabulary) for id_ in query.context)
        answer(MODEL, text, endpoint, cursor)


def test_the_context_of_a_long_text_grows_at_its_end_and_seldom_starts_anew() -> None:
    most = 16
    rng = np.random.default_rng(3)
    words = rng.choice(["the", "my", "dog", "a", "I", "us", "may", "is", "it"], 5000)
    text = " ".join(words.tolist())
    context: tuple[int, ...] = ()
    anew = 0
    for cursor in range(len(text) + 1):
        now = read(MODEL, "complete", text, cursor, most).context
        assert len(now) <= most + 1
        if now[: len(context)] == context:
            assert len(now) <= len(context) + 1
        else:
            anew += 1
        context = now
    # Half of the context is dropped at a time, and the text is read from a place that moves 8 × 16 code points.
    assert anew <= 5000 / (most / 2) + 2 * len(text) / (8 * most)


@pytest.mark.parametrize("most", [1, 2, 3, 64])
def test_the_context_is_never_longer_than_its_limit_and_a_start(most: int) -> None:
    text = "the dog eats. My cat, too!\n" * 40
    lengths = {len(read(MODEL, "next-word", text, cursor, most).context) for cursor in range(0, len(text), 3)}
    assert max(lengths) == most + 1 and min(lengths) == 1


PIECES = [
    "the",
    "The",
    "London",
    "Qwx",
    "dog",
    "don't",
    "I",
    '"',
    "(",
    ")",
    ".",
    "...",
    "?",
    ",",
    "12",
    "1.",
    "\u2019",
    "J.",
]
SPACES = [" ", "\n", "  ", " \n", "\t", "\u00a0", "\u200b", ""]
TEXTS = st.lists(st.one_of(st.sampled_from(PIECES), st.sampled_from(SPACES), st.text(max_size=4)), max_size=40).map(
    "".join
)


def plain(text: str, cursor: int, context_tokens: int) -> tuple[Query, Query]:
    return (
        read_completion(RNN.vocabulary, text, cursor, context_tokens),
        read_next_word(RNN.vocabulary, text, cursor, context_tokens),
    )


@given(TEXTS, st.sampled_from([1, 2, 5, 64]), st.data())
def test_any_place_in_any_order(text: str, context_tokens: int, data: st.DataObject) -> None:
    reader = QueryReader(RNN.vocabulary, context_tokens)
    for _ in range(6):
        cursor = data.draw(st.integers(0, len(text)))
        assert (reader.completion(text, cursor), reader.next_word(text, cursor)) == plain(text, cursor, context_tokens)


@given(st.lists(st.tuples(st.sampled_from(PIECES), st.sampled_from(SPACES)), min_size=1, max_size=60))
def test_a_text_that_is_typed_letter_by_letter(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + space for word, space in parts)
    reader = QueryReader(RNN.vocabulary, 8)
    for cursor in range(len(text) + 1):
        typed = text[:cursor]
        assert (reader.completion(typed, cursor), reader.next_word(typed, cursor)) == plain(typed, cursor, 8)


def test_a_window_that_moves_on() -> None:
    text = 'He said: "the dog is in the house. Is it? ' * 30
    reader = QueryReader(RNN.vocabulary, 16)
    for cursor in range(len(text) + 1):
        assert reader.completion(text, cursor) == plain(text, cursor, 16)[0]
