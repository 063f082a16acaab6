"""Memory management: returns freed memory to the system, and keeps the garbage collector off the models."""

import ctypes
import gc

# The collector's thresholds: new objects until it visits the young ones, and the number of such visits until it visits
# older ones, and all. An open connection has a hundred or so: by Python's own measure those of two thousand would
# be looked through several times a second, a tenth of a second each time.
_COLLECT_AFTER = (20_000, 20, 50)


def give_back() -> None:
    """Collect garbage, and have the C library return freed memory to the system.

    Loading a model leaves tens of megabytes in pieces, which glibc keeps, and more with each reload.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
    if trim is not None:
        trim(0)


def freeze() -> None:
    """Exclude all present objects from garbage collection, and collect seldom.

    The models stay, and visiting them takes long. In a forked process it would also
    write to them, and so copy memory that is shared.
    """
    gc.set_threshold(*_COLLECT_AFTER)
    gc.unfreeze()
    give_back()
    gc.freeze()
