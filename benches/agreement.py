"""Concordance, and the standard errors of differences in it."""

import numpy as np


def concordance(x, y):
    """Harrell's C: of two people for whom different numbers were observed, how often x orders them right, ties half; and the
    influence of each person on it, which sums to 0: the standard error of C is the root of the sum of their squares."""
    places = np.unique(x, return_inverse=True)[1]
    order = np.argsort(y, kind="stable")
    groups = np.split(order, np.flatnonzero(np.diff(y[order])) + 1)
    right, pairs = np.zeros(len(y)), np.zeros(len(y))
    for step in (1, -1):
        counts, seen = np.zeros(places.max() + 1), 0
        for group in groups[::step]:
            at = places[group]
            if seen:
                upto = np.cumsum(counts)[at]
                right[group] += (upto - counts[at] if step > 0 else seen - upto) + counts[at] / 2
                pairs[group] += seen
            counts += np.bincount(at, minlength=len(counts))
            seen += len(group)
    if not pairs.any():
        return np.nan, np.zeros(len(y))
    c = right.sum() / pairs.sum()
    return c, (right - c * pairs) / (pairs.sum() / 2)


def clustered_error(influences):
    """Standard error of the mean over days of a statistic. `influences`: for each day the people and their influence on it; a person
    of several days is one cluster."""
    people, inverse = np.unique(np.concatenate([own for own, _ in influences]), return_inverse=True)
    sums = np.bincount(inverse, np.concatenate([own / len(influences) for _, own in influences]), len(people))
    return float(np.sqrt((sums**2).sum()))
