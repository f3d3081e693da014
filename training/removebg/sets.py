"""Sets with true alphas that the shipped network has not learnt, for ./bench quality.

python3 -m removebg.sets OUT --photos DIR [--masks DIR] [--labels DIR ...] [--sets DIR ...] [--renders DIR]

SET/images and SET/masks are further photos with masks; RENDERS/NAME.fg.png are subjects with exact alpha. Writes, with
images/ and masks/ each:

OUT/held-out   the photos that the bank holds out, with their masks or labels
OUT/cut        photos of the former and of the sets, cropped so that the frame cuts the subject
OUT/composed   their subjects, one or two, on windows without a subject; the frame cuts one in three
OUT/rendered   the renders likewise, some in studios and on patterns
"""
import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from glob import glob

import numpy as np
import torch
from PIL import Image
from scipy import ndimage

from . import bank, labels
from .dice import Dice
from .patterns import patterns
from .studio import studio

# Width and height of a composite, in pixels.
CANVASES = ((448, 336), (336, 448), (384, 384))
LEAST_WINDOW = 150  # of a background, in pixels


@dataclass
class Subject:
    """A subject with its colours, extended over its edge, and its alpha; both cropped to it."""

    name: str
    colours: np.ndarray  # H x W x 3, from 0 to 255
    alpha: np.ndarray  # H x W, from 0 to 1


@dataclass
class Photo:
    name: str
    colours: np.ndarray  # H x W x 3, bytes
    alpha: np.ndarray  # H x W, from 0 to 1


def read(name: str, photo: str, alphas: Sequence[str]) -> Photo:
    with Image.open(photo) as file:
        colours = np.asarray(file.convert("RGB"))
    size = colours.shape[1], colours.shape[0]
    planes = []
    for alpha in alphas:
        with Image.open(alpha) as file:
            planes.append(np.asarray(file.convert("L").resize(size, Image.BILINEAR), np.float32) / 255)
    return Photo(name, colours, np.mean(planes, axis=0))


def held_out(pairs: list[bank.Pair]) -> list[Photo]:
    """The photos that the bank holds out and that count for its score."""
    found = []
    for pair in pairs:
        if not bank.is_held_out(bank.name_of(pair.photo)):
            continue
        photo = read(bank.name_of(pair.photo), pair.photo, pair.alphas)
        area, sure, doubt = labels.judge(photo.alpha)
        if 0.01 < area < 0.95 if pair.is_mask else labels.weigh(area, sure, doubt) > 0.5:
            found.append(photo)
    return found


def photo_set(folder: str) -> list[Photo]:
    masks = {bank.name_of(mask): mask for mask in glob(os.path.join(folder, "masks", "*"))}
    prefix = os.path.basename(os.path.normpath(folder))
    return [
        read(f"{prefix}-{name}", photo, [masks[name]])
        for photo in sorted(glob(os.path.join(folder, "images", "*")))
        if (name := bank.name_of(photo)) in masks
    ]


def extent(alpha: np.ndarray) -> tuple[int, int, int, int] | None:
    """Left, top, right and bottom of the subject; None if it is tiny."""
    rows, columns = (np.nonzero((alpha > 0.5).any(axis))[0] for axis in (1, 0))
    if len(rows) < 16 or len(columns) < 16:
        return None
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def cut(rng: np.random.Generator, photo: Photo) -> Photo | None:
    """Crops a photo so that one or two sides of the frame cut 15 to 45 % off the subject's width or height."""
    if not (box := extent(photo.alpha)):
        return None
    left, top, right, bottom = 0, 0, photo.alpha.shape[1], photo.alpha.shape[0]
    width, height = box[2] - box[0], box[3] - box[1]
    for side in rng.permutation(4)[: 2 if rng.random() < 0.3 else 1]:
        share = rng.uniform(0.15, 0.45)
        if side == 0:
            left = box[0] + int(width * share)
        elif side == 1:
            top = box[1] + int(height * share)
        elif side == 2:
            right = box[2] - int(width * share)
        else:
            bottom = box[3] - int(height * share)
    alpha = photo.alpha[top:bottom, left:right]
    if min(alpha.shape) < 96 or not 0.03 < (alpha > 0.5).mean() < 0.9:
        return None
    return Photo(photo.name, photo.colours[top:bottom, left:right], alpha)


def subject_of(photo: Photo) -> Subject | None:
    """The subject, if it is one piece that no side of the frame but the lower one cuts."""
    area, sure, doubt = labels.judge(photo.alpha)
    if sure < 0.93 or doubt > 0.3 or not 0.03 < area < 0.75 or labels.main_blob(photo.alpha) < 0.92:
        return None
    if not labels.box_of(photo.alpha) or not (box := extent(photo.alpha)):
        return None
    colours = labels.subject_colours(photo.colours.transpose(2, 0, 1), photo.alpha).transpose(1, 2, 0)
    # A mask of whole pixels gets an edge as soft as a camera's.
    alpha = ndimage.gaussian_filter(photo.alpha, 0.8)
    left, top, right, bottom = box
    return Subject(photo.name, colours[top:bottom, left:right], alpha[top:bottom, left:right])


def renders(folder: str) -> list[Subject]:
    found = []
    for file in sorted(glob(os.path.join(folder, "*.fg.png"))):
        with Image.open(file) as image:
            pixels = np.asarray(image.convert("RGBA"))
        rows, columns = (np.nonzero((pixels[..., 3] > 2).any(axis))[0] for axis in (1, 0))
        pixels = pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        name = os.path.basename(file).split(".")[0]
        found.append(Subject(name, pixels[..., :3], pixels[..., 3].astype(np.float32) / 255))
    return found


def windows(rng: np.random.Generator, photos: list[Photo]) -> list[np.ndarray]:
    """Parts of photos without a subject."""
    found = []
    for photo in photos:
        area, sure, doubt = labels.judge(photo.alpha)
        if area > 0.9 or doubt > 0.8 or (sure < 0.85 and area > 0.01):
            continue
        height, width = photo.alpha.shape
        # Of one size, because windows are shares of a square.
        square = np.asarray(Image.fromarray(photo.alpha).resize((320, 320), Image.BILINEAR))
        for x, y, w, h in labels.empty_windows(square, rng, keep=3):
            rows, columns = (slice(int(y * height), int((y + h) * height)), slice(int(x * width), int((x + w) * width)))
            part = photo.colours[rows, columns]
            # Not even a corner of the subject, which would be a second one that the mask leaves out.
            if min(part.shape[:2]) >= LEAST_WINDOW and (photo.alpha[rows, columns] > 0.3).mean() < 0.001:
                found.append(part)
    return found


def resized(plane: np.ndarray, width: int, height: int) -> np.ndarray:
    """Resizes an alpha, H x W from 0 to 1, or colours, H x W x 3 in bytes."""
    image = Image.fromarray(plane)
    return np.asarray(image.resize((width, height), Image.BILINEAR if image.mode == "F" else Image.LANCZOS))


def covering(rng: np.random.Generator, part: np.ndarray, width: int, height: int) -> np.ndarray:
    """Enlarges a background to cover a canvas; crops the rest."""
    scale = max(width / part.shape[1], height / part.shape[0])
    large = resized(part, max(width, round(part.shape[1] * scale)), max(height, round(part.shape[0] * scale)))
    x, y = rng.integers(large.shape[1] - width + 1), rng.integers(large.shape[0] - height + 1)
    return large[y : y + height, x : x + width].astype(np.float32)


def place(
    rng: np.random.Generator, subject: Subject, width: int, height: int, low: float, high: float, is_cut: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The subject on an empty canvas, mirrored or not: colours and alpha. The frame cuts off nothing, or 15 to 45 %."""
    part_height, part_width = subject.alpha.shape
    scale = min(width * rng.uniform(low, high) / part_width, height * rng.uniform(low, high) / part_height)
    w, h = max(8, round(part_width * scale)), max(8, round(part_height * scale))
    colours, alpha = resized(subject.colours, w, h), resized(subject.alpha, w, h)
    if rng.random() < 0.5:
        colours, alpha = colours[:, ::-1], alpha[:, ::-1]
    x, y = int(rng.integers(max(1, width - w + 1))), int(rng.integers(max(1, height - h + 1)))
    if is_cut:
        beyond = rng.uniform(0.15, 0.45)
        side = int(rng.integers(3))  # left, right, below: objects are seldom cut at their top
        x = (-round(w * beyond), width - round(w * (1 - beyond)), x)[side]
        y = height - round(h * (1 - beyond)) if side == 2 else y
    all_colours, all_alpha = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    x0, y0, x1, y1 = max(0, x), max(0, y), min(width, x + w), min(height, y + h)
    all_colours[y0:y1, x0:x1] = colours[y0 - y : y1 - y, x0 - x : x1 - x]
    all_alpha[y0:y1, x0:x1] = alpha[y0 - y : y1 - y, x0 - x : x1 - x]
    return all_colours, all_alpha


def composite(rng: np.random.Generator, name: str, subjects: list[Subject], ground: np.ndarray) -> Photo:
    """One subject, or a second, smaller one behind the first."""
    height, width = ground.shape[:2]
    scene, alpha = ground, np.zeros((height, width), np.float32)
    for i, subject in reversed(list(enumerate(subjects))):
        low, high = ((0.5, 0.95), (0.3, 0.6))[i]
        colours, cover = place(rng, subject, width, height, low, high, i == 0 and rng.random() < 1 / 3)
        scene = colours * rng.uniform(0.85, 1.1) * cover[..., None] + scene * (1 - cover[..., None])
        alpha = cover + alpha * (1 - cover)
    return Photo(name, np.uint8((scene + 0.5).clip(0, 255)), alpha)


def composites(
    rng: np.random.Generator, subjects: list[Subject], grounds: list[np.ndarray], count: int, made: float
) -> list[Photo]:
    """Subjects in turn on random backgrounds; the share made of these are studios and patterns."""
    dice, found = Dice("cpu"), []
    order = rng.permutation(len(subjects))
    for n in range(count):
        width, height = CANVASES[int(rng.integers(len(CANVASES)))]
        first = subjects[order[n % len(order)]]
        shown = [first] + ([subjects[int(rng.integers(len(subjects)))]] if rng.random() < 0.2 else [])
        if rng.random() < made:
            plain = studio(dice, 448, torch.zeros(1, 1, 448, 448)) if rng.random() < 0.5 else patterns(dice, 448, 1)
            part = np.uint8(plain[0].clamp(0, 1).numpy().transpose(1, 2, 0) * 255)
        else:
            part = grounds[int(rng.integers(len(grounds)))]
        found.append(composite(rng, f"{n:03}-{first.name}", shown, covering(rng, part, width, height)))
    return found


def write(folder: str, photos: list[Photo]) -> None:
    for part in ("images", "masks"):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    for photo in photos:
        Image.fromarray(photo.colours).save(os.path.join(folder, "images", photo.name + ".jpg"), quality=92)
        mask = Image.fromarray(np.uint8(photo.alpha * 255 + 0.5))
        mask.save(os.path.join(folder, "masks", photo.name + ".png"))
    print(f"{folder}: {len(photos)} photos")


def make(out: str, held: list[Photo], others: list[Photo], drawn: list[Subject], count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    write(os.path.join(out, "held-out"), held)
    photos = held + others
    shuffled = [photos[i] for i in rng.permutation(len(photos))]
    write(os.path.join(out, "cut"), [photo for photo in (cut(rng, it) for it in shuffled) if photo][:count])
    grounds = windows(rng, photos)
    subjects = [subject for subject in map(subject_of, shuffled) if subject]
    if grounds and subjects:
        write(os.path.join(out, "composed"), composites(rng, subjects, grounds, count, made=0))
    if grounds and drawn:
        write(os.path.join(out, "rendered"), composites(rng, drawn, grounds, count, made=0.4))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("out")
    arguments.add_argument("--photos", nargs="+", required=True)
    arguments.add_argument("--masks", nargs="+", default=[])
    arguments.add_argument("--labels", nargs="+", default=[])
    arguments.add_argument("--sets", nargs="+", default=[], help="folders with images/ and masks/")
    arguments.add_argument("--renders", help="folder with NAME.fg.png")
    arguments.add_argument("--count", type=int, default=150, help="photos of each set but held-out")
    arguments.add_argument("--seed", type=int, default=1)
    given = arguments.parse_args()
    held = held_out(bank.pairs(given.photos, given.masks, given.labels))
    if not held:
        raise SystemExit("None of these photos is held out: one in 40 is, by its name.")
    others = [photo for folder in given.sets for photo in photo_set(folder)]
    make(given.out, held, others, renders(given.renders) if given.renders else [], given.count, given.seed)


if __name__ == "__main__":
    main()
