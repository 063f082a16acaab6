"""Packed strings behave as a list of them does."""

from bisect import bisect_left

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text.packed_strings import PackedStrings

ANY = st.lists(st.text(st.characters(codec=None, exclude_categories=())))


@given(ANY, st.data())
def test_they_read_as_a_list(strings: list[str], data: st.DataObject) -> None:
    packed = PackedStrings(strings)
    assert list(packed) == strings and len(packed) == len(strings)
    assert [packed[i] for i in range(-len(strings), len(strings))] == strings * 2
    part = data.draw(st.slices(len(strings)))
    assert packed[part] == strings[part]
    for outside in (len(strings), -len(strings) - 1):
        with pytest.raises(IndexError):
            packed[outside]


@given(ANY, st.text())
def test_they_can_be_searched(strings: list[str], wanted: str) -> None:
    strings.sort()
    assert bisect_left(PackedStrings(strings), wanted) == bisect_left(strings, wanted)
