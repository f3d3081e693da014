"""Labels for a second round, by a network that has learnt the first one: the mean of its alpha and that of the mirror
image, for the photos of a bank that are not held out. The bank made with both folders learns the mean of both labels.

python3 -m removebg.relabel BANK NETWORK FOLDER      NETWORK: an exported file (*.onnx) or a checkpoint (*.pt)

The photos held out keep their labels, so that the held-out IoU of both rounds has the same ground truth.
"""
import argparse
import os

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from . import bank, checkpoint, start
from .network import Network


def network_of(path: str, data: dict[str, np.ndarray]) -> Network:
    if not path.endswith(".onnx"):
        return checkpoint.load_average(path)
    return start.load(Network(), path, bank.some_images(data)).eval()


@torch.no_grad()
def both_ways(network: Network, images: Tensor) -> Tensor:
    """The mean alpha of the images and of their mirror images, N x 1 x H x W."""
    with torch.autocast(images.device.type, dtype=torch.bfloat16):
        mirrored = network(images.flip(3)).flip(3).float()
        return (network(images).float() + mirrored) / 2


def write(data: dict[str, np.ndarray], network: Network, folder: str, part: int = 0, parts: int = 1) -> int:
    """Writes an 8-bit alpha of the bank's size for every parts-th photo. Returns their number."""
    os.makedirs(folder, exist_ok=True)
    network = network.to(memory_format=torch.channels_last)
    chosen = np.nonzero(~data["held"])[0][part::parts]
    for i in range(0, len(chosen), 8):
        some = chosen[i : i + 8]
        images = torch.from_numpy(data["img"][some]).float() / 255
        alphas = both_ways(network, images.contiguous(memory_format=torch.channels_last))
        for n, alpha in zip(some, alphas[:, 0].numpy()):
            Image.fromarray(np.uint8(alpha * 255 + 0.5)).save(os.path.join(folder, f"{data['names'][n]}.png"))
        if part == 0 and i % 504 == 496:
            print(f"{(i + 8) * parts} of {len(chosen) * parts} photos", flush=True)
    return len(chosen)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("bank")
    arguments.add_argument("network")
    arguments.add_argument("folder")
    given = arguments.parse_args()
    processes = min(2, os.cpu_count() or 1)
    torch.multiprocessing.start_processes(_process, (processes, given), processes, start_method="fork")
    print(f"The labels are in {given.folder}.")


def _process(rank: int, processes: int, given: argparse.Namespace) -> None:
    # One thread per process, as in training: with more, every layer waits for the slowest core.
    torch.set_num_threads(1)
    torch.set_flush_denormal(True)
    data = bank.read(given.bank)
    write(data, network_of(given.network, data), given.folder, rank, processes)


if __name__ == "__main__":
    main()
