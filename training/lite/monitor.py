"""A small set of photos with ground truth to monitor, never to train on or to choose by.

python3 -m lite.monitor SET monitor.npz [--every 2]      SET/images and SET/masks
"""
import argparse
import os
from glob import glob

import numpy as np
import torch
from PIL import Image
from torch import nn

SIZE = 320


@torch.no_grad()
def watch(network: nn.Module, pairs: dict[str, np.ndarray], device: str) -> tuple[float, float]:
    """Mean IoU at 1/2 and mean absolute error, at the network's own size."""
    was_training = network.training
    network.eval()
    ious: list[float] = []
    errors: list[float] = []
    for i in range(0, len(pairs["img"]), 10):
        alpha = network(torch.from_numpy(pairs["img"][i : i + 10]).to(device).float() / 255)
        truth = torch.from_numpy(pairs["gt"][i : i + 10]).to(device).float() / 255
        a, b = alpha > 0.5, truth > 0.5
        ious += ((a & b).sum((1, 2, 3)) / (a | b).sum((1, 2, 3)).clamp(min=1)).tolist()
        errors += (alpha - truth).abs().mean((1, 2, 3)).tolist()
    network.train(was_training)
    return sum(ious) / len(ious), sum(errors) / len(errors)


def read(folder: str, every: int) -> dict[str, np.ndarray]:
    files = sorted(glob(os.path.join(folder, "images", "*")))[::every]
    if not files:
        raise SystemExit(f"{folder}/images is empty.")

    def mask(file: str) -> np.ndarray:
        name = os.path.splitext(os.path.basename(file))[0] + ".png"
        with Image.open(os.path.join(folder, "masks", name)) as truth:
            return np.asarray(truth.convert("L").resize((SIZE, SIZE), Image.BILINEAR))[None]

    def photo(file: str) -> np.ndarray:
        with Image.open(file) as image:
            return np.asarray(image.convert("RGB").resize((SIZE, SIZE), Image.LANCZOS)).transpose(2, 0, 1)

    return {"img": np.stack([photo(file) for file in files]), "gt": np.stack([mask(file) for file in files])}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("folder")
    arguments.add_argument("out")
    arguments.add_argument("--every", type=int, default=2, help="take each n-th pair")
    given = arguments.parse_args()
    np.savez(given.out, **read(given.folder, given.every))


if __name__ == "__main__":
    main()
