"""Recall of the true reply among others: the network, the baselines, and ties."""

from pathlib import Path

import numpy as np
import pytest

from model.evaluate.replies import Baselines, main, recall
from model.lm.pair_model import PairModel
from model.nn.cells import Workspace
from model.nn.encoder_decoder import EncoderDecoder, EncoderDecoderConfig, initial_pair_weights
from model.nn.pair_backprop import NO_TARGET, pair_loss
from model.text.pairs import TextPair, normal
from model.train.pairs.__main__ import main as train
from model.train.pairs.dataset import choose_pair_vocabulary

NAMES = [f"{a}{b}" for a in ("ka", "li", "mo", "nu", "pe") for b in ("ra", "so", "ti", "ve", "zu")]
# Every question has a reply of its own, which shares no word with it.
PAIRS: list[TextPair] = [(f"Where is {a} {b}?", f"{a}x {b}y.") for a in NAMES for b in NAMES]


def a_model(attention: bool = True) -> PairModel:
    vocabulary = choose_pair_vocabulary(PAIRS, "words", 200, None)
    config = EncoderDecoderConfig("gru", len(vocabulary), 8, 10, attention)
    weights = initial_pair_weights(config, vocabulary.log_unigrams(), 1, np.float64)
    return PairModel(vocabulary, EncoderDecoder(config, weights), "words", {})


@pytest.mark.parametrize("attention", [True, False])
def test_log_probabilities_are_those_of_the_loss(attention: bool) -> None:
    model = a_model(attention)
    message, answers = "Where is kara liso?", ["karax lisoy.", "", "karax"]
    found = model.log_probabilities(message, answers)
    end, start = (model.vocabulary.id_of(form) for form in ("<eol>", "<start>"))
    for answer, log_p in zip(answers, found, strict=True):
        ids = [*model.encode(answer)]
        assert ids[-1] == end
        inputs, targets = np.array([start, *ids[:-1]])[:, None], np.array(ids)[:, None]
        loss = pair_loss(
            model.network, np.array(model.encode(message))[:, None], inputs, targets, Workspace(np, np.float64)
        )
        assert log_p == pytest.approx(-loss, rel=1e-9)
        assert (targets != NO_TARGET).all()
    assert model.log_probabilities(message, []).tolist() == []


def test_baselines_count_and_compare_words() -> None:
    baselines = Baselines([("Do you like dogs?", "Yes!"), ("Is it late?", "yes"), ("And cats?", "Cats, no.")])
    assert baselines.frequency(["YES", "cats no", "maybe"]).tolist() == [2, 1, 0]
    same, shared, other = baselines.tf_idf("Do you like dogs?", ["do you like dogs", "I like dogs", "No."])
    assert same == pytest.approx(1) and 0 < shared < 1 and other == 0
    assert normal("Cats, NO!") == "cats no"


@pytest.mark.parametrize(
    ("scores", "expected"), [([3, 2, 1], 1), ([1, 2, 3], 0), ([2, 2, 1], 0.5), ([0, 0, 0, 0], 0.25)]
)
def test_equal_scores_share_the_hit(scores: list[float], expected: float) -> None:
    assert recall(np.array(scores)) == expected


def test_a_trained_network_finds_the_reply_that_the_baselines_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("model.train.run.plot_learning_curve", lambda folder: None)
    lines = [f"{message}\t{reply}\n" for message, reply in PAIRS]
    order = np.random.default_rng(1).permutation(len(lines))
    held, known = (tmp_path / name for name in ("held.tsv", "known.tsv"))
    held.write_text("".join(lines[i] for i in order[:150]))
    known.write_text("".join(lines[i] for i in order[150:]))
    out = tmp_path / "out"
    arguments = ["--hidden=32", "--embedding=16", "--peak-rate=0.02", "--batch=32", "--epochs=30", "--threads=2"]
    assert train([str(known), *arguments, "--out", str(out)]) == 0
    capsys.readouterr()
    assert main([str(out), str(held), "--train", str(known), "--messages=110"]) == 0
    rows = [line.strip("| ").split(" | ") for line in capsys.readouterr().out.splitlines()[2:]]
    found = {name: [float(share) for share in shares] for name, *shares in rows}
    assert found["network"][0] > 0.9 and found["network"][1] > 0.6
    assert found["frequency"][0] < 0.3 and found["TF-IDF"][0] < 0.3

    assert main([str(out), str(tmp_path / "none.tsv"), "--train", str(known)]) == 2
    held.write_text("".join(lines[:20]))
    assert main([str(out), str(held), "--train", str(known)]) == 2
    assert "20 different replies" in capsys.readouterr().err
