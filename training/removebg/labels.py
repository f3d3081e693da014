"""Judges labels and cuts out subjects. A label is a plane in [0, 1]: the alpha that the network should learn."""
import numpy as np
from scipy import ndimage


def judge(label: np.ndarray) -> tuple[float, float, float]:
    """Measures a label in [0, 1]: subject area, its mean confidence, and uncertain area / subject area."""
    subject = label > 0.5
    area = float(subject.mean())
    sure = float(label[subject].mean()) if subject.any() else 0.0
    return area, sure, float(((label > 0.15) & (label < 0.85)).mean() / max(area, 1e-3))


def weigh(area: float, sure: float, doubt: float) -> float:
    """Weight of a photo, 0 to 1: uncertain, empty and full labels teach little."""
    if area < 0.01 or area > 0.92 or sure < 0.75 or doubt > 1.0:
        return 0.0
    return float(np.clip((sure - 0.75) / 0.15, 0.2, 1) * np.clip((1.0 - doubt) / 0.6, 0.2, 1))


def main_blob(label: np.ndarray) -> float:
    """Share of the subject in its largest connected part."""
    small = label[::4, ::4] > 0.5
    parts, count = ndimage.label(small)
    return 0.0 if count == 0 else float(np.bincount(parts[parts > 0]).max() / small.sum())


def subject_colours(photo: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Extends the subject's colours over its edge, so that a composite shows nothing of the old background."""
    alpha = np.clip((label - 0.6) / 0.4, 0, 1).astype(np.float32)
    colours = photo.astype(np.float32)
    total, weights = np.zeros_like(colours), np.zeros_like(alpha)
    for radius, share in ((5, 1.0), (15, 0.05), (41, 0.002)):
        weights += share * ndimage.uniform_filter(alpha, radius)
        for channel in range(3):
            total[channel] += share * ndimage.uniform_filter(colours[channel] * alpha, radius)
    inside = np.clip((label - 0.75) / 0.2, 0, 1)[None]
    return np.clip(inside * colours + (1 - inside) * total / (weights + 1e-6), 0, 255).astype(np.uint8)


def empty_windows(
    label: np.ndarray, rng: np.random.Generator, tries: int = 120, keep: int = 5
) -> list[tuple[float, ...]]:
    """The largest of some random windows (x, y, width, height as shares) with almost no subject in them."""
    sums = np.pad(np.cumsum(np.cumsum(label[::4, ::4], 0), 1), ((1, 0), (1, 0)))
    n, found = label.shape[0] // 4, []
    for _ in range(tries):
        w, h = (int(n * rng.uniform(0.2, 1.0)) for _ in range(2))
        x, y = rng.integers(0, n - w + 1), rng.integers(0, n - h + 1)
        mean = (sums[y + h, x + w] - sums[y, x + w] - sums[y + h, x] + sums[y, x]) / (w * h)
        if mean < 0.015 and 0.5 < w / h < 2:
            found.append((w * h, x / n, y / n, w / n, h / n))
    return [window[1:] for window in sorted(found, reverse=True)[:keep]]


def box_of(label: np.ndarray) -> tuple[float, ...] | None:
    """Left, top, right, bottom as shares, and whether it stands on the lower border; None if it touches another."""
    subject = label > 0.5
    if max(subject[:2].mean(), subject[:, :2].mean(), subject[:, -2:].mean()) >= 0.01:
        return None
    rows, columns, size = np.where(subject.any(1))[0], np.where(subject.any(0))[0], label.shape[0]
    return (
        columns[0] / size,
        rows[0] / size,
        (columns[-1] + 1) / size,
        (rows[-1] + 1) / size,
        float(subject[-2:].mean() > 0.01),
    )


def agreement(labels: list[np.ndarray]) -> float:
    """Smallest IoU between two of them at 0.5; 1 if there is only one, or if all are empty."""
    ious = [1.0]
    for i, a in enumerate(labels):
        for b in labels[i + 1 :]:
            either = ((a > 0.5) | (b > 0.5)).sum()
            ious.append(float(((a > 0.5) & (b > 0.5)).sum() / either) if either else 1.0)
    return min(ious)


def trust(agreed: float) -> float:
    """Factor for a photo's weight, 0 to 1. Where two networks disagree by half, at least one is wrong."""
    return float(np.clip((agreed - 0.5) / 0.35, 0, 1))
