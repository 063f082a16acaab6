"""The reader that remembers gives the answers of the one that does not."""

from hypothesis import given
from hypothesis import strategies as st

from model.search.query import Query, QueryReader
from tests.model.search.plain_reader import read_completion, read_next_word
from tests.model.tiny_model import random_model

MODEL = random_model(cell="rnn")
WORDS = [
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
TEXT = st.lists(st.one_of(st.sampled_from(WORDS), st.sampled_from(SPACES), st.text(max_size=4)), max_size=40).map(
    "".join
)


def plain(text: str, cursor: int, context_tokens: int) -> tuple[Query, Query]:
    return (
        read_completion(MODEL.vocabulary, text, cursor, context_tokens),
        read_next_word(MODEL.vocabulary, text, cursor, context_tokens),
    )


@given(TEXT, st.sampled_from([1, 2, 5, 64]), st.data())
def test_any_place_in_any_order(text: str, context_tokens: int, data: st.DataObject) -> None:
    reader = QueryReader(MODEL.vocabulary, context_tokens)
    for _ in range(6):
        cursor = data.draw(st.integers(0, len(text)))
        assert (reader.completion(text, cursor), reader.next_word(text, cursor)) == plain(text, cursor, context_tokens)


@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), min_size=1, max_size=60))
def test_a_text_that_is_typed_letter_by_letter(parts: list[tuple[str, str]]) -> None:
    text = "".join(word + space for word, space in parts)
    reader = QueryReader(MODEL.vocabulary, 8)
    for cursor in range(len(text) + 1):
        typed = text[:cursor]
        assert (reader.completion(typed, cursor), reader.next_word(typed, cursor)) == plain(typed, cursor, 8)


def test_a_window_that_moves_on() -> None:
    text = 'He said: "the dog is in the house. Is it? ' * 30
    reader = QueryReader(MODEL.vocabulary, 16)
    for cursor in range(len(text) + 1):
        assert reader.completion(text, cursor) == plain(text, cursor, 16)[0]
