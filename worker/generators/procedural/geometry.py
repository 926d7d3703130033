"""Whether placed objects stand in a relation, measured on the outlines that are drawn."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.pool.composition import Relation
from worker.generators.procedural.scene import PlacedObject
from worker.generators.procedural.shapes import distance

SAMPLES = 48  # per axis, when areas are measured
LEAST_OVERLAP, MOST_OVERLAP = 0.08, 0.80  # for "in front of" to be seen


def relation_holds(
    relation: Relation, ours: Sequence[PlacedObject], theirs: Sequence[PlacedObject]
) -> bool:
    """Tell whether all of `ours` stand so to all of `theirs`; False if either is empty.

    Above, below, left and right compare bounding boxes, which must not overlap on that axis.
    Beside asks for a gap sideways and for about the same height.  In front of and behind ask that
    the one hides part of the other, inside that everything lies within one object's hole.
    """
    if not ours or not theirs:
        return False
    match relation:
        case Relation.AND:
            return True
        case Relation.ABOVE:
            return max(o.bottom for o in ours) <= min(t.top for t in theirs)
        case Relation.LEFT_OF:
            return max(o.right for o in ours) <= min(t.left for t in theirs)
        case Relation.BELOW:
            return relation_holds(Relation.ABOVE, theirs, ours)
        case Relation.RIGHT_OF:
            return relation_holds(Relation.LEFT_OF, theirs, ours)
        case Relation.BESIDE:
            return _is_beside(ours, theirs)
        case Relation.IN_FRONT_OF:
            return _is_in_front(ours, theirs)
        case Relation.BEHIND:
            return _is_in_front(theirs, ours)
        case Relation.INSIDE:
            return _is_inside(ours, theirs)


def overlap(front: Sequence[PlacedObject], back: Sequence[PlacedObject]) -> float:
    """Return the area shared by both, as a share of the smaller of the two, in [0, 1]."""
    both = [*front, *back]
    x = np.linspace(min(o.left for o in both), max(o.right for o in both), SAMPLES)[None, :]
    y = np.linspace(min(o.top for o in both), max(o.bottom for o in both), SAMPLES)[:, None]
    ahead, behind = _covered(front, x, y), _covered(back, x, y)
    return float((ahead & behind).sum() / max(1, min(ahead.sum(), behind.sum())))


def _covered(
    objects: Sequence[PlacedObject], x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    covered = np.zeros((y.shape[0], x.shape[1]), dtype=bool)
    for o in objects:
        covered |= distance(o.look.shape, (x - o.x) / o.radius, (y - o.y) / o.radius) <= 0
    return covered


def _is_beside(ours: Sequence[PlacedObject], theirs: Sequence[PlacedObject]) -> bool:
    apart = relation_holds(Relation.LEFT_OF, ours, theirs)
    apart = apart or relation_holds(Relation.RIGHT_OF, ours, theirs)
    tops = [min(o.top for o in side) for side in (ours, theirs)]
    bottoms = [max(o.bottom for o in side) for side in (ours, theirs)]
    lower = min(bottom - top for top, bottom in zip(tops, bottoms, strict=True))
    return apart and max(tops) - min(bottoms) < lower / 2


def _is_in_front(front: Sequence[PlacedObject], back: Sequence[PlacedObject]) -> bool:
    ahead = min(f.depth for f in front) > max(b.depth for b in back)
    return ahead and LEAST_OVERLAP <= overlap(front, back) <= MOST_OVERLAP


def _is_inside(inner: Sequence[PlacedObject], outer: Sequence[PlacedObject]) -> bool:
    return any(
        all(
            np.hypot(o.x - holder.x, o.y - holder.y) + o.radius <= holder.hole_radius for o in inner
        )
        for holder in outer
    )
