"""Generated data: shapes on plain or striped backgrounds, with confident labels."""
import os
import sys

import numpy as np
from PIL import Image


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    """Alpha from 0 to 255 with a soft edge of two pixels."""
    rows, columns = np.mgrid[:size, :size] + 0.5
    distance = np.hypot(columns - x * size, rows - y * size)
    return np.uint8(255 * np.clip((radius * size - distance) / 2 + 0.5, 0, 1))


def picture(rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
    """A disc of one colour on a striped background, and its alpha."""
    alpha = disc(size, *rng.uniform(0.35, 0.65, 2), rng.uniform(0.15, 0.3))
    front, back, stripe = rng.integers(0, 256, (3, 3))
    stripes = (np.arange(size)[:, None, None] // max(2, size // int(rng.integers(4, 20))) % 2) * np.ones((1, size, 1))
    ground = np.where(stripes > 0.5, back, back * 0.7 + stripe * 0.3)
    share = alpha[..., None] / 255
    return np.uint8(front * share + ground * (1 - share)), alpha


def folders(root: str, count: int = 6, size: int = 96) -> tuple[str, str]:
    """Writes PHOTOS and LABELS below root and returns them."""
    rng = np.random.default_rng(1)
    photos, labels = os.path.join(root, "photos"), os.path.join(root, "labels")
    os.makedirs(photos, exist_ok=True), os.makedirs(labels, exist_ok=True)
    for i in range(count):
        colours, alpha = picture(rng, size)
        Image.fromarray(colours).save(os.path.join(photos, f"{i}.jpg"), quality=95)
        Image.fromarray(alpha).save(os.path.join(labels, f"{i}.png"))
    return photos, labels


def unseen(root: str, count: int, size: int = 320) -> None:
    """Writes other pictures as the network's input and truth: images.f32 (N x 3 x H x W) and alphas.f32."""
    rng = np.random.default_rng(2)
    pictures = [picture(rng, size) for _ in range(count)]
    images = np.stack([colours.transpose(2, 0, 1) for colours, _ in pictures])
    (images / 255).astype(np.float32).tofile(os.path.join(root, "images.f32"))
    (np.stack([alpha[None] for _, alpha in pictures]) / 255).astype(np.float32).tofile(os.path.join(root, "alphas.f32"))


if __name__ == "__main__":
    folders(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    unseen(sys.argv[1], 20)
