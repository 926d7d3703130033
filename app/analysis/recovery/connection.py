"""Which raters and stimuli hang together by ratings.

Raters can be compared only through stimuli that they share, directly or through others.  Where
the raters and stimuli of a study fall into groups without a common member, nothing tells a group
of strict raters from a group of poor stimuli.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse import csgraph

from app.analysis.matrix import IntArray, RatingMatrix


@dataclass(frozen=True, slots=True, eq=False)
class ConnectedGroups:
    """The separate groups into which raters and stimuli fall.

    rater, stimulus : number of the group of each, -1 where there is no rating.
    groups : how many there are; 1 is what a study wants, 0 if there is no rating at all.
    """

    rater: IntArray
    stimulus: IntArray
    groups: int


def connected_groups(matrix: RatingMatrix) -> ConnectedGroups:
    """Find the connected components of the graph whose edges are the ratings.

    Groups are numbered by their first stimulus in the order of the matrix.
    """
    raters, stimuli = len(matrix.rater_ids), len(matrix.stimulus_ids)
    edges = sparse.coo_array(
        (np.ones(matrix.ratings, dtype=np.int8), (matrix.stimulus, stimuli + matrix.rater)),
        shape=(stimuli + raters, stimuli + raters),
    )
    label = csgraph.connected_components(edges, directed=False)[1]
    rated = np.concatenate([matrix.ratings_by_stimulus, matrix.ratings_by_rater]) > 0
    found = np.full(stimuli + raters, -1, dtype=np.int64)
    names, first, number = np.unique(label[rated], return_index=True, return_inverse=True)
    place = np.argsort(np.argsort(first))
    found[rated] = place[number]
    return ConnectedGroups(found[stimuli:], found[:stimuli], len(names))
