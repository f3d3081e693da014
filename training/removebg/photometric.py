"""Colour changes by cameras and networks: exposure, white balance, saturation, gamma, soft focus, noise, JPEG."""
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .dice import Dice, per_image


def tint(dice: Dice, x: Tensor, strength: float = 0.25) -> Tensor:
    n = len(x)
    return x * (
        1 + dice.uniform((n, 1, 1, 1), -strength, strength) + dice.uniform((n, 3, 1, 1), -strength / 3, strength / 3)
    )


def photometric(dice: Dice, x: Tensor) -> Tensor:
    """Applies each with its own probability; stays in [0, 1]."""
    x = colour(dice, x).clamp(0, 1)
    if len(some := dice.chosen(len(x), 0.15)):
        x[some] = x[some].clamp(min=1e-3) ** per_image(torch.exp(dice.uniform(len(some), -0.5, 0.5)))
    if len(some := dice.chosen(len(x), 0.15)):
        x[some] = soft_focus(x[some], float(dice.uniform(1, 1.4, 3)))
    if len(some := dice.chosen(len(x), 0.15)):
        x[some] = x[some] + torch.randn_like(x[some]) * per_image(dice.uniform(len(some), 0.005, 0.05))
    if len(some := dice.chosen(len(x), 0.2)):
        x[some] = jpeg(x[some], dice.uniform((len(some), 1, 1, 1, 1, 1), 0.005, 0.05))
    return x.clamp(0, 1)


def colour(dice: Dice, x: Tensor) -> Tensor:
    """Contrast, brightness, saturation and white balance as one 3 x 3 matrix and an offset; one in 17 becomes grey."""
    n = len(x)
    on = dice.flag(n, 0.8)
    contrast, brightness = 1 + on * dice.uniform(n, -0.3, 0.3), on * dice.uniform(n, -0.12, 0.12)
    saturation = 1 - dice.flag(n, 0.4) * dice.uniform(n, -0.4, 0.5)
    saturation = torch.where(dice.flag(n, 0.06) > 0, torch.zeros_like(saturation), saturation).view(n, 1, 1)
    balance = contrast[:, None] * (1 + on[:, None] * dice.uniform((n, 3), -0.06, 0.06))
    matrix = balance[:, :, None] * (saturation * torch.eye(3, device=x.device) + (1 - saturation) / 3)
    offset = brightness + (1 - contrast) * x[:, :, ::8, ::8].mean((1, 2, 3))
    return torch.baddbmm(offset.view(n, 1, 1), matrix, x.flatten(2)).view(x.shape)


def soft_focus(x: Tensor, factor: float) -> Tensor:
    size = x.shape[-1]
    small = F.interpolate(x, size=(int(size / factor),) * 2, mode="bilinear", align_corners=False)
    return F.interpolate(small, size=(size, size), mode="bilinear", align_corners=False)


def jpeg(x: Tensor, step: Tensor) -> Tensor:
    """Quantised 8 x 8 discrete cosine transform, coarser for finer detail."""
    n, size = len(x), x.shape[-1]
    k = torch.arange(8.0, device=x.device)
    dct = torch.cos((2 * k[None] + 1) * k[:, None] * np.pi / 16) * 0.5
    dct[0] *= 0.5**0.5
    blocks = x.reshape(n, 3, size // 8, 8, size // 8, 8).transpose(3, 4)
    steps = (1 + k[:, None] + k[None]) * step
    quantised = torch.round(dct @ blocks @ dct.T / steps) * steps
    return (dct.T @ quantised @ dct).transpose(3, 4).reshape(n, 3, size, size)
