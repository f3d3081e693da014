"""Checkpoints, and their parts to bring one back from a machine that returns only small files.

python3 -m removebg.checkpoint split best.pt FOLDER      the weights as fp16, in parts of at most 15 MiB
python3 -m removebg.checkpoint join FOLDER best.pt       to score and export; to train on, export it and use --start
"""
import argparse
import io
import os
from glob import glob
from typing import Any

import torch

from .network import Network

# Bytes of a part.
PART = 15 * 1024 * 1024


def read(path: str, device: str = "cpu") -> dict[str, Any]:
    if not os.path.exists(path):
        raise SystemExit(f"{path} does not exist.")
    return torch.load(path, map_location=device)


def write(saved: dict[str, Any], path: str) -> None:
    """Replaces the file as a whole: a run that is killed leaves the previous one."""
    torch.save(saved, path + ".part")
    os.replace(path + ".part", path)


def load_average(path: str) -> Network:
    """Returns the moving average, in evaluation mode."""
    network = Network()
    network.load_state_dict({name: values.float() for name, values in read(path)["ema"].items()})
    return network.eval()


def split(path: str, folder: str, part: int = PART) -> int:
    """Returns the number of parts. Only the average is kept, without the optimiser's state."""
    saved = read(path)
    half = {name: values.half() if values.is_floating_point() else values for name, values in saved["ema"].items()}
    file = io.BytesIO()
    torch.save({"ema": half, **{key: saved[key] for key in ("step", "seen", "history")}}, file)
    content = file.getvalue()
    os.makedirs(folder, exist_ok=True)
    count = -(-len(content) // part)
    for stale in glob(os.path.join(folder, "checkpoint.*-of-*")):
        os.remove(stale)
    for i in range(count):
        with open(os.path.join(folder, f"checkpoint.{i + 1:02}-of-{count:02}"), "wb") as out:
            out.write(content[i * part : (i + 1) * part])
    return count


def join(folder: str, path: str) -> None:
    parts = sorted(glob(os.path.join(folder, "checkpoint.*-of-*")))
    if not parts or len(parts) != int(parts[0].rpartition("-")[2]):
        raise SystemExit(f"{folder} does not have all parts of a checkpoint; it has {len(parts)}.")
    content = b""
    for file in parts:
        with open(file, "rb") as part:
            content += part.read()
    saved = torch.load(io.BytesIO(content), map_location="cpu")
    weights = {name: values.float() if values.is_floating_point() else values for name, values in saved["ema"].items()}
    write({**saved, "ema": weights}, path)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("command", choices=("split", "join"))
    arguments.add_argument("source")
    arguments.add_argument("target")
    given = arguments.parse_args()
    if given.command == "join":
        join(given.source, given.target)
    else:
        print(f"{split(given.source, given.target)} parts in {given.target}")


if __name__ == "__main__":
    main()
