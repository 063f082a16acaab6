"""The figures by hand, on words whose ranks are made up, and what their intervals promise."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.evaluate import metrics as module
from model.evaluate.metrics import BINS, Measure, perplexity_measure, reliability, typing_measures
from model.evaluate.simulated_typing import Ask, TypedWord
from model.nn.perplexity import perplexity

# line, ranks after 0, 1, 2 … letters, length
WORDS: list[tuple[int, list[int | None], int]] = [
    (0, [1, 1], 2),
    (0, [3, 2, 1, 1], 5),
    (1, [None, 4, 3, 1], 9),
    (2, [None, None, None, None, 4, 3], 7),
    (2, [None], 1),
    (2, [5, 4, 4, None, None], 5),
]


def word(line: int, ranks: list[int | None], length: int, chances: list[float] | None = None) -> TypedWord:
    chances = chances or [0.1] * len(ranks)
    asks = [Ask(n, rank, p, 0.0) for n, (rank, p) in enumerate(zip(ranks, chances, strict=True))]
    return TypedWord(line, length, asks)


def made_up() -> list[TypedWord]:
    return [word(line, list(ranks), length) for line, ranks, length in WORDS]


def test_every_figure_by_hand() -> None:
    measures = typing_measures(made_up())
    expected = {
        "next_word_top1": (1 / 6, 6),
        "next_word_top3": (2 / 6, 6),
        # Words longer than n letters; those with a rank up to 3 after n letters.
        "completion_top3@1": (2 / 5, 5),
        "completion_top3@2": (2 / 4, 4),
        "completion_top3@3": (2 / 4, 4),
        # Characters with a space after each word: 3 + 6 + 10 + 8 + 2 + 6.
        # Keystrokes with a strip of three: 1 + 1 + 3 + 6 + 2 + 6, with a strip of five: 1 + 1 + 2 + 5 + 2 + 1.
        "keystroke_savings@3": (1 - 19 / 35, 35),
        "keystroke_savings@5": (1 - 12 / 35, 35),
    }
    assert list(measures) == list(expected)
    for name, (value, n) in expected.items():
        assert measures[name].value == pytest.approx(value), name
        assert measures[name].n == n


def test_a_word_as_long_as_the_letters_typed_is_not_completed() -> None:
    measures = typing_measures([word(0, [None, 1, 1], 3), word(1, [None, 1], 2), word(2, [None], 1)])
    assert [measures[f"completion_top3@{n}"].n for n in (1, 2, 3)] == [2, 1, 0]
    assert [measures[f"completion_top3@{n}"].value for n in (1, 2, 3)] == [1, 1, 0]
    assert measures["completion_top3@3"] == Measure(0.0, 0, None)


def test_no_words() -> None:
    assert set(typing_measures([]).values()) == {Measure(0.0, 0, None)}


def test_words_of_one_line_go_together() -> None:
    # One line: whatever is drawn, it is that line.
    one = typing_measures([word(7, [1], 1), word(7, [None], 1)])["next_word_top1"]
    assert one.interval == (0.5, 0.5)
    # Ten lines of ten equal words each tell less than a hundred lines of one word.
    together = [word(i, [1 if i % 2 else None], 1) for i in range(10) for _ in range(10)]
    apart = [word(i, [1 if i % 2 else None], 1) for i in range(100)]
    widths = []
    for words in (together, apart):
        interval = typing_measures(words)["next_word_top1"].interval
        assert interval is not None
        widths.append(interval[1] - interval[0])
    assert widths[0] > 2 * widths[1]


def test_the_interval_is_that_of_the_normal_distribution_where_that_holds() -> None:
    interval = typing_measures([word(i, [1 if i % 4 == 0 else None], 1) for i in range(400)])["next_word_top1"].interval
    deviation = np.sqrt(0.25 * 0.75 / 400)
    assert interval == pytest.approx((0.25 - 1.96 * deviation, 0.25 + 1.96 * deviation), abs=0.006)


@settings(max_examples=40)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 5), st.lists(st.none() | st.integers(1, 5), min_size=1, max_size=5), st.integers(0, 4)
        ),
        min_size=1,
        max_size=12,
    )
)
def test_shares_lie_in_their_intervals_and_come_out_the_same_again(
    made: list[tuple[int, list[int | None], int]],
) -> None:
    words = [word(line, ranks, len(ranks) + more) for line, ranks, more in made]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "RESAMPLES", 100)
        measures, again = typing_measures(words), typing_measures(words)
    for name, measure in measures.items():
        assert 0 <= measure.value < 1 or (measure.value == 1 and not name.startswith("keystroke"))
        assert (measure.interval is None) == (measure.n == 0)
        if measure.interval:
            low, high = measure.interval
            assert 0 <= low <= high <= 1
            assert low - 1e-9 <= measure.value <= high + 1e-9
    assert again == measures


@settings(max_examples=30)
@given(st.lists(st.floats(0, 20), min_size=1, max_size=400))
def test_perplexity_is_the_exponential_of_the_mean_loss(losses: list[float]) -> None:
    array = np.array(losses)
    measure = perplexity_measure(array)
    assert measure.value == pytest.approx(np.exp(np.mean(losses))) == pytest.approx(perplexity(array))
    assert measure.n == len(losses)
    assert measure.interval is not None and measure.interval[0] <= measure.interval[1]
    assert perplexity_measure(array) == measure


def test_the_interval_of_perplexity() -> None:
    losses = np.random.default_rng(2).exponential(4, 5000)
    measure = perplexity_measure(losses)
    assert measure.interval is not None
    spread = 1.96 * 4 / np.sqrt(5000)
    middle = np.log(measure.value)
    assert np.log(measure.interval) == pytest.approx((middle - spread, middle + spread), abs=0.03)
    # Fewer than two blocks tell nothing about the spread.
    few = perplexity_measure(losses[:60])
    assert few.interval == pytest.approx((few.value, few.value))


def test_calibration_by_hand() -> None:
    words = [
        word(0, [1, None], 4, [0.5, 0.95]),
        word(0, [2, 1, 1, 1, 1], 6, [0.5, 0.96, 1.0, 0.2, 0.7]),
        word(0, [1], 1, [0.02]),
        # Nothing was suggested after the first letter: that says nothing about probabilities.
        word(0, [None, None], 3, [0.9, 0.0]),
    ]
    before = reliability(words, completion=False)
    # Bins of a fifteenth: 0.5 twice in the eighth, once right; 0.02 in the first, right; 0.9 in the 14th, wrong.
    assert before.n.tolist() == [1, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 1, 0]
    assert before.confidence[[0, 7, 13]] == pytest.approx([0.02, 0.5, 0.9])
    assert before.accuracy[[0, 7, 13]] == pytest.approx([1, 0.5, 0])
    assert before.error == pytest.approx((0.98 + 0 + 0.9) / 4)
    # After one to three letters, not more: 0.95, 0.96 and 1.0 in the last bin, two of them right; 0.2 is right.
    after = reliability(words, completion=True)
    assert after.n.sum() == 4 and after.n[14] == 3 and after.n[3] == 1
    assert after.error == pytest.approx((3 * abs(2 / 3 - (0.95 + 0.96 + 1) / 3) + 0.8) / 4)


def test_calibration_of_nothing() -> None:
    for completion in (False, True):
        empty = reliability([], completion)
        assert empty.error == 0 and empty.n.tolist() == [0] * BINS


def test_probabilities_that_come_true_as_often_as_they_say_are_calibrated() -> None:
    words = [word(i, [1 if i % 10 < k else 2], 1, [k / 10]) for k in range(1, 11) for i in range(10)]
    assert reliability(words, completion=False).error == pytest.approx(0)
    surer = [word(i, [1 if i % 10 < k else 2], 1, [min(1, k / 10 + 0.1)]) for k in range(1, 10) for i in range(10)]
    assert reliability(surer, completion=False).error == pytest.approx(0.1)
