"""A module that looks like CuPy to the training code, and computes with NumPy on the host.

It has the names and parameters that cupy_names.txt lists and no others, and its arrays are, as CuPy's are,
no NumPy arrays: they refuse to become one unless asked by ``get``, and to be mixed with one. Stricter than
CuPy in one thing: NumPy's functions refuse its arrays instead of handing them on.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

# CuPy's own documentation names these two; further ones vary from version to version.
_UFUNC_KEYWORDS = {"out", "dtype"}
# Spelled **kwargs in its source.
_KEYWORDS = {"einsum": {"dtype", "optimize"}}
# What CuPy adds without a race on the device; the other operations are a matter of version.
_UNBUFFERED = {"add"}
_TO_DEVICE = {"asarray", "array", "ascontiguousarray"}


def _read_names() -> dict[str, dict[str, list[str] | None]]:
    sections: dict[str, dict[str, list[str] | None]] = {}
    for line in Path(__file__).with_name("cupy_names.txt").read_text("utf-8").splitlines():
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line and not line.startswith("#"):
            for name, parameters in re.findall(r"(\w+)(?:\(([^)]*)\))?", re.sub(r"\(\)", "( )", line)):
                section[name] = parameters.strip().split(",") if parameters else None
    return sections


NAMES = _read_names()


class DeviceArray:
    """An array "on the device"."""

    # NumPy then leaves operators to this class, and refuses these arrays in its own functions.
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, host: Any) -> None:
        self._host = np.asarray(host)

    def __array__(self, *_: object, **__: object) -> None:
        raise TypeError("Implicit conversion to a NumPy array is not allowed; use get()")

    def get(self) -> Any:
        """A copy on the host."""
        return self._host.copy()

    def __getattr__(self, name: str) -> Any:
        if name not in NAMES["ndarray"]:
            raise AttributeError(f"cupy.ndarray has no attribute {name!r}")
        value = getattr(self._host, name)
        return _wrapped(value) if callable(value) else _to_device(value)

    def __getitem__(self, key: Any) -> Any:
        # A view where NumPy gives one: writing through it reaches this array.
        return DeviceArray(self._host[_to_host(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._host[_to_host(key)] = _to_host(value)

    def __len__(self) -> int:
        return len(self._host)

    def __iter__(self) -> Iterator[Any]:
        return (DeviceArray(part) for part in self._host)

    def __float__(self) -> float:
        return float(self._host)

    def __int__(self) -> int:
        return int(self._host)

    def __bool__(self) -> bool:
        return bool(self._host)

    def __repr__(self) -> str:
        return f"DeviceArray({self._host!r})"


def _operator(name: str, in_place: bool) -> Callable[[Any, Any], Any]:
    def operate(self: Any, other: Any) -> Any:
        value = getattr(self._host, name)(_to_host(other))
        if value is NotImplemented:
            return value
        return self if in_place else _to_device(value)

    return operate


for _sign in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "and", "or", "xor"):
    for _prefix in ("", "r", "i"):
        if f"__{_prefix}{_sign}__" in NAMES["ndarray"]:
            setattr(DeviceArray, f"__{_prefix}{_sign}__", _operator(f"__{_prefix}{_sign}__", _prefix == "i"))
for _sign in ("matmul", "rmatmul", "eq", "ne", "lt", "le", "gt", "ge"):
    setattr(DeviceArray, f"__{_sign}__", _operator(f"__{_sign}__", False))
setattr(DeviceArray, "__neg__", lambda self: DeviceArray(-self._host))  # noqa: B010
setattr(DeviceArray, "__invert__", lambda self: DeviceArray(~self._host))  # noqa: B010


def _to_host(value: Any) -> Any:
    if isinstance(value, DeviceArray):
        return value._host
    if isinstance(value, np.ndarray):
        raise TypeError(f"Unsupported type {type(value)}: a NumPy array among CuPy's")
    if isinstance(value, tuple | list):
        return type(value)(_to_host(part) for part in value)
    return value


def _to_device(value: Any) -> Any:
    if isinstance(value, np.ndarray | np.generic):
        # CuPy hands back arrays without dimensions where NumPy hands back numbers.
        return DeviceArray(value)
    if isinstance(value, tuple | list) and any(isinstance(part, np.ndarray | np.generic) for part in value):
        return tuple(_to_device(part) for part in value)
    return value


def _wrapped(function: Callable[..., Any], check: Callable[..., None] | None = None) -> Callable[..., Any]:
    def call(*arguments: Any, **keywords: Any) -> Any:
        if check:
            check(len(arguments), keywords)
        keywords = {name: _to_host(value) for name, value in keywords.items()}
        return _to_device(function(*_to_host(arguments), **keywords))

    return call


def _check(name: str, parameters: list[str] | None) -> Callable[[int, dict[str, Any]], None]:
    def check(arguments: int, keywords: dict[str, Any]) -> None:
        known = set(parameters or []) | _KEYWORDS.get(name, set())
        if parameters is None:
            known = _UFUNC_KEYWORDS
        elif arguments > len(parameters) and not any(p.startswith("*") for p in parameters):
            raise TypeError(f"cupy.{name} takes {len(parameters)} arguments")
        if not set(keywords) <= known:
            raise TypeError(f"cupy.{name} does not know {', '.join(sorted(set(keywords) - known))}")

    return check


class _Ufunc:
    def __init__(self, ufunc: Any) -> None:
        self._ufunc = ufunc
        self._call = _wrapped(ufunc, _check(ufunc.__name__, None))

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        return self._call(*arguments, **keywords)

    def __getattr__(self, name: str) -> Any:
        if name not in NAMES["ufunc"] or (name == "at" and self._ufunc.__name__ not in _UNBUFFERED):
            raise AttributeError(f"cupy.{self._ufunc.__name__} has no {name!r}")
        return _wrapped(getattr(self._ufunc, name))


class _StandIn(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name not in NAMES["module"] or not hasattr(np, name):
            raise AttributeError(f"module 'cupy' has no attribute {name!r}")
        value = getattr(np, name)
        if isinstance(value, np.ufunc):
            return _Ufunc(value)
        if isinstance(value, type) or not callable(value):
            return value
        if name in _TO_DEVICE:
            return lambda a, dtype=None: DeviceArray(np.array(a._host if isinstance(a, DeviceArray) else a, dtype))
        return _wrapped(value, _check(name, NAMES["module"][name]))


cupy: Any = _StandIn("cupy")
cupy.ndarray = DeviceArray
cupy.asnumpy = DeviceArray.get
cupy.cuda = SimpleNamespace(runtime=SimpleNamespace(getDeviceCount=lambda: 1))
