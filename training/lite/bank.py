"""The bank: photos, the teacher's labels, confident cut-outs, and windows without a subject, in one file.

python3 -m lite.bank PHOTOS LABELS bank.npz [--size 320]

PHOTOS/NAME.jpg (or png, webp) and LABELS/NAME.png (8-bit alpha, any size); both are stretched to a square.
At 256 px, a bank of 5,700 photos packs into less than 50 MB (lite.pack) to travel to a machine with a GPU.
"""
import argparse
import os
from glob import glob

import numpy as np
from PIL import Image
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


def photo_of(photos: str, name: str) -> str:
    """Finds the photo of a label."""
    for extension in ("jpg", "jpeg", "png", "webp"):
        if os.path.exists(path := os.path.join(photos, f"{name}.{extension}")):
            return path
    raise SystemExit(f"{photos} has no photo {name}, of which there is a label.")


def build(photos: str, labels: str, size: int = 320) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(5)
    names = sorted(os.path.splitext(os.path.basename(file))[0] for file in glob(os.path.join(labels, "*.png")))
    if not names:
        raise SystemExit(f"{labels} has no label (*.png).")
    img, lab = np.zeros((len(names), 3, size, size), np.uint8), np.zeros((len(names), 1, size, size), np.uint8)
    weight, subjects, cuts, boxes, windows = np.zeros(len(names), np.float32), [], [], [], []
    for i, name in enumerate(names):
        with Image.open(photo_of(photos, name)) as file:
            img[i] = np.asarray(file.convert("RGB").resize((size, size), Image.LANCZOS)).transpose(2, 0, 1)
        with Image.open(os.path.join(labels, name + ".png")) as file:
            lab[i, 0] = np.asarray(file.convert("L").resize((size, size), Image.BILINEAR))
        label = lab[i, 0] / 255.0
        area, sure, doubt = judge(label)
        weight[i] = weigh(area, sure, doubt)
        if sure > 0.93 and doubt < 0.3 and 0.03 < area < 0.75 and main_blob(label) > 0.92 and (box := box_of(label)):
            subjects.append(i)
            cuts.append(subject_colours(img[i], label))
            boxes.append(box)
        if area < 0.9 and (sure > 0.85 or area < 0.01) and doubt < 0.8:
            windows += [(i, *window) for window in empty_windows(label, rng)]
    return {
        "names": np.array(names),
        "img": img,
        "lab": lab,
        "weight": weight,
        "fg": np.array(subjects, np.int64),
        "cut": np.stack(cuts) if cuts else np.zeros((0, 3, size, size), np.uint8),
        "box": np.array(boxes, np.float32).reshape(-1, 5),
        "win": np.array(windows, np.float32).reshape(-1, 5),
    }


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("photos")
    arguments.add_argument("labels")
    arguments.add_argument("bank")
    arguments.add_argument("--size", type=int, default=320)
    given = arguments.parse_args()
    bank = build(given.photos, given.labels, given.size)
    np.savez(given.bank, **bank)
    print(
        f"{len(bank['names'])} photos, {(bank['weight'] > 0).sum()} used ({bank['weight'].sum():.0f} by weight), "
        f"{len(bank['fg'])} cut-outs, {len(bank['win'])} empty windows"
    )


if __name__ == "__main__":
    main()
