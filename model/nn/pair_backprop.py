"""Back-propagation through encoder and decoder: the loss of the replies to a batch of messages, and its gradients.

The messages of a batch are of one length, so that the encoder's last state is everybody's. Replies may end earlier
than others: a target below 0 is none.
"""

from typing import NamedTuple

from model.arrays import Array
from model.nn.attention import Attended, attend, attend_backward
from model.nn.backprop import NO_DROPOUT, Gradients, Masks, sum_rows
from model.nn.cells import Workspace
from model.nn.encoder_decoder import ENCODER, EncoderDecoder
from model.nn.softmax import Negatives, RowGradient, cross_entropy, softmax_loss

# The target behind the end of a reply.
NO_TARGET = -1


def pair_gradients(
    network: EncoderDecoder,
    message: Array,
    inputs: Array,
    targets: Array,
    *,
    negatives: Negatives | None,
    scale: float,
    work: Workspace,
    masks: Masks = NO_DROPOUT,
) -> Gradients:
    """Run forward and backward over messages (S, B), and over inputs and targets (T, B) of their replies.

    Without ``negatives`` the softmax is over the whole vocabulary. The gradients are those of ``scale`` · Σ loss.
    """
    xp, w = network.xp, network.weights
    T, B = inputs.shape
    X_message, X_reply, m, read, a, attended, state_after = _forward(network, message, inputs, work, masks)
    flat_targets = targets.reshape(-1)
    # Only what has a target goes through the softmax, which takes most of the time.
    own = xp.flatnonzero(flat_targets >= 0)
    a_rows = a.reshape(T * B, -1)[own]
    is_projected = network.cell.projects
    p = a_rows if is_projected else a_rows @ w["projection"]
    output = softmax_loss(xp, p, flat_targets[own], w["embedding"], w["bias"], negatives, scale)

    dense = {} if is_projected else {"projection": a_rows.T @ output.dp}
    da = xp.zeros((T * B, a_rows.shape[1]), dtype=a_rows.dtype)
    da[own] = output.dp if is_projected else output.dp @ w["projection"].T
    da = da.reshape(T, B, -1)
    if masks.hidden is not None:
        da *= masks.hidden
    if attended is None:
        dh, dm = da, xp.zeros_like(m)
    else:
        dh, dm, dense["attention"] = attend_backward(xp, attended, da, w["attention"])
    dX_reply, d_begin, d_decoder = network.cell.backward(network.parameters, X_reply, dh, work.part("decoder"))
    dense |= {"bridge": read.T @ d_begin, "bridge_bias": d_begin.sum(axis=0)}
    dX_message, _, d_encoder = network.cell.backward(
        network.encoder_parameters, X_message, dm, work.part("encoder"), d_begin @ w["bridge"].T
    )
    if masks.embedding is not None:
        dX_message *= masks.embedding
        dX_reply *= masks.embedding
    read_rows = [
        RowGradient(ids.reshape(-1), dX.reshape(-1, dX.shape[2]))
        for ids, dX in ((message, dX_message), (inputs, dX_reply))
    ]
    return Gradients(
        float(output.loss),
        state_after,
        dense | d_decoder | {ENCODER + name: value for name, value in d_encoder.items()},
        {"embedding": sum_rows(xp, [*read_rows, *output.rows]), "bias": sum_rows(xp, output.bias)},
    )


def pair_loss(network: EncoderDecoder, message: Array, inputs: Array, targets: Array, work: Workspace) -> float:
    """Compute the summed loss in nats of the replies to a batch of messages, from the full softmax."""
    a = _forward(network, message, inputs, work, NO_DROPOUT).a
    flat_targets = targets.reshape(-1)
    own = network.xp.flatnonzero(flat_targets >= 0)
    logits = network.logits(network.project(a.reshape(len(flat_targets), -1)[own]))
    return float(cross_entropy(network.xp, logits, flat_targets[own])[0].sum())


class _Forward(NamedTuple):
    """The inputs of both cells, m and the state that the encoder ends with, and a, with what attention keeps."""

    X_message: Array
    X_reply: Array
    m: Array
    read: Array
    a: Array
    attended: Attended | None
    state_after: Array


def _forward(network: EncoderDecoder, message: Array, inputs: Array, work: Workspace, masks: Masks) -> _Forward:
    w = network.weights
    X_message, X_reply = w["embedding"][message], w["embedding"][inputs]
    if masks.embedding is not None:
        X_message *= masks.embedding
        X_reply *= masks.embedding
    begin = network.zero_state(message.shape[1])
    m, read = network.cell.forward(network.encoder_parameters, X_message, begin, work.part("encoder"))
    begin = read @ w["bridge"] + w["bridge_bias"]
    h, state_after = network.cell.forward(network.parameters, X_reply, begin, work.part("decoder"))
    attended = attend(network.xp, h, m, w["attention"]) if network.config.attention else None
    a = h if attended is None else attended.output
    if masks.hidden is not None:
        a = a * masks.hidden
    return _Forward(X_message, X_reply, m, read, a, attended, state_after)
