"""Repeating backgrounds (bricks, tiles, boards, bookshelves) and noise.

To a network that relies on contrast they are subjects.
"""
import torch
import torch.nn.functional as F
from torch import Tensor

from .dice import Dice, per_image

CELLS = 48  # more rows or columns than this repeat


def patterns(dice: Dice, size: int, n: int) -> Tensor:
    """n x 3 x size x size in [0, 1]: rows of cells, each cell with its own colour and height, gaps between them."""
    rows, columns = per_image(dice.uniform(n, 2.5, 14)), per_image(torch.exp(dice.uniform(n, 0.5, 3.4)))
    v, u = _coordinates(dice, size, n)
    v = v * rows + CELLS
    row = v.floor()
    # Bricks are shifted by half a cell in every second row, books by any amount.
    off = per_image(dice.flag(n, 0.5)) * 0.5 * (row % 2) + per_image(dice.flag(n, 0.5)) * _cell(dice, n, 1, row, row)
    u = (u + 1) * columns + off + CELLS
    column = u.floor()

    common = dice.uniform((n, 3, 1, 1))
    spread = per_image(torch.where(dice.flag(n, 0.5) > 0, dice.uniform(n, 0.02, 0.2), torch.ones(n, device=v.device)))
    colour = common + (_cell(dice, n, 3, row, column) - 0.5) * spread * 2 * (1 - common * (spread > 0.9) * 0.5)
    gap_colour = dice.uniform((n, 3, 1, 1)) * per_image(dice.uniform(n, 0.2, 1))
    gap = per_image(dice.uniform(n, 0.0, 0.12))
    height = 1 - per_image(dice.flag(n, 0.4)) * _cell(dice, n, 1, row, column) * 0.5
    inside = ((u - column) > gap / 2) & ((v - row) > torch.maximum(gap, 1 - height))
    picture = torch.where(inside, colour, gap_colour.expand_as(colour)).clamp(0, 1)
    return _soft(dice, picture * per_image(dice.uniform(n, 0.5, 1)))


def noise(dice: Dice, size: int, n: int) -> Tensor:
    """n x 3 x size x size in [0, 1]: grain of 1 to 32 pixels, grey or coloured, around a random colour."""
    pictures = []
    for _ in range(n):
        cells = max(2, int(size / 32 ** float(dice.uniform(1))))
        grain = dice.uniform((1, 3 if float(dice.uniform(1)) < 0.6 else 1, cells, cells)) - 0.5
        grain = F.interpolate(grain, size=(size, size), mode="nearest" if float(dice.uniform(1)) < 0.5 else "bicubic")
        common, spread = dice.uniform((1, 3, 1, 1), 0.2, 0.8), dice.uniform((1, 1, 1, 1), 0.1, 1.2)
        pictures.append((common + grain * spread).clamp(0, 1))
    return torch.cat(pictures)


def _coordinates(dice: Dice, size: int, n: int) -> tuple[Tensor, Tensor]:
    """Coordinates down and across, from 0 to 1, slightly rotated and tilted."""
    axis = torch.linspace(0, 1, size, device=dice.device)
    y, x = axis.view(1, 1, -1, 1), axis.view(1, 1, 1, -1)
    turn = per_image(dice.flag(n, 0.5) * dice.uniform(n, -0.2, 0.2))
    tilt = 1 + per_image(dice.flag(n, 0.3) * dice.uniform(n, -0.4, 0.4)) * (y - 0.5)
    upright = per_image(dice.flag(n, 0.8))
    down, across = y + turn * (x - 0.5), (x - 0.5) * tilt + 0.5 - turn * (y - 0.5)
    return upright * down + (1 - upright) * across, upright * across + (1 - upright) * down


def _cell(dice: Dice, n: int, channels: int, row: Tensor, column: Tensor) -> Tensor:
    """A random number from 0 to 1 for each cell."""
    table = dice.uniform((n, channels, CELLS * CELLS))
    index = ((row.long() % CELLS) * CELLS + column.long() % CELLS).flatten(1)
    return table.gather(2, index[:, None].expand(-1, channels, -1)).view(n, channels, *row.shape[2:])


def _soft(dice: Dice, picture: Tensor) -> Tensor:
    """Blurs half of them."""
    if len(some := dice.chosen(len(picture), 0.5)):
        size = picture.shape[-1]
        small = F.interpolate(
            picture[some], size=(max(8, int(size / float(dice.uniform(1, 1.5, 8)))),) * 2, mode="area"
        )
        picture[some] = F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)
    return picture
