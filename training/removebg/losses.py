"""Losses, weighted per image so that uncertain labels count less."""
import torch.nn.functional as F
import torch
from torch import Tensor


def area_loss(logit: Tensor, target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Binary cross-entropy and half of a soft IoU loss. Returns the loss and the alpha."""
    bce = F.binary_cross_entropy_with_logits(logit, target, reduction="none").mean((1, 2, 3))
    alpha = torch.sigmoid(logit)
    both = (alpha * target).sum((1, 2, 3))
    either = (alpha + target).sum((1, 2, 3)) - both
    iou = 1 - (both + 1) / (either + 1)
    return ((bce + 0.5 * iou) * weight).sum() / weight.sum().clamp(min=1), alpha


def edge_loss(alpha: Tensor, target: Tensor, weight: Tensor) -> Tensor:
    """Difference of the gradients, along both axes."""

    def gradients(plane: Tensor) -> tuple[Tensor, Tensor]:
        return plane[..., 1:] - plane[..., :-1], plane[..., 1:, :] - plane[..., :-1, :]

    error = sum((a - b).abs().mean((1, 2, 3)) for a, b in zip(gradients(alpha), gradients(target)))
    return (error * weight).sum() / weight.sum().clamp(min=1)


def total_loss(outputs: list[Tensor], target: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Sums over all levels. Returns the loss, and the full level's share of it to monitor."""
    main, alpha = area_loss(outputs[0], target, weight)
    loss = main + 1.5 * edge_loss(alpha, target, weight)
    for level in outputs[1:]:
        loss = loss + 0.3 * area_loss(level, F.adaptive_avg_pool2d(target, level.shape[2:]), weight)[0]
    return loss, main.detach()
