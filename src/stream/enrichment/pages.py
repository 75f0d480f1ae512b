"""Memory that goes back to the system as soon as nobody uses it.

What the allocator frees between pieces that stay is a hole, and a table that is laid out anew as it grows leaves
many.
"""

import mmap


def pages(size: int) -> mmap.mmap:
    """Bytes that are zero; none takes memory before it is written to."""
    return mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)


def numbers(count: int) -> memoryview:
    """As many numbers of 32 bits without sign, all zero."""
    return memoryview(pages(4 * count)).cast("I")
