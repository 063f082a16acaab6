"""Both kinds of softmax against formulas written out, and the sampled one against the full one."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model.arrays import FloatArray, IntArray
from model.nn.softmax import (
    Negatives,
    NegativeSampler,
    OutputGradient,
    RowGradient,
    cross_entropy,
    full_softmax,
    sampled_softmax,
)

V, E, N = 30, 4, 12
COUNTS = 1000.0 / np.arange(1, V + 1)


def some_rows(seed: int = 1) -> tuple[FloatArray, IntArray, FloatArray, FloatArray]:
    """p (N, E), targets (N,), output rows (V, E), bias (V,)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, E)), rng.integers(0, V, N), rng.normal(size=(V, E)), rng.normal(size=V)


def dense(parts: list[RowGradient], shape: tuple[int, ...]) -> FloatArray:
    whole: FloatArray = np.zeros(shape)
    for ids, values in parts:
        np.add.at(whole, ids, values)
    return whole


def written_out(
    p: FloatArray, targets: IntArray, rows: FloatArray, bias: FloatArray, negatives: Negatives
) -> tuple[float, FloatArray, FloatArray, FloatArray]:
    """Loss, dp, d_rows and d_bias of the sampled softmax, one prediction and one candidate at a time."""
    loss, dp, d_rows, d_bias = 0.0, np.zeros_like(p), np.zeros_like(rows), np.zeros_like(bias)
    for n, target in enumerate(targets):
        candidates = [target] + [k for k in negatives.ids if k != target]
        # Only what was sampled stands for more tokens than itself; the target was not.
        lowered = [0.0] + [negatives.log_expected[k] for k in candidates[1:]]
        z = np.array([p[n] @ rows[k] + bias[k] for k in candidates]) - lowered
        y = np.exp(z) / np.exp(z).sum()
        loss -= np.log(y[0])
        y[0] -= 1
        for d, k in zip(y, candidates, strict=True):
            dp[n] += d * rows[k]
            d_rows[k] += d * p[n]
            d_bias[k] += d
    return loss, dp, d_rows, d_bias


def test_cross_entropy_is_minus_the_log_of_the_targets_share() -> None:
    logits = np.random.default_rng(1).normal(size=(N, V)) * 3
    targets = np.random.default_rng(2).integers(0, V, N)
    y = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    losses, d = cross_entropy(np, logits.copy(), targets)
    np.testing.assert_allclose(losses, -np.log(y[np.arange(N), targets]), rtol=1e-12)
    np.testing.assert_allclose(d, y - np.eye(V)[targets], rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("shift", [1e4, -1e4])
def test_cross_entropy_bears_large_logits(shift: float) -> None:
    logits = np.array([[shift, shift + 1], [0, -2 * abs(shift)]], dtype=np.float32)
    losses, d = cross_entropy(np, logits, np.array([1, 1]))
    np.testing.assert_allclose(losses, [np.log1p(np.exp(-1)), 2e4], rtol=1e-3)
    assert np.isfinite(d).all()


def test_full_softmax_is_cross_entropy_by_the_chain_rule() -> None:
    p, targets, rows, bias = some_rows()
    result = full_softmax(np, p, targets, rows, bias, scale=0.5)
    losses, d = cross_entropy(np, p @ rows.T + bias, targets)
    assert result.loss == pytest.approx(losses.sum(), rel=1e-12)
    np.testing.assert_allclose(result.dp, 0.5 * d @ rows, rtol=1e-9)
    np.testing.assert_allclose(dense(result.rows, rows.shape), 0.5 * d.T @ p, rtol=1e-9)
    np.testing.assert_allclose(dense(result.bias, bias.shape), 0.5 * d.sum(axis=0), rtol=1e-9, atol=1e-15)


@given(K=st.integers(1, 40), seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_sampled_softmax_is_the_formula(K: int, seed: int) -> None:
    p, targets, rows, bias = some_rows(seed)
    negatives = NegativeSampler(np, COUNTS, K).draw(np.random.default_rng(seed))
    result = sampled_softmax(np, p, targets, rows, bias, negatives, scale=0.5)
    loss, dp, d_rows, d_bias = written_out(p, targets, rows, bias, negatives)
    assert result.loss == pytest.approx(loss, rel=1e-6)
    np.testing.assert_allclose(result.dp, 0.5 * dp, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(dense(result.rows, rows.shape), 0.5 * d_rows, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(dense(result.bias, bias.shape), 0.5 * d_bias, rtol=1e-6, atol=1e-12)


def test_a_negative_that_is_the_target_is_left_out_of_that_row_only() -> None:
    p, _, rows, bias = some_rows()
    log_expected = np.zeros(V)
    result = sampled_softmax(
        np, p[:2], np.array([7, 8]), rows, bias, Negatives(np.array([7, 7]), log_expected), scale=1.0
    )
    # For the first row nothing is left but the target: no loss, no gradient.
    np.testing.assert_array_equal(result.dp[0], 0)
    assert np.abs(result.dp[1]).min() > 0
    z = p[1] @ rows[[8, 7]].T + bias[[8, 7]]
    assert result.loss == pytest.approx(np.log(1 + 2 * np.exp(z[1] - z[0])))


def mean_sampled_gradient(K: int, draws: int) -> tuple[FloatArray, FloatArray]:
    """dp and d_bias, averaged over samples."""
    p, targets, rows, bias = some_rows()
    rng = np.random.default_rng(8)
    sampler = NegativeSampler(np, COUNTS, K)
    dp, d_bias = np.zeros((N, E)), np.zeros(V)
    for _ in range(draws):
        result: OutputGradient = sampled_softmax(np, p, targets, rows, bias, sampler.draw(rng), 1 / draws)
        dp += result.dp
        d_bias += dense(result.bias, bias.shape)
    return dp, d_bias


def test_the_gradient_approaches_that_of_the_full_softmax() -> None:
    p, targets, rows, bias = some_rows()
    full = full_softmax(np, p, targets, rows, bias, 1.0)
    full_bias = dense(full.bias, bias.shape)
    errors = []
    for K in (20, 200, 2000):
        dp, d_bias = mean_sampled_gradient(K, draws=200)
        errors.append((np.abs(dp - full.dp).max(), np.abs(d_bias - full_bias).max()))
    # The bias falls as 1/K; what is left at the end is within the noise of 200 draws.
    for (dp_before, bias_before), (dp_after, bias_after) in itertools.pairwise(errors):
        assert dp_after < dp_before / 2
        assert bias_after < bias_before / 2
    assert errors[-1][0] < 0.01 * np.abs(full.dp).max()
    assert errors[-1][1] < 0.01 * np.abs(full_bias).max()


def test_training_on_samples_finds_the_true_probabilities() -> None:
    # One context; its answer is often a token that most samples hold several times, and seldom a rare one.
    truth = COUNTS / COUNTS.sum() * 0.5
    truth[2] += 0.5
    rng = np.random.default_rng(4)
    sampler = NegativeSampler(np, COUNTS, 200)
    assert np.exp(sampler.draw(rng).log_expected[2]) > 10
    p, rows, bias = np.zeros((256, 1)), np.zeros((V, 1)), np.zeros(V)
    for step in range(1500):
        targets = rng.choice(V, len(p), p=truth)
        result = sampled_softmax(np, p, targets, rows, bias, sampler.draw(rng), 1 / len(p))
        bias -= 2 * (1 - step / 1500) * dense(result.bias, (V,))
    learned = np.exp(bias) / np.exp(bias).sum()
    assert float((truth * np.log(truth / learned)).sum()) < 0.01
    assert learned[2] == pytest.approx(truth[2], rel=0.05)


def test_sampler_draws_as_often_as_it_expects() -> None:
    K, draws = 50, 400
    sampler = NegativeSampler(np, COUNTS, K)
    rng = np.random.default_rng(1)
    seen = np.zeros(V)
    for _ in range(draws):
        sample = sampler.draw(rng)
        assert sample.ids.shape == (K,) and sample.log_expected.shape == (V,)
        np.add.at(seen, sample.ids, 1)
    q = (COUNTS + 1) ** 0.75 / ((COUNTS + 1) ** 0.75).sum()
    np.testing.assert_allclose(sample.log_expected, np.log(K * q), rtol=1e-5, atol=1e-6)
    expected = draws * K * q
    # Pearson's statistic; with 29 degrees of freedom it is above 58 once in a thousand times.
    assert ((seen - expected) ** 2 / expected).sum() < 58


def test_sampler_draws_by_seed_and_within_the_vocabulary() -> None:
    sampler = NegativeSampler(np, np.zeros(5), 1000)
    one, again, other = (sampler.draw(np.random.default_rng(seed)).ids for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()
    assert set(one.tolist()) == {0, 1, 2, 3, 4}
