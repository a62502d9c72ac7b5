"""Memory that a process frees stays with it: the next step of a training wants it again.

By default the C library gives memory at the end of its heap back to the system whenever enough of
it is free. A training frees its intermediate values at the end of every step, and the system then
hands the same pages out again one by one, each cleared first: up to two thirds of a step's time.
"""

import ctypes

# Names and numbers of glibc's malloc.h; an allocation above the threshold is the system's own.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
KEPT = 1 << 30  # bytes
LARGEST = 1 << 25  # bytes; glibc takes no more


def keep_freed_memory() -> bool:
    """Tell the C library; False if it is not one that listens (glibc does), and all stays as it is.

    At most 1 GiB of freed memory is kept, and blocks above 32 MiB are given back at once.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    settings = ((M_MMAP_THRESHOLD, LARGEST), (M_TRIM_THRESHOLD, KEPT))
    return all([mallopt(*setting) == 1 for setting in settings])
