"""Completions of a number: the ending of its ordinal, and units, which follow its digits without a space."""

from model.search.place.query import Query
from model.search.ranking import COMPLETION, Candidate

# How often each unit stands behind a number in the training text, in round figures; the larger of two cases.
UNITS = {
    "pm": 3400, "s": 3300, "am": 1060, "PM": 770, "k": 700, "D": 590, "g": 520, "d": 460, "x": 430, "GB": 290,
    "AM": 240, "m": 180, "MB": 120, "mm": 75, "ml": 63, "p": 55, "oz": 54, "hrs": 49, "mg": 41, "h": 36, "cm": 35,
    "lb": 35, "px": 35, "TB": 33, "min": 31, "ms": 30, "ft": 28, "kg": 26, "hr": 26, "lbs": 23, "km": 21, "mins": 19,
    "GHz": 15, "Mbps": 14, "kbps": 14, "KB": 14, "GiB": 14, "mph": 13, "Hz": 13, "fps": 12, "MHz": 10, "kW": 5,
    "kHz": 5, "kWh": 5, "kcal": 3, "km/h": 3,
}  # fmt: skip
# The endings of ordinals together.
_ORDINALS = 39_000
# The signs that may stand before a number.
_SIGNS = "#$€£¥~+-(['\""
# How often something else stands behind a number, in the same figures.
_OTHER = 4_000


def units(query: Query) -> list[Candidate]:
    """The ordinal's ending and the units that begin as typed, behind the number that stands before them."""
    number = query.run.lstrip(_SIGNS)
    chances = UNITS | {ordinal(number): _ORDINALS // (1 if number.isdigit() else 1000)}
    typed = query.prefix
    exact = {unit for unit in chances if unit.startswith(typed) and unit != typed}
    fitting = {
        unit: n
        for unit, n in chances.items()
        if unit.startswith(typed) or (unit.lower().startswith(typed) and unit.lower() not in exact)
    }
    total = sum(fitting.values()) + _OTHER / 26 ** len(typed)
    return [Candidate(unit, unit, n / total, COMPLETION) for unit, n in fitting.items()]


def ordinal(number: str) -> str:
    """The ending of an ordinal: 1st, 2nd, 3rd, 4th, but 11th, 12th, 13th."""
    if number[-2:-1] == "1":
        return "th"
    return {"1": "st", "2": "nd", "3": "rd"}.get(number[-1:], "th")
