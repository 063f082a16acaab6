"""The messages about invalid values: one sentence with the name, the value and the rule."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic_core import PydanticCustomError

# Longer values, and those a person cannot read at a glance, are cut: a message is one line.
_SHOWN = 40


# Pydantic's error types that can come here, and the rule that ends the sentence.
_RULES = {
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be above {gt}",
    "less_than_equal": "must be at most {le}",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "int_parsing_size": "must be a whole number of a usual size",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "finite_number": "must be a finite number",
    "string_type": "must be a string",
    "string_too_short": "must not be empty",
    "string_too_long": "must have at most {max_length} code points",
    "string_pattern_mismatch": "must match {pattern}",
    "too_short": "must have at least {min_length} items",
    "too_long": "must have at most {max_length} items",
    "list_type": "must be a list",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "literal_error": "must be {expected}",
    "model_type": "must be a JSON object",
    "model_attributes_type": "must be a JSON object",
    "dict_type": "must be a JSON object",
}


def rule_broken(rule: str) -> PydanticCustomError:
    """Make the error of a validator of ours; ``rule`` ends the sentence *it …*."""
    return PydanticCustomError("rule", "{rule}", {"rule": rule})


def show(value: object, quotes: bool = True) -> str:
    """Write a value for an error message: short, on one line, and encodable in any case."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str):
        if not value and not quotes:
            return "an empty value"
        # repr escapes what cannot be printed, lone surrogates among it.
        shown = repr(value[:_SHOWN])
        return (shown if quotes else shown[1:-1]) + ("…" if len(value) > _SHOWN else "")
    if isinstance(value, int) and abs(value) >= 10**_SHOWN:
        return f"a number of more than {_SHOWN} digits"
    if isinstance(value, int | float):
        return str(value)
    return "an object" if isinstance(value, Mapping) else "a list" if isinstance(value, list | tuple) else "the value"


def not_allowed(name: str, shown: str, rule: str) -> str:
    """Write a sentence such as ``limit: 0 is not allowed, it must be at least 1``."""
    return f"{name}: {shown} is not allowed, it {rule}"


def sentence(name: str, error: Mapping[str, Any], names: Iterable[str] = (), quotes: bool = True) -> str:
    """Write the sentence for one of Pydantic's error dictionaries.

    ``names`` are those there could have been; ``quotes`` are for values that have types, as those of JSON.
    """
    kind, shown = error["type"], show(error.get("input"), quotes)
    if kind == "missing":
        return f"{name}: required"
    if kind == "extra_forbidden":
        others = ", ".join(names)
        return f"{show(name, quotes=False)}: there is no such field" + (f", there are {others}" if others else "")
    if kind == "string_unicode":
        return f"{name}: not valid Unicode, a surrogate stands alone"
    if kind in _RULES:
        bounds = {
            key: f"{bound:g}" if isinstance(bound, float) else bound for key, bound in error.get("ctx", {}).items()
        }
        return not_allowed(name, shown, _RULES[kind].format(**bounds))
    return not_allowed(name, shown, error["msg"] if kind == "rule" else f"breaks a rule: {error['msg']}")
