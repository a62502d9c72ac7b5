"""ArviZ's statistics of chains and weights, imported when first asked for.

The import takes a second of CPU time, and half of the steps whose library modules could ask for
them never do.
"""


def statistics():
    """ArviZ's functions of plain arrays: ess, rhat, mcse, bfmi, psislw and more."""
    from arviz_stats.base import array_stats

    return array_stats
