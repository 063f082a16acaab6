"""The figures by which corrections are judged, by class of slip, from what ``model.slips_trial`` saw."""

from collections.abc import Sequence

import numpy as np

from model.measures import Measure, ratio
from model.noise import CLASSES
from model.slips_trial import CorrectedWord, SlippedCompletion


def slip_measures(corrected: Sequence[CorrectedWord], completed: Sequence[SlippedCompletion]) -> dict[str, Measure]:
    """Precision and recall of corrections, right words changed, and completions behind a slip.

    ``correction_precision`` is the share of changes that gave what was meant, ``correction_recall`` the share of
    slips that were changed to it, ``right_words_changed`` the share of words typed rightly that were changed.
    ``completion_top3_after_slip`` is how often the word is among three once the slip is typed, over all letters
    behind it, ``completion_top3_instead`` the same without the slip, ``…_kept`` the one divided by the other.
    """
    measures: dict[str, Measure] = {}
    if corrected:
        line = np.array([word.line for word in corrected])
        slip = np.array([bool(word.kind) for word in corrected])
        changed = np.array([word.changed for word in corrected])
        fixed = np.array([word.changed and word.right and bool(word.kind) for word in corrected])
        measures["correction_precision"] = ratio(line, fixed, changed)
        measures["correction_recall"] = ratio(line, fixed, slip)
        measures["right_words_changed"] = ratio(line, changed & ~slip, ~slip)
        for kind in CLASSES:
            of_kind = np.array([word.kind == kind for word in corrected])
            measures[f"correction_recall, {kind}"] = ratio(line, fixed & of_kind, of_kind)
    if completed:
        line = np.array([word.line for word in completed])
        asks, hits, without = (
            np.array([getattr(word, name) for word in completed]) for name in ("asks", "hits", "hits_without")
        )
        measures["completion_top3_after_slip"] = ratio(line, hits, asks)
        measures["completion_top3_instead"] = ratio(line, without, asks)
        measures["completion_top3_kept"] = ratio(line, hits, without)
        for kind in CLASSES:
            of_kind = np.array([word.kind == kind for word in completed])
            if of_kind.any():
                measures[f"completion_top3_kept, {kind}"] = ratio(line, hits * of_kind, without * of_kind)
    return measures
