"""Counting n-grams: against Kneser-Ney smoothing in plain dictionaries, pruning, the share, and the command."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.arrays import IntArray
from model.errors import ModelError, UserError
from model.lm.language_model import LanguageModel
from model.lm.ngrams import NGRAMS, SHARES_OF_CODES, NGrams
from model.lm.storage import CONFIG, load_model, save_model
from model.nn.network import Network
from model.text.corpus import Recipe, Source
from model.text.tokens import TEXT_START
from model.text.vocabulary import Vocabulary
from model.train.dataset import Dataset, prepare
from model.train.ngrams import SHARES, Estimated, best_share, estimate, main, prune
from model.train.words.vocabulary import VocabularyOptions
from tests.model.train.kneser_ney import START, VOCABULARY, Gram, KneserNey, Text, V

MakeNetwork = Callable[..., Network]


class Texts(Dataset):
    """Some documents with the weights of their sources, in memory."""

    def __init__(self, texts: list[Text]) -> None:
        self.vocabulary = VOCABULARY
        self.ids: IntArray = np.concatenate([text for text, _ in texts]).astype(np.uint16)
        self._weights = np.repeat([weight for _, weight in texts], [len(text) for text, _ in texts])

    def token_weights(self) -> Any:
        return self._weights.astype(np.float32)


TEXTS = st.lists(
    st.tuples(
        st.lists(st.sampled_from([*range(V), 5, 6, 5, 6]), min_size=3, max_size=25).map(lambda ids: [START, *ids]),
        st.sampled_from([1.0, 0.5, 3.0]),
    ),
    min_size=1,
    max_size=5,
).filter(lambda texts: any(START not in text[i : i + 3] for text, _ in texts for i in range(1, len(text) - 2)))


def grams(keys: IntArray, order: int) -> list[Gram]:
    """The n-grams that keys stand for, the first token in the highest bits."""
    return [tuple(int(key) >> 16 * (order - 1 - i) & 0xFFFF for i in range(order)) for key in keys]


@settings(max_examples=60)
@given(TEXTS)
def test_estimates_are_those_of_plain_dictionaries(texts: list[Text]) -> None:
    unigrams, levels = estimate(Texts(texts))
    plain = KneserNey(texts)
    assert unigrams.sum() == pytest.approx(1, abs=1e-5)
    np.testing.assert_allclose(unigrams, [plain.p(token, ()) for token in range(V)], rtol=1e-5, atol=1e-7)
    for order, level in enumerate(levels, 2):
        counted = grams(level.keys, order)
        assert counted == sorted(gram for gram in plain.times if len(gram) == order)
        assert level.times.tolist() == [plain.times[gram] for gram in counted]
        np.testing.assert_allclose(level.values, [plain.value(gram) for gram in counted], rtol=1e-5)
        np.testing.assert_allclose(level.p, [plain.p(gram[-1], gram[:-1]) for gram in counted], rtol=1e-5)
        assert not any(START in gram[1:] for gram in counted)
        for context in {gram[:-1] for gram in counted}:
            assert sum(plain.p(token, context) for token in range(V)) == pytest.approx(1)


@settings(max_examples=60)
@given(TEXTS, st.lists(st.integers(0, V - 1), max_size=4).map(tuple), st.sampled_from([1e9, 200, 60, 10]))
def test_probabilities_add_up_to_1_after_any_context_and_any_pruning(
    texts: list[Text], unseen: Gram, most_bytes: float
) -> None:
    unigrams, levels = estimate(Texts(texts))
    ngrams = NGrams(unigrams, prune(levels, V, most_bytes), START, 0.5)
    seen = [gram[:-1] for order, level in enumerate(levels, 2) for gram in grams(level.keys, order)]
    for context in {unseen, *seen}:
        p = ngrams.probabilities(context)
        # What is kept in a byte is off by up to 2 %, at each of the three orders.
        assert p.sum() == pytest.approx(1, abs=0.07) and (p >= 0).all()


def random_texts(seed: int) -> list[Text]:
    """Texts in which some tokens go together."""
    rng = np.random.default_rng(seed)
    texts: list[Text] = []
    for _ in range(20):
        drawn = rng.choice(np.arange(4, V), 40, p=[0.5, 0.2, 0.1, 0.1, 0.06, 0.04])
        texts.append(([START, *(t for t in drawn.tolist() for _ in range(rng.integers(1, 3)))], 1.0))
    return texts


def kept(levels: list[Estimated], most_bytes: float) -> list[set[Gram]]:
    """The n-grams of each order that pruning keeps."""
    found = []
    beginnings: list[Gram] = [(token,) for token in range(V)]
    for level in prune(levels, V, most_bytes):
        parents = [beginning for beginning, n in zip(beginnings, level.children, strict=True) for _ in range(n)]
        beginnings = [(*parent, int(token)) for parent, token in zip(parents, level.tokens, strict=True)]
        found.append(set(beginnings))
    return found


def test_what_was_seen_once_or_makes_nothing_likelier_is_dropped_unless_others_begin_with_it() -> None:
    _, levels = estimate(Texts(random_texts(1)))
    wanted: set[Gram] = set()
    for order, (level, found) in reversed([*enumerate(zip(levels, kept(levels, 1e9), strict=True), 2)]):
        useful = (level.times >= 2) & (level.gain > 0)
        assert 0 < useful.sum() < len(level.keys)
        wanted |= set(grams(level.keys[useful], order))
        assert found == {gram for gram in wanted if len(gram) == order}
        wanted |= {gram[:-1] for gram in found}


@pytest.mark.parametrize("most_bytes", [200, 500, 800, 1000])
def test_the_most_useful_ngrams_that_fit_are_kept(most_bytes: int) -> None:
    _, levels = estimate(Texts(random_texts(2)))
    # In the file there are two bytes for each number of children.
    size = sum(3 * len(level.gamma) + 3 * len(level.tokens) for level in prune(levels, V, most_bytes))
    assert 0.85 * most_bytes - 20 < size <= most_bytes
    found = kept(levels, most_bytes)
    beginnings = {gram[:-1] for longer in found for gram in longer}
    gains = {
        gram: float(gain)
        for order, level in enumerate(levels, 2)
        for gram, gain, times in zip(grams(level.keys, order), level.gain, level.times, strict=True)
        if times >= 2
    }
    everything = set().union(*found)
    for_themselves = [gain for gram, gain in gains.items() if gram in everything - beginnings]
    assert min(for_themselves) >= max(gain for gram, gain in gains.items() if gram not in everything)


def test_rounding_leaves_no_negative_rest() -> None:
    keys, times, sure = np.array([5 << 16 | 4, 5 << 16 | 6], np.uint64), np.array([3, 7]), np.ones(2)
    (level,) = prune([Estimated(keys, times, np.array([0.2, 0.8]), sure, sure)], V, 1e9)
    assert SHARES_OF_CODES[level.values].sum() > 1
    assert level.gamma.tolist() == [0] * 5 + [255] + [0] * (V - 6)


def test_the_gain_is_what_dropping_an_ngram_would_cost() -> None:
    texts = random_texts(3)
    plain = KneserNey(texts)
    for order, level in enumerate(estimate(Texts(texts))[1], 2):
        for gram, gain in zip(grams(level.keys, order), level.gain, strict=True):
            ratio = plain.p(gram[-1], gram[:-1]) / plain.p(gram[-1], gram[1:-1])
            assert gain == pytest.approx(plain.weight[gram] * np.log(ratio), rel=1e-3, abs=1e-4)


def test_the_share_has_the_lowest_perplexity_of_all_tried(make_network: MakeNetwork) -> None:
    model = LanguageModel(VOCABULARY, make_network(VOCABULARY), {})
    ids = np.array(random_texts(5)[0][0][:17], dtype=np.uint16)
    unigrams, levels = estimate(Texts(random_texts(4)))
    ngrams = NGrams(unigrams, prune(levels, V, 600), START, 0.0)
    share, perplexities = best_share(model, ngrams, ids)
    chances, state = [], model.network.zero_state(1)
    for i in range(1, len(ids)):
        state = model.network.step(ids[i - 1 : i], state)
        logits = model.network.logits(model.network.project(state))[0].astype(np.float64)
        network = np.exp(logits) / np.exp(logits).sum()
        context = tuple(ids[:i].tolist())
        chances.append((network[ids[i]], float(ngrams.probabilities(context)[ids[i]])))
    expected = {
        round(float(s), 2): float(np.exp(-np.mean([np.log((1 - s) * a + s * b) for a, b in chances]))) for s in SHARES
    }
    assert perplexities == pytest.approx(expected, rel=1e-5)
    assert share == min(expected, key=lambda s: expected[s]) and share > 0


@pytest.fixture
def folder(toy_folder: tuple[Path, Vocabulary], tmp_path: Path, make_network: MakeNetwork) -> Path:
    """A model with the prepared text beside it, as training leaves them."""
    corpus, vocabulary = toy_folder
    save_model(tmp_path / "toy", vocabulary, make_network(vocabulary), {"licence": "ours"})
    (tmp_path / "toy" / "corpus").symlink_to(corpus)
    return tmp_path / "toy"


def test_the_command(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder)]) == 0
    model = load_model(folder)
    assert model.ngrams is not None and model.information["licence"] == "ours"
    lines = capsys.readouterr().out.splitlines()
    tried = {float(line.split()[1].rstrip(":")): float(line.split()[-1]) for line in lines}
    assert list(tried) == [round(float(share), 2) for share in SHARES]
    best = min(tried, key=lambda share: tried[share])
    assert model.information["ngrams"] == {"share": best, "validation_perplexity": tried[best]}
    assert model.ngrams.share == best > 0
    start, the, dog, sees = (model.vocabulary.id_of(form) for form in (TEXT_START, "the", "dog", "sees"))
    assert model.ngrams.probabilities((start, the, dog))[sees] > 0.2
    # Once more: the same, whatever n-grams are there already.
    content = (folder / NGRAMS).read_bytes()
    assert main([str(folder)]) == 0 and (folder / NGRAMS).read_bytes() == content


def test_the_file_takes_no_more_than_it_may(folder: Path) -> None:
    for megabytes in (0.0027, 0.0028, 0.004):
        assert main([str(folder), f"--megabytes={megabytes}"]) == 0
        assert 500_000 * megabytes < (folder / NGRAMS).stat().st_size <= 1_000_000 * megabytes
        load_model(folder)


def test_the_end_of_a_short_text_that_was_held_out_is_not_counted(
    tmp_path: Path, make_network: MakeNetwork, one_process: None
) -> None:
    (tmp_path / "short.txt").write_text("\n\n".join(["The dog sees the cat."] * 19 + ["The dog " + "the cat " * 9]))
    recipe = Recipe([Source(tmp_path / "short.txt")])
    dataset = prepare(recipe, tmp_path / "corpus", VocabularyOptions(), processes=1, progress=lambda what, done: None)
    assert dataset.ids[-1:] == dataset.validation[-1:]
    save_model(tmp_path, dataset.vocabulary, make_network(dataset.vocabulary), {})
    assert estimate(dataset)[1][0].times.sum() <= len(dataset.ids) - len(dataset.validation)
    assert main([str(tmp_path)]) == 0


def test_bad_input_is_one_line(folder: Path, make_network: MakeNetwork, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*options: str) -> str:
        assert main([str(folder), *options]) == 2
        assert not (folder / NGRAMS).exists()
        error = capsys.readouterr().err
        assert error.startswith("error: ") and error.count("\n") == 1
        return error

    assert all("must be above 0" in told(f"--megabytes={megabytes}") for megabytes in ("-1", "0", "nan"))
    save_model(folder, VOCABULARY, make_network(VOCABULARY), {})
    assert f"{folder / 'corpus'}: other words than the model's" in told()
    (folder / "corpus").unlink()
    assert f"{folder / 'corpus'}: no prepared text" in told()
    (folder / CONFIG).unlink()
    assert f"{folder / CONFIG}: not a readable JSON file: No such file" in told()


@pytest.mark.parametrize("texts", [[[START, 5, 2]] * 9, [[START, 5, 6, START, 5, 6]], [[START]]])
def test_texts_too_short_for_ngrams(texts: list[list[int]]) -> None:
    with pytest.raises(UserError, match="too little text"):
        estimate(Texts([(text, 1.0) for text in texts]))


def test_a_model_whose_ngrams_do_not_fit(folder: Path) -> None:
    assert main([str(folder)]) == 0
    config = json.loads((folder / CONFIG).read_text("utf-8"))
    for share in (0, 1, 0.5):
        (folder / CONFIG).write_text(json.dumps(config | {"ngrams": {"share": share}}), "utf-8")
        assert getattr(load_model(folder).ngrams, "share", None) == share
    for bad in (None, "0.5", True, -0.1, 1.5, float("nan"), [0.5]):
        (folder / CONFIG).write_text(json.dumps(config | {"ngrams": {"share": bad}}), "utf-8")
        with pytest.raises(ModelError, match="the share of the n-grams is") as caught:
            load_model(folder)
        assert str(caught.value).startswith(f"{folder / CONFIG}: ")
    (folder / CONFIG).write_text(json.dumps(config), "utf-8")
    (folder / NGRAMS).unlink()
    with pytest.raises(ModelError, match="not a readable n-gram file"):
        load_model(folder)
