"""Backgrounds as in a studio: plain, gradient or in two parts (wall and table), with a soft shadow of the subject."""
import torch
import torch.nn.functional as F
from torch import Tensor

from .dice import Dice, per_image
from .geometry import warp


def studio(dice: Dice, size: int, alpha: Tensor) -> Tensor:
    n = len(alpha)
    light = per_image(dice.flag(n, 0.5))
    grey = dice.uniform((n, 1, 1, 1), 0.7, 1.0) + dice.uniform((n, 3, 1, 1), -0.04, 0.04)
    first = light * grey + (1 - light) * dice.uniform((n, 3, 1, 1))
    other = per_image(dice.flag(n, 0.3))
    second = other * dice.uniform((n, 3, 1, 1)) + (1 - other) * (first + dice.uniform((n, 1, 1, 1), -0.3, 0.15))
    axis = torch.linspace(-1, 1, size, device=alpha.device)
    x, y = axis.view(1, 1, 1, -1), axis.view(1, 1, -1, 1)
    angle = per_image(dice.uniform(n, 0, 6.283))
    across = torch.cos(angle) * x + torch.sin(angle) * y
    firmness = per_image(torch.exp(dice.uniform(n, -0.5, 4)))  # from a wide gradient to a sharp edge
    share = torch.sigmoid(firmness * (across - per_image(dice.uniform(n, -0.6, 0.8))) * 2)
    ground = first + (second - first) * share * per_image(dice.flag(n, 0.75))
    ground = ground * (1 - per_image(dice.flag(n, 0.4) * dice.uniform(n, 0, 0.25)) * (x**2 + y**2))
    return ground * (1 - shadow(dice, size, alpha) * per_image(dice.flag(n, 0.7) * dice.uniform(n, 0.1, 0.55)))


def shadow(dice: Dice, size: int, alpha: Tensor) -> Tensor:
    """Shifts and blurs the alpha; from 0 to 1."""
    n = len(alpha)
    theta = torch.zeros(n, 2, 3, device=alpha.device)
    theta[:, 0, 0], theta[:, 1, 1] = 1 / dice.uniform(n, 0.95, 1.1), 1 / dice.uniform(n, 0.7, 1.05)
    theta[:, 0, 2], theta[:, 1, 2] = dice.uniform(n, -0.12, 0.12), dice.uniform(n, -0.25, 0.0)
    small = warp(F.avg_pool2d(alpha, 8), theta, size // 8, "zeros")
    return F.interpolate(F.avg_pool2d(small, 3, 1, 1), size=(size, size), mode="bilinear", align_corners=False)
