"""Averages the weights of two checkpoints of one run (Wortsman et al. 2022, "Model soups").

python3 -m lite.average A.pt B.pt SHARE OUT.pt      SHARE of B, 0 to 1

Worth a try where a later checkpoint has learnt something and forgotten something else.
"""
import argparse

import torch


def average(first: str, second: str, share: float, out: str) -> None:
    """OUT is FIRST with averaged weights; to train on from it, its optimiser is FIRST's."""
    if not 0 <= share <= 1:
        raise SystemExit(f"SHARE is {share:g}; it must be 0 to 1.")
    a, b = torch.load(first, map_location="cpu"), torch.load(second, map_location="cpu")
    for which in ("model", "ema"):
        for name, values in a[which].items():
            if values.dtype.is_floating_point:
                a[which][name] = values * (1 - share) + b[which][name] * share
    torch.save(a, out)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("first")
    arguments.add_argument("second")
    arguments.add_argument("share", type=float)
    arguments.add_argument("out")
    given = arguments.parse_args()
    average(given.first, given.second, given.share, given.out)


if __name__ == "__main__":
    main()
