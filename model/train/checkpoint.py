"""Checkpoints: one file with everything a training run needs to go on as if it had never stopped."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save

from model.arrays import Arrays, to_host
from model.errors import UserError
from model.files import loading, write_atomically

CHECKPOINT = "checkpoint.safetensors"


def save_checkpoint(folder: Path, arrays: Arrays, progress: dict[str, Any]) -> None:
    """Write arrays (float32, by name) and the run's progress atomically."""
    host = {name: np.ascontiguousarray(to_host(value)) for name, value in arrays.items()}
    write_atomically(folder / CHECKPOINT, save(host, {"progress": json.dumps(progress)}))


def load_checkpoint(folder: Path) -> tuple[Arrays, dict[str, Any]]:
    """Load the arrays and the progress of ``save_checkpoint``; ``UserError`` where there is none to go on from."""
    path = folder / CHECKPOINT
    if not path.is_file():
        raise UserError(f"{path}: no checkpoint to resume from")
    with loading(path, "checkpoint"), safe_open(path, framework="numpy") as file:
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        return arrays, json.loads(file.metadata()["progress"])
