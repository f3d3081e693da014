"""Random geometry: crops of photos, cut-outs placed on an empty canvas."""
import torch
import torch.nn.functional as F
from torch import Tensor

from .dice import Dice


def warp(x: Tensor, theta: Tensor, size: int, padding: str) -> Tensor:
    """theta: N x 2 x 3, from the output's coordinates to the input's, both from -1 to 1."""
    grid = F.affine_grid(theta, (x.shape[0], 1, size, size), align_corners=False)
    return F.grid_sample(x, grid, "bilinear", padding, align_corners=False)


def affine(a11: Tensor, a12: Tensor, x: Tensor, a21: Tensor, a22: Tensor, y: Tensor) -> Tensor:
    return torch.stack([torch.stack([a11, a12, x], 1), torch.stack([a21, a22, y], 1)], 1)


def random_frame(dice: Dice, n: int) -> Tensor:
    """Crops by up to 40 %, slightly stretched, rotated and mirrored; three in ten keep the whole image."""
    crop = 1 - dice.flag(n, 0.3)
    scale = 1 - crop * dice.uniform(n, 0, 0.4)
    aspect = torch.exp(crop * dice.uniform(n, -0.2, 0.2))
    sx, sy = (scale * aspect).clamp(max=1), (scale / aspect).clamp(max=1)
    turn = dice.flag(n, 0.3) * dice.uniform(n, -0.35, 0.35)
    mirror = 1 - 2 * dice.flag(n, 0.5)
    cx, cy = (1 - sx) * dice.uniform(n, -1, 1), (1 - sy) * dice.uniform(n, -1, 1)
    return affine(
        sx * torch.cos(turn) * mirror,
        -sx * torch.sin(turn),
        cx,
        sy * torch.sin(turn) * mirror,
        sy * torch.cos(turn),
        cy,
    )


def random_place(dice: Dice, box: Tensor, low: float, high: float) -> Tensor:
    """Places a box (left, top, right, bottom as shares, stands on the border) with a longer side of low to high."""
    n = len(box)
    b, stands = box[:, :4] * 2 - 1, box[:, 4]
    width, height = b[:, 2] - b[:, 0], b[:, 3] - b[:, 1]
    scale = 2 * dice.uniform(n, low, high) / torch.maximum(width, height)
    aspect = torch.exp(dice.uniform(n, -0.15, 0.15))
    kx, ky = scale * aspect, scale / aspect
    turn = dice.flag(n, 0.4) * (1 - stands) * dice.uniform(n, -0.5, 0.5)
    mirror = 1 - 2 * dice.flag(n, 0.5)
    # Its centre stays in the image; up to 15 % of it may be cut off.
    ox = (1 - kx * width / 2 * 0.7).clamp(min=0) * dice.uniform(n, -1, 1)
    oy = (1 - ky * height / 2 * 0.7).clamp(min=0) * dice.uniform(n, -1, 1)
    oy = torch.where(stands > 0, 1 - ky * height / 2 + 0.02, oy)
    ix, iy = (b[:, 0] + b[:, 2]) / 2, (b[:, 1] + b[:, 3]) / 2
    cos, sin = torch.cos(turn), torch.sin(turn)
    a11, a12, a21, a22 = mirror * cos / kx, -mirror * sin / kx, sin / ky, cos / ky
    return affine(a11, a12, ix - a11 * ox - a12 * oy, a21, a22, iy - a21 * ox - a22 * oy)


def window(dice: Dice, win: Tensor) -> Tensor:
    """Enlarges a window (photo, x, y, width, height as shares) to the whole image, mirrored or not."""
    n = len(win)
    mirror, zero = 1 - 2 * dice.flag(n, 0.5), torch.zeros(n, device=win.device)
    return affine(
        win[:, 3] * mirror, zero, 2 * win[:, 1] + win[:, 3] - 1, zero, win[:, 4], 2 * win[:, 2] + win[:, 4] - 1
    )
