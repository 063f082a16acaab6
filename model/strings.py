"""Many strings in one piece of memory."""

from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import SupportsIndex, overload


class Strings(Sequence[str]):
    """Read as a list is. A list would take some 60 bytes for each string, and to read one there writes to it (it counts
    who refers to it), so that of processes which share it each would end with a copy.
    """

    def __init__(self, strings: Iterable[str]) -> None:
        encoded = [string.encode("utf-8", "surrogatepass") for string in strings]
        self._bytes = b"".join(encoded)
        self._ends = array("L", [0])
        end = 0
        for string in encoded:
            end += len(string)
            self._ends.append(end)

    def __len__(self) -> int:
        return len(self._ends) - 1

    @overload
    def __getitem__(self, place: SupportsIndex) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> list[str]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> str | list[str]:
        if isinstance(place, slice):
            return [self[i] for i in range(*place.indices(len(self)))]
        begin = place.__index__()
        if begin < 0:
            begin += len(self)
        if not 0 <= begin < len(self):
            raise IndexError(place)
        return self._bytes[self._ends[begin] : self._ends[begin + 1]].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        for begin, end in zip(self._ends, self._ends[1:], strict=False):
            yield self._bytes[begin:end].decode("utf-8", "surrogatepass")
