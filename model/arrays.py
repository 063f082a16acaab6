"""The array types of the whole package, and the choice between NumPy and CuPy.

Annotations say ``FloatArray`` and the like where an array is NumPy's, and ``Array`` where CuPy's may stand too.
"""

import importlib
from types import ModuleType
from typing import Any

import numpy as np

from model.errors import UserError

FloatArray = np.ndarray[Any, np.dtype[np.floating[Any]]]
IntArray = np.ndarray[Any, np.dtype[np.integer[Any]]]
BoolArray = np.ndarray[Any, np.dtype[np.bool_]]
ByteArray = np.ndarray[Any, np.dtype[np.uint8]]
# NumPy's or CuPy's ndarray: the training code is handed its array module.
Array = Any
# Arrays by their names.
Arrays = dict[str, Array]
NO_IDS: IntArray = np.zeros(0, dtype=np.int64)


def array_module(device: str) -> ModuleType:
    """Import NumPy for ``cpu``, CuPy for ``cuda``. Raises ``UserError`` where no GPU can be used."""
    if device == "cpu":
        return np
    try:
        cupy = importlib.import_module("cupy")
        cupy.cuda.runtime.getDeviceCount()
    except Exception as error:  # a missing driver or package may raise anything
        raise UserError(f"--device cuda: no usable GPU: {(str(error) or repr(error)).splitlines()[0]}") from None
    return cupy


def to_host(array: FloatArray) -> FloatArray:
    """Copy an array from the GPU to a NumPy array; return NumPy's own arrays as they are."""
    return array.get() if hasattr(array, "get") else array
