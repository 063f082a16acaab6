"""Memory that is freed goes back to the system, and memory that is not is shared with forked processes."""

import ctypes
import gc


def give_back() -> None:
    """Free what is no longer used, and have the C library keep none of it.

    Loading a model leaves tens of megabytes in pieces, which glibc keeps, and more with each reload.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
    if trim is not None:
        trim(0)


def freeze() -> None:
    """Have the collector leave alone what there is: the models stay, and to visit all their objects takes long.

    In a forked process it would also write to them, and so make a copy of each.
    """
    gc.unfreeze()
    give_back()
    gc.freeze()
