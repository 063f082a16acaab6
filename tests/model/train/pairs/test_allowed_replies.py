"""The list of replies that a model may give: frequent ones that are spelled right, and those of its occasions."""

import math
from pathlib import Path

import numpy as np
import pytest

from model.lm.pair_model import REPLIES, load_pair_model
from model.train.pairs.allowed_replies import main
from tests.model.tiny_replies import TEXTS, save_tiny_replies

GIVEN = ["Yes!"] * 6 + ["No, thanks."] * 2 + ["No,thanks."] * 3 + ["I dont."] * 4 + ["I."] * 9 + ["no problem"] * 5


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_tiny_replies(tmp_path / "model")
    lines = (f"Will you come?\t{reply}\n" for reply in GIVEN)
    (tmp_path / "pairs.tsv").write_text("".join(lines), "utf-8")
    return tmp_path


def listed(folder: Path) -> dict[str, float]:
    lines = (folder / "model" / REPLIES).read_text("utf-8").splitlines()
    return {text: float(p) for text, p in (line.split("\t") for line in lines)}


def test_replies_of_occasions_are_listed_with_those_of_messages(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder / "model"), str(folder / "pairs.tsv"), "--least", "4"]) == 0
    found = listed(folder)
    assert list(found)[: len(TEXTS)] == TEXTS
    # Misspelled ones and what says nothing are not, in the commonest writing that is spelled right.
    assert set(found) - set(TEXTS) == {"No, thanks."}
    assert "of messages" in capsys.readouterr().out


def test_what_was_hardly_given_is_judged_by_the_network(folder: Path) -> None:
    assert main([str(folder / "model"), str(folder / "pairs.tsv"), "--least", "4"]) == 0
    found = listed(folder)
    assert found["Yes!"] == pytest.approx(math.log(6 / len(GIVEN)), abs=1e-3)
    rare = [text for text in TEXTS if text not in ("Yes!", "No problem.")]
    expected = load_pair_model(folder / "model").log_probabilities("Will you come?", rare)
    least = math.log(1 / len(GIVEN))
    np.testing.assert_allclose([found[text] for text in rare], np.maximum(expected, least), atol=2e-3)
