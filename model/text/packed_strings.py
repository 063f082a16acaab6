"""A list of strings in one piece of memory."""

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import SupportsIndex, overload


class PackedStrings(Sequence[str]):
    """An immutable list of strings: their characters one behind the other, and where each ends.

    A list of strings takes some 60 bytes more for each, and reading one writes to its reference count, so that of
    processes which share the list each would end with a copy.
    """

    def __init__(self, strings: Sequence[str]) -> None:
        self._text = "".join(strings)
        self._ends = array("I", [0, *accumulate(map(len, strings))])

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> str | list[str]:
        text, ends = self._text, self._ends
        if type(place) is int and place >= 0:  # the usual one, as fast as can be
            return text[ends[place] : ends[place + 1]]
        if isinstance(place, slice):
            return [text[ends[i] : ends[i + 1]] for i in range(*place.indices(len(self)))]
        i = place.__index__()
        if i < 0:
            i += len(self)
        if not 0 <= i < len(self):
            raise IndexError(place)
        return text[ends[i] : ends[i + 1]]

    def __iter__(self) -> Iterator[str]:
        text = self._text
        return (text[begin:end] for begin, end in pairwise(self._ends))
