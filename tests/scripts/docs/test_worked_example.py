"""The worked numbers: right by other means, and in the document as the script prints them."""

from pathlib import Path

import numpy as np
import pytest

import scripts
from scripts.docs import worked_example

DOCUMENT = (Path(scripts.__file__).parent.parent / "docs" / "how-it-works.md").read_text("utf-8")


@pytest.mark.parametrize("name", worked_example.TABLES)
def test_the_document_holds_what_the_script_prints(name: str) -> None:
    assert worked_example.TABLES[name]() in DOCUMENT


def test_training_learns_the_word_although_the_same_letter_is_followed_by_two() -> None:
    after = worked_example.learn_from(worked_example.trained_weights())
    expected = [worked_example.LETTERS.index(letter) for letter in "pple"]
    assert after.y.argmax(axis=1).tolist() == expected
    assert after.y[np.arange(4), expected].min() > 0.99


def test_probabilities_add_up_to_1_and_their_logarithm_is_the_loss() -> None:
    new = worked_example.learn_from(worked_example.new_weights())
    expected = [worked_example.LETTERS.index(letter) for letter in "pple"]
    np.testing.assert_allclose(new.y.sum(axis=1), 1)
    np.testing.assert_allclose(new.losses, -np.log(new.y[np.arange(4), expected]))


def test_a_lowered_target_is_learned_too_likely() -> None:
    p = worked_example.toy_distribution()
    assert abs(worked_example.learn_toy(lower_target=False) - p).max() < 0.005
    assert worked_example.learn_toy(lower_target=True)[0] > p[0] + 0.05
