"""Memory that is freed goes back to the system, and memory that is not is shared with forked processes."""

import ctypes
import gc

# How many objects more there must be until the collector looks at the young ones, and how often that until it looks at
# older ones, and at all. An open connection has a hundred or so: by Python's own measure those of two thousand would
# be looked through several times a second, a tenth of a second each time.
_COLLECT_AFTER = (20_000, 20, 50)


def give_back() -> None:
    """Free what is no longer used, and have the C library keep none of it.

    Loading a model leaves tens of megabytes in pieces, which glibc keeps, and more with each reload.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
    if trim is not None:
        trim(0)


def freeze() -> None:
    """Have the collector leave alone what there is, and come seldom: the models stay, and to visit them takes long.

    In a forked process it would also write to them, and so make a copy of each.
    """
    gc.set_threshold(*_COLLECT_AFTER)
    gc.unfreeze()
    give_back()
    gc.freeze()
