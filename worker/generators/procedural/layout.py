"""Where the objects go: a grid of blocks that satisfies the relations as they were read.

Groups bound by a relation in depth share a block; all other relations become steps from cell to
cell.  Several layouts are drafted and the one whose objects come out largest is kept.  Lengths
are in units of a middle-sized object's radius until the layout is scaled to the picture.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from app.pool.composition import DEPTH_RELATIONS, Relation, Size
from worker.generators.procedural.geometry import overlap
from worker.generators.procedural.misreading import Reading, Slot
from worker.generators.procedural.scene import PlacedObject, Scene

RADII = {Size.SMALL: 0.6, None: 1.0, Size.LARGE: 1.55}
PITCH = 2.3  # from object to object in a group, in radii
GAP = 0.7  # between blocks
STRAY = 0.25  # of a block from the middle of its cell: neighbours still stand side by side
DRAFTS = 10
LARGEST_UNIT = 0.23  # of the shorter side
FILLED = 0.88  # of each side
ENOUGH_OVERLAP = 0.25  # of the smaller one, where something stands in front of something
ROWS: dict[int, list[tuple[int, ...]]] = {
    1: [(1,)],
    2: [(2,), (1, 1)],
    3: [(3,), (1, 2), (2, 1)],
    4: [(2, 2), (1, 2, 1)],
    5: [(2, 3), (3, 2)],
    6: [(3, 3), (2, 2, 2)],
}
STEPS = {
    Relation.ABOVE: ((0, 1),),
    Relation.BELOW: ((0, -1),),
    Relation.LEFT_OF: ((1, 0),),
    Relation.RIGHT_OF: ((-1, 0),),
    Relation.BESIDE: ((1, 0), (-1, 0)),
    Relation.AND: ((1, 0), (-1, 0), (0, 1)),
}
Cell = tuple[int, int]


@dataclass(frozen=True)
class Piece:
    """One slot placed in its block."""

    item: PlacedObject
    drawn: bool

    def moved(self, x: float, y: float) -> "Piece":
        return replace(self, item=replace(self.item, x=self.item.x + x, y=self.item.y + y))


Block = list[Piece]


@dataclass(frozen=True)
class Draft:
    """Blocks, each centred on the origin, and the cell (column, row) of each."""

    blocks: list[Block]
    cells: list[Cell]

    def spans(self, axis: int) -> list[float]:
        """Return the width of every column (axis 0) or the height of every row (axis 1)."""
        spans: dict[int, float] = {}
        for block, cell in zip(self.blocks, self.cells, strict=True):
            spans[cell[axis]] = max(spans.get(cell[axis], 0.0), _span(block, axis))
        return [spans[position] for position in sorted(spans)]

    def unit_px(self, width: int, height: int) -> float:
        """Return the largest radius of a middle-sized object with which all of it fits."""
        fits = [
            FILLED * side / (sum(spans) + GAP * (len(spans) - 1))
            for side, spans in ((width, self.spans(0)), (height, self.spans(1)))
        ]
        return min(*fits, LARGEST_UNIT * min(width, height))


def laid_out(reading: Reading, width: int, height: int, rng: np.random.Generator) -> Scene:
    """Place everything that was read on a picture of the given size in px."""
    drafts = [_draft(reading, rng) for _ in range(DRAFTS)]
    best = max(drafts, key=lambda draft: draft.unit_px(width, height))
    unit = best.unit_px(width, height)
    columns = _centres(best.spans(0), [cell[0] for cell in best.cells], width / unit, rng)
    rows = _centres(best.spans(1), [cell[1] for cell in best.cells], height / unit, rng)
    objects = []
    for block, (x, wide), (y, high) in zip(best.blocks, columns, rows, strict=True):
        x += float(rng.uniform(-1, 1)) * min(STRAY, 0.4 * (wide - _span(block, 0)))
        y += float(rng.uniform(-1, 1)) * min(STRAY, 0.4 * (high - _span(block, 1)))
        objects += [_scaled(piece.moved(x, y).item, unit) for piece in block if piece.drawn]
    return Scene(width, height, tuple(objects), reading.background)


def _centres(
    spans: list[float], positions: list[int], side: float, rng: np.random.Generator
) -> list[tuple[float, float]]:
    """Return centre and span of the column (or row) of every block, along one side."""
    slack = side - sum(spans) - GAP * (len(spans) - 1)
    gap = GAP + 0.25 * slack / len(spans)
    start = (side - sum(spans) - gap * (len(spans) - 1)) / 2
    start += float(rng.uniform(-0.3, 0.3)) * (start - (1 - FILLED) / 2 * side)
    index = {position: order for order, position in enumerate(sorted(set(positions)))}
    edges = [start + sum(spans[:order]) + gap * order for order in range(len(spans))]
    return [(edges[index[p]] + spans[index[p]] / 2, spans[index[p]]) for p in positions]


def _scaled(item: PlacedObject, unit: float) -> PlacedObject:
    return replace(item, x=item.x * unit, y=item.y * unit, radius=item.radius * unit)


def _draft(reading: Reading, rng: np.random.Generator) -> Draft:
    blocks, cells = [_cluster(0, reading.groups[0], rng)], [(0, 0)]
    for group, relation in enumerate(reading.relations, start=1):
        cluster = _cluster(group, reading.groups[group], rng)
        if relation in DEPTH_RELATIONS:
            blocks[-1] = _joined(blocks[-1], relation, cluster, rng)
        else:
            cells.append(_next_cell(cells, relation, rng))
            blocks.append(cluster)
    return Draft([_centred(block) for block in blocks], cells)


def _next_cell(cells: Sequence[Cell], relation: Relation, rng: np.random.Generator) -> Cell:
    """Step from the last cell, and further in the same direction while cells are taken.

    Where there is a choice it does not turn back: in "a circle left of a square and a star" the
    star then lies to the right of the circle as well, whichever way the words are taken.
    """
    back = _step(cells[-1], cells[-2]) if len(cells) > 1 else None
    choices = [step for step in STEPS[relation] if step != back or len(STEPS[relation]) == 1]
    right, down = choices[int(rng.integers(len(choices)))]
    column, row = cells[-1][0] + right, cells[-1][1] + down
    while (column, row) in cells:
        column, row = column + right, row + down
    return column, row


def _step(start: Cell, end: Cell) -> Cell:
    """Return the direction from cell to cell, each part -1, 0 or 1."""
    return int(np.sign(end[0] - start[0])), int(np.sign(end[1] - start[1]))


def _cluster(group: int, slots: Sequence[Slot], rng: np.random.Generator) -> Block:
    """Arrange the objects of one group in one to three rows, slightly out of line."""
    choices = ROWS[len(slots)]
    rows = choices[int(rng.integers(len(choices)))]
    pitch = PITCH * max(RADII[slot.look.size] for slot in slots)
    places = [
        ((column - (length - 1) / 2) * pitch, (row - (len(rows) - 1) / 2) * pitch)
        for row, length in enumerate(rows)
        for column in range(length)
    ]
    pieces = [_piece(group, slot, x, y, rng) for slot, (x, y) in zip(slots, places, strict=True)]
    return [
        replace(p, item=replace(p.item, serial=8 * group + number))
        for number, p in enumerate(pieces)
    ]


def _piece(group: int, slot: Slot, x: float, y: float, rng: np.random.Generator) -> Piece:
    radius = RADII[slot.look.size]
    right, down = rng.uniform(-0.09, 0.09, size=2) * radius
    angle = float(rng.uniform(-0.13, 0.13))
    item = PlacedObject(group, slot.look, x + float(right), y + float(down), radius, angle)
    return Piece(item, slot.drawn)


def _joined(block: Block, relation: Relation, other: Block, rng: np.random.Generator) -> Block:
    """Put `other` into the block so that the block stands in a relation in depth to it.

    Where `other` was misread as something without a hole, what was to be inside lies in front.
    """
    if relation is Relation.INSIDE and other[0].item.hole_radius > 0:
        return _enclosed(block, other)
    front, back = (other, block) if relation is Relation.BEHIND else (block, other)
    front, back = _centred(front), _centred(back)
    right, down = _shift(_items(front), _items(back), float(rng.choice((-1, 1))))
    raised = [replace(p, item=replace(p.item, depth=p.item.depth + 10)) for p in front]
    return back + [piece.moved(right, down) for piece in raised]


def _items(block: Block) -> tuple[PlacedObject, ...]:
    """Return the objects of a block without what an overlap does not depend on."""
    return tuple(
        replace(p.item, x=round(p.item.x, 6), y=round(p.item.y, 6), angle_rad=0.0) for p in block
    )


@lru_cache(maxsize=512)
def _shift(
    front: tuple[PlacedObject, ...], back: tuple[PlacedObject, ...], side: float
) -> tuple[float, float]:
    """Return how far to move `front`, down and to a side, so that it hides part of `back`.

    Shapes with gaps are why several directions are tried: a crescent is hit on one side only.
    """
    reach = (max(o.radius for o in front) + max(o.radius for o in back)) * 1.1
    best, most = (0.0, 0.0), 0.0
    for right, down in ((0.75 * side, 0.6), (-0.75 * side, 0.6), (0.0, 0.9)):
        for share in (0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3):
            shift = (right * share * reach, down * share * reach)
            moved = [replace(o, x=o.x + shift[0], y=o.y + shift[1]) for o in front]
            shared = overlap(moved, back)
            if shared >= ENOUGH_OVERLAP:
                return shift
            best, most = (shift, shared) if shared > most else (best, most)
    return best


def _enclosed(inner: Block, outer: Block) -> Block:
    """Put `inner` into the first hollow object of `outer`, growing that until it fits.

    What is inside and of no particular size is drawn small.
    """
    inner, holder = _centred([_shrunk(piece) for piece in inner]), outer[0]
    reach = max(float(np.hypot(p.item.x, p.item.y)) + p.item.radius for p in inner)
    hole = holder.item.hole_radius / holder.item.radius
    radius = max(holder.item.radius, 1.08 * reach / hole)
    grown = replace(holder, item=replace(holder.item, x=0, y=0, radius=radius))
    aside = [
        replace(p, item=replace(p.item, x=radius + PITCH * place * p.item.radius, y=0))
        for place, p in enumerate(outer[1:], start=1)
    ]
    raised = [replace(p, item=replace(p.item, depth=p.item.depth + 10)) for p in inner]
    return [grown, *aside, *raised]


def _shrunk(piece: Piece) -> Piece:
    item, factor = piece.item, RADII[Size.SMALL]
    if item.look.size is not None:
        return piece
    smaller = replace(item, x=item.x * factor, y=item.y * factor, radius=item.radius * factor)
    return replace(piece, item=smaller)


def _bounds(block: Block, axis: int) -> tuple[float, float]:
    if axis == 0:
        sides = [(p.item.x - p.item.radius, p.item.x + p.item.radius) for p in block]
    else:
        sides = [(p.item.y - p.item.radius, p.item.y + p.item.radius) for p in block]
    return min(low for low, _ in sides), max(high for _, high in sides)


def _span(block: Block, axis: int) -> float:
    low, high = _bounds(block, axis)
    return high - low


def _centred(block: Block) -> Block:
    left, right = _bounds(block, 0)
    top, bottom = _bounds(block, 1)
    return [piece.moved(-(left + right) / 2, -(top + bottom) / 2) for piece in block]
