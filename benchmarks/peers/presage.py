"""Presage, the predictive text library in Debian (libpresage1v5, libpresage-data), through its C interface."""

import ctypes
import os
from shutil import rmtree
from tempfile import mkdtemp
from weakref import finalize

from model.evaluate.simulated_typing import STRIPS, Offer

_Text = ctypes.CFUNCTYPE(ctypes.c_char_p, ctypes.c_void_p)
_Words = ctypes.POINTER(ctypes.c_char_p)
_SETTINGS = {
    b"Presage.Selector.SUGGESTIONS": str(STRIPS[-1]).encode(),
    # Else it never offers again what it offered one letter before.
    b"Presage.Selector.REPEAT_SUGGESTIONS": b"yes",
}


class Presage:
    """Suggests by Presage as Debian configures it: smoothed n-grams of one English novel and recency.

    It learns what is typed, into a file in the home folder, so it gets a new one: runs are not to know of each other.
    """

    def __init__(self) -> None:
        self._library = library = ctypes.CDLL("libpresage.so.1")
        new_home = mkdtemp(prefix="presage")
        # A ``TemporaryDirectory`` would warn where it is removed with this, at whatever moment.
        finalize(self, rmtree, new_home, ignore_errors=True)
        # Kept: Presage reads it again whenever it asks for the text.
        self._text = ctypes.create_string_buffer(1)
        address = ctypes.c_void_p
        self._past = ctypes.CFUNCTYPE(address, address)(lambda _: ctypes.addressof(self._text))
        self._nothing = ctypes.create_string_buffer(b"")
        self._future = ctypes.CFUNCTYPE(address, address)(lambda _: ctypes.addressof(self._nothing))
        self._handle = ctypes.c_void_p()
        home = os.environ.get("HOME", "")
        os.environ["HOME"] = new_home
        failed = library.presage_new(self._past, None, self._future, None, ctypes.byref(self._handle))
        os.environ["HOME"] = home
        if failed:
            raise OSError("Presage cannot be started")
        for name, value in _SETTINGS.items():
            if library.presage_config_set(self._handle, name, value):
                raise OSError(f"Presage refuses {name.decode()}")

    def suggest(self, text: str, letters: int) -> list[Offer]:
        """Suggest what Presage predicts; it gives no probabilities."""
        self._text = ctypes.create_string_buffer(text.encode())
        found = _Words()
        if self._library.presage_predict(self._handle, ctypes.byref(found)):
            return []
        words, i = [], 0
        while word := found[i]:
            words.append(Offer(word.decode("utf-8", "replace"), 0.0))
            i += 1
        self._library.presage_free_string_array(found)
        return words
