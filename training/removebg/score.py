"""Scores a network against ground truth: the photos that the bank holds out, or a set of photos and masks.

python3 -m removebg.score CHECKPOINT SET      SET/images and SET/masks; alpha is upscaled bilinearly to the photo's size
"""
import argparse
import os
from glob import glob

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor, nn

from . import checkpoint
from .schedule import FULL_SIZE


def iou(alpha: Tensor, truth: Tensor) -> Tensor:
    """IoU at 0.5, per image; 1 if both are empty."""
    a, b = alpha > 0.5, truth > 0.5
    either = (a | b).sum((1, 2, 3))
    return torch.where(either > 0, (a & b).sum((1, 2, 3)) / either.clamp(min=1), torch.ones_like(either))


@torch.no_grad()
def held_out(network: nn.Module, bank: dict[str, np.ndarray], device: str) -> tuple[float, float]:
    """Mean IoU and mean absolute error over the photos held out, at the network's own size; NaN if there is none."""
    chosen = np.nonzero(bank["held"] & (bank["weight"] > 0.5))[0]
    was_training = network.training
    network.eval()
    ious: list[float] = []
    errors: list[float] = []
    for i in range(0, len(chosen), 8):
        img, lab = (torch.from_numpy(bank[key][chosen[i : i + 8]]).to(device).float() / 255 for key in ("img", "lab"))
        alpha = network(img)
        ious += iou(alpha, lab).tolist()
        errors += (alpha - lab).abs().mean((1, 2, 3)).tolist()
    network.train(was_training)
    return (float(np.mean(ious)), float(np.mean(errors))) if ious else (float("nan"), float("nan"))


@torch.no_grad()
def photo_set(network: nn.Module, folder: str) -> dict[str, tuple[float, float]]:
    """IoU and mean absolute error by photo."""
    scores = {}
    for file in sorted(glob(os.path.join(folder, "images", "*"))):
        name = os.path.splitext(os.path.basename(file))[0]
        with Image.open(file) as image, Image.open(os.path.join(folder, "masks", name + ".png")) as mask:
            photo = np.asarray(image.convert("RGB").resize((FULL_SIZE, FULL_SIZE), Image.BILINEAR, reducing_gap=3))
            truth = torch.from_numpy(np.asarray(mask.convert("L"), np.float32) / 255)[None, None]
        alpha = network(torch.from_numpy(photo.transpose(2, 0, 1).copy())[None].float() / 255)
        alpha = F.interpolate(alpha, size=truth.shape[2:], mode="bilinear", align_corners=False)
        scores[name] = (float(iou(alpha, truth)), float((alpha - truth).abs().mean()))
    if not scores:
        raise SystemExit(f"{folder}/images is empty.")
    return scores


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoint")
    arguments.add_argument("set")
    given = arguments.parse_args()
    scores = photo_set(checkpoint.load_average(given.checkpoint), given.set)
    for name, (overlap, error) in sorted(scores.items(), key=lambda score: score[1][0])[:20]:
        print(f"{name} IoU {overlap:.3f} MAE {error:.3f}")
    means = np.mean(list(scores.values()), 0)
    print(f"{len(scores)} photos: IoU {means[0]:.4f} MAE {means[1]:.4f}; above, the worst twenty")


if __name__ == "__main__":
    main()
