"""Generated data: discs on plain backgrounds, with confident labels."""
import os

import numpy as np
from PIL import Image


def disc(size: int, x: float, y: float, radius: float) -> np.ndarray:
    """Alpha from 0 to 255 with a soft edge of two pixels."""
    rows, columns = np.mgrid[:size, :size] + 0.5
    distance = np.hypot(columns - x * size, rows - y * size)
    return np.uint8(255 * np.clip((radius * size - distance) / 2 + 0.5, 0, 1))


def folders(root: str, count: int = 6, size: int = 96) -> tuple[str, str]:
    """PHOTOS and LABELS below root."""
    rng = np.random.default_rng(1)
    photos, labels = os.path.join(root, "photos"), os.path.join(root, "labels")
    os.makedirs(photos), os.makedirs(labels)
    for i in range(count):
        alpha = disc(size, *rng.uniform(0.4, 0.6, 2), rng.uniform(0.2, 0.3))
        front, back = rng.integers(0, 256, (2, 3))
        colours = np.where(alpha[..., None] > 127, front, back).astype(np.uint8)
        Image.fromarray(colours).save(os.path.join(photos, f"{i}.jpg"), quality=95)
        Image.fromarray(alpha).save(os.path.join(labels, f"{i}.png"))
    return photos, labels
