"""Keyboard layouts: the places of the keys, and the neighbours that a finger may hit in place of each."""

from functools import cache

# The letter rows from the top, and how far to the right of the row above each begins, in keys (ISO 9995 keyboards
# shift the second row by a quarter of a key and the third by half a key more).
_SHIFTS = (0.0, 0.25, 0.75)
LAYOUTS = {
    "qwerty": ("qwertyuiop[", "asdfghjkl;'", "zxcvbnm,./"),
    "azerty": ("azertyuiop", "qsdfghjklmù", "wxcvbn,;:!"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm,.-"),
    "dvorak": ("',.pyfgcrl/", "aoeuidhtns-", ";qjkxbmwvz"),
}
DEFAULT_LAYOUT = "qwerty"
# Keys whose centres are not further apart than this touch each other.
_TOUCHING = 1.3


def positions(layout: str) -> dict[str, tuple[float, float]]:
    """The centre of each key, (right, down) in keys."""
    rows = LAYOUTS[layout]
    return {key: (x + _SHIFTS[y], float(y)) for y, row in enumerate(rows) for x, key in enumerate(row)}


@cache
def neighbours(layout: str) -> dict[str, frozenset[str]]:
    """For each key those that touch it."""
    places = positions(layout)
    return {
        key: frozenset(
            other
            for other, (right, down) in places.items()
            if other != key and (right - x) ** 2 + (down - y) ** 2 <= _TOUCHING**2
        )
        for key, (x, y) in places.items()
    }
