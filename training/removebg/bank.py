"""The bank: photos, labels, confident cut-outs and windows without a subject, as memory-mapped arrays in a folder.

python3 -m removebg.bank BANK --photos DIR [--masks DIR] [--labels DIR ...] [--size 320]

DIR/NAME.jpg (or png, webp) is a photo, and NAME.png or NAME.webp its mask or label: 8-bit alpha, any size. A mask was
made by people and counts fully. Without one, the target is the mean of the photo's labels, and the weight falls where
they disagree. One photo in 40 is held out by the checksum of its name: it is never trained on, and scores the run.
"""
import argparse
import functools
import multiprocessing
import os
import zlib
from dataclasses import dataclass
from glob import glob

import numpy as np
import torch
from PIL import Image

from . import labels

PHOTOS, LABELS = ("jpg", "jpeg", "png", "webp"), ("png", "webp")
HELD_OUT = 40

# Colours and alpha of each photo; colours of the cut-out, empty where there is none.
ARRAYS = {"img": 3, "lab": 1, "cut": 3}


@dataclass
class Pair:
    """A photo and its alpha, as files."""

    photo: str
    alphas: list[str]
    is_mask: bool


@dataclass
class Entry:
    """One photo of the bank."""

    img: np.ndarray
    lab: np.ndarray
    weight: float
    cut: np.ndarray | None
    box: tuple[float, ...] | None
    windows: list[tuple[float, ...]]


def name_of(file: str) -> str:
    return os.path.splitext(os.path.basename(file))[0]


def is_held_out(name: str) -> bool:
    return zlib.crc32(name.encode()) % HELD_OUT == 0


def files(folders: list[str], extensions: tuple[str, ...]) -> dict[str, list[str]]:
    """Files by name, those of the first folder first."""
    found: dict[str, list[str]] = {}
    for folder in folders:
        if not os.path.isdir(folder):
            raise SystemExit(f"{folder} is not a folder.")
        for file in sorted(glob(os.path.join(folder, "*"))):
            if file.rpartition(".")[2].lower() in extensions:
                found.setdefault(name_of(file), []).append(file)
    return found


def pairs(photos: list[str], masks: list[str], labels_: list[str]) -> list[Pair]:
    """Photos that have a mask or a label, in the order of their names."""
    made, learnt = files(masks, LABELS), files(labels_, LABELS)
    found = [
        Pair(photo[0], made[name][:1] if name in made else learnt[name], name in made)
        for name, photo in sorted(files(photos, PHOTOS).items())
        if name in made or name in learnt
    ]
    if not found:
        raise SystemExit(f"No photo in {', '.join(photos)} has a mask or a label of the same name (*.png, *.webp).")
    return found


def read_pair(pair: Pair, size: int) -> Entry:
    with Image.open(pair.photo) as file:
        img = np.asarray(file.convert("RGB").resize((size, size), Image.LANCZOS)).transpose(2, 0, 1)
    alphas = []
    for alpha in pair.alphas:
        with Image.open(alpha) as file:
            alphas.append(np.asarray(file.convert("L").resize((size, size), Image.BILINEAR)) / 255.0)
    label = np.mean(alphas, axis=0)
    area, sure, doubt = labels.judge(label)
    weight = labels.weigh(area, sure, doubt) * labels.trust(labels.agreement(alphas))
    cut, box = None, None
    if sure > 0.93 and doubt < 0.3 and 0.03 < area < 0.75 and labels.main_blob(label) > 0.92:
        if box := labels.box_of(label):
            cut = labels.subject_colours(img, label)
    windows = []
    if area < 0.9 and (sure > 0.85 or area < 0.01) and doubt < 0.8:
        windows = labels.empty_windows(label, np.random.default_rng(zlib.crc32(name_of(pair.photo).encode())))
    return Entry(
        img,
        np.uint8(label * 255 + 0.5)[None],
        float(0.01 < area < 0.95) if pair.is_mask else weight,
        cut,
        box,
        windows,
    )


def build(folder: str, found: list[Pair], size: int = 320, processes: int | None = None) -> dict[str, np.ndarray]:
    """Writes the bank and returns it."""
    os.makedirs(folder, exist_ok=True)
    data = {
        name: np.lib.format.open_memmap(
            os.path.join(folder, name + ".npy"), "w+", np.uint8, (len(found), channels, size, size)
        )
        for name, channels in ARRAYS.items()
    }
    weight, subjects, boxes, windows = np.zeros(len(found), np.float32), [], [], []
    with multiprocessing.Pool(processes) as pool:
        for n, entry in enumerate(pool.imap(functools.partial(read_pair, size=size), found, chunksize=16)):
            data["img"][n], data["lab"][n], weight[n] = entry.img, entry.lab, entry.weight
            held_out = is_held_out(name_of(found[n].photo))
            if entry.cut is not None and not held_out:
                data["cut"][n] = entry.cut
                subjects.append(n)
                boxes.append(entry.box)
            if not held_out:
                windows += [(n, *window) for window in entry.windows]
            if n % 500 == 499:
                print(f"{n + 1} of {len(found)} photos", flush=True)
    names = [name_of(pair.photo) for pair in found]
    np.savez(
        os.path.join(folder, "index.npz"),
        names=np.array(names),
        weight=weight,
        held=np.array([is_held_out(name) for name in names]),
        fg=np.array(subjects, np.int64),
        box=np.array(boxes, np.float32).reshape(-1, 5),
        win=np.array(windows, np.float32).reshape(-1, 5),
    )
    return read(folder)


def read(folder: str) -> dict[str, np.ndarray]:
    """The arrays, mapped and not read, and the index."""
    if not os.path.exists(index := os.path.join(folder, "index.npz")):
        raise SystemExit(f"{folder} is not a bank; make one with removebg.bank.")
    arrays = {name: np.load(os.path.join(folder, name + ".npy"), mmap_mode="r") for name in ARRAYS}
    return {**dict(np.load(index)), **arrays}


def some_images(data: dict[str, np.ndarray]) -> torch.Tensor:
    """64 photos from all parts of the bank, to measure a network's statistics on: N x 3 x H x W in [0, 1]."""
    used = np.nonzero(data["weight"] > 0)[0]
    some = used[np.linspace(0, len(used) - 1, 64).astype(int)]
    return torch.from_numpy(data["img"][some]).float() / 255


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bank")
    arguments.add_argument("--photos", nargs="+", required=True)
    arguments.add_argument("--masks", nargs="+", default=[])
    arguments.add_argument("--labels", nargs="+", default=[])
    arguments.add_argument("--size", type=int, default=320, help="side of the stored squares, in pixels")
    given = arguments.parse_args()
    bank = build(given.bank, pairs(given.photos, given.masks, given.labels), given.size)
    print(
        f"{len(bank['names'])} photos, {(bank['weight'] > 0).sum()} used ({bank['weight'].sum():.0f} by weight), "
        f"{bank['held'].sum()} held out, {len(bank['fg'])} cut-outs, {len(bank['win'])} empty windows"
    )


if __name__ == "__main__":
    main()
