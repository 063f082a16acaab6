"""Text that is written on: how it is drawn and written, and a sample of what the shipped model writes."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.suggestions.writing import faults, perplexity, written
from model.lm.language_model import LanguageModel
from model.lm.storage import load_model
from model.lm.words.offensive import SHIPPED_LIST, Guard
from model.search.place.query import quote_is_open
from model.search.writing.writer import Manner, Writer
from tests.model.tiny_model import logits_of, model_of, random_model, read

BEGINNINGS = (
    "Thank you for your", "I am", "We should", "The meeting", 'She said, "I', "Could you", "In the morning",
    "Dear Ann,\n", "", "My friend and I went to", "It was", "Please send me", "What do you", "He told me that",
    "The weather is nice.", "See you at 5", "I don't think", "The price is", "On Monday", "haha that was",
)  # fmt: skip


def write(
    text: str,
    model: LanguageModel,
    seed: int = 1,
    temperature: float = 1.0,
    top_p: float = 1.0,
    stop: str = "sentence",
    max_words: int = 20,
) -> Writer:
    """Write on from a text; ``text`` of the writer is what it has written."""
    writer = Writer(
        model,
        read(model, "next-word", text),
        quote_is_open(text, len(text)),
        Manner(max_words, temperature, top_p, seed, stop),
    )
    pieces = []
    while writer.reason is None:
        pieces.append(writer.draw(logits_of(model, writer.context)))
    WRITTEN[id(writer)] = "".join(pieces)
    return writer


WRITTEN: dict[int, str] = {}


def text_of(writer: Writer) -> str:
    return WRITTEN[id(writer)]


def test_the_same_seed_writes_the_same_text_and_others_others() -> None:
    model = random_model()
    texts = [text_of(write("the dog", model, seed=seed)) for seed in (1, 1, 2, 3, 4)]
    assert texts[0] == texts[1]
    assert len(set(texts)) > 2


def test_words_are_drawn_as_often_as_they_are_likely() -> None:
    model = model_of({"the": 0.5, "dog": 0.3, "cat": 0.2})
    firsts = Counter(text_of(write("big", model, seed, max_words=1)) for seed in range(1000))
    for word, chance in ((" the", 0.5), (" dog", 0.3), (" cat", 0.2)):
        assert firsts[word] / 1000 == pytest.approx(chance, abs=0.05)


def test_temperature_and_nucleus_leave_out_the_unlikely() -> None:
    model = model_of({"the": 0.5, "dog": 0.3, "cat": 0.2})
    assert {text_of(write("big", model, seed, temperature=0, max_words=1)) for seed in range(20)} == {" the"}
    narrow = {text_of(write("big", model, seed, top_p=0.7, max_words=1)) for seed in range(100)}
    assert narrow == {" the", " dog"}
    cool = Counter(text_of(write("big", model, seed, temperature=0.5, max_words=1)) for seed in range(1000))
    # Squared chances: .25, .09, .04.
    assert cool[" the"] / 1000 == pytest.approx(0.25 / 0.38, abs=0.05)


@pytest.mark.parametrize(
    ("text", "begins"), [("big ", "The"), ("", "The"), ("ok. ", "The"), ("ok.", " The"), ("big", " the")]
)
def test_the_first_word_has_its_space_and_capital(text: str, begins: str) -> None:
    text_written = text_of(write(text, model_of({"the": 0.999}), max_words=1))
    assert text_written == (begins if text != "big " else "the")


def test_a_quotation_that_is_open_is_closed() -> None:
    model = model_of({"the": 0.6, "dog": 0.39})
    assert text_of(write('He said "big', model, temperature=0, max_words=2)) == ' the dog"'
    assert text_of(write('He said "big" and', model, temperature=0, max_words=2)) == " the dog"


def test_no_four_words_are_said_twice() -> None:
    model = model_of({"the": 0.4, "dog": 0.3, "and": 0.2})
    words = text_of(write("big", model, stop="length", temperature=0.3, max_words=60)).split()
    runs = [tuple(words[i : i + 4]) for i in range(len(words) - 3)]
    assert len(runs) == len(set(runs))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("big", " the dog the and"),  # not: the the the, nor: the dog the dog
        ("big the", " dog the and the"),  # what was typed is not said again
        ("the dog the", " and the dog the"),
        ("the dog and the dog", " the and the dog"),
        ("the,", " the dog the and"),  # with a mark between them it is meant
        ("the, the,", " dog the dog and"),
    ],
)
def test_nothing_is_said_twice_running(text: str, written: str) -> None:
    model = model_of({"the": 0.5, "dog": 0.3, "and": 0.2})
    assert text_of(write(text, model, stop="length", temperature=0, max_words=4)) == written


@pytest.mark.parametrize("temperature", [5e-324, 1e-300, 1e-9])
def test_a_temperature_near_0_is_as_0(temperature: float) -> None:
    model = model_of({"the": 0.4, "dog": 0.3, "and": 0.2})
    cold, colder = (text_of(write("big", model, stop="length", temperature=t, max_words=3)) for t in (temperature, 0))
    assert cold == colder


def test_other_letter_case_is_no_other_word() -> None:
    model = model_of({"may": 0.5, "May": 0.3, "dog": 0.1})
    assert text_of(write("big may", model, stop="length", temperature=0, max_words=1)) == " dog"


@given(st.integers(0, 10**6), st.sampled_from(["", "big", "big the", "the dog the", "I am. I"]))
def test_no_words_are_said_twice_running(seed: int, text: str) -> None:
    model = model_of({"the": 0.4, "dog": 0.3, "and": 0.2})
    writer = write(text, model, seed, stop="length", max_words=12)
    for size in (1, 2, 3):
        for end in range(len(writer.context) - writer.words + 1, len(writer.context) + 1):
            words = writer.context[max(0, end - 2 * size) : end]
            if min(words) >= model.vocabulary.first_word:
                assert len(words) < 2 * size or words[:size] != words[size:]


def test_it_ends_where_no_word_fits() -> None:
    writer = write("the", model_of({"the": 1.0}), stop="length", max_words=20, temperature=0)
    assert writer.reason in ("nothing", "length")


def test_guarded_words_and_cruel_sequences_are_never_written(tmp_path: Path) -> None:
    path = tmp_path / "guarded.txt"
    path.write_text("cat\nbig: dog\n")
    model = replace(model_of({"the": 0.1, "big": 0.2, "dog": 0.3, "cat": 0.4}), guard=Guard(path))
    for seed in range(30):
        text = text_of(write("and", model, seed, stop="length"))
        assert "cat" not in text.casefold() and "big dog" not in text.casefold()


def test_a_network_that_says_nothing_is_endured() -> None:
    model = model_of({"the": 0.5})
    writer = Writer(model, read(model, "next-word", "big"), False, Manner(5, 1.0, 1.0, 1, "sentence"))
    writer.draw(np.zeros(len(model.vocabulary), np.float32))
    assert writer.words <= 1


def test_a_hundred_sentences_of_the_shipped_model(shipped_folder: Path) -> None:
    """The sample of ``python -m benchmarks.suggestions.writing``, which writes a thousand."""
    model = load_model(shipped_folder, SHIPPED_LIST).for_inference()
    made = list(written(model, [BEGINNINGS[i % len(BEGINNINGS)] for i in range(100)]))
    assert {(one.beginning + one.text, tuple(found)) for one in made if (found := faults(model, one))} == set()
    assert sum(one.reason == "sentence" for one in made) > 80
    assert len({one.text for one in made}) > 80
    assert perplexity(model, (one.beginning + one.text for one in made)) < 150
