"""Batches of photos and of composites of confident cut-outs.

Their backgrounds are windows without a subject, studios, repeating patterns and noise.
"""
import numpy as np
import torch
from torch import Tensor

from .dice import Dice, per_image
from .geometry import random_frame, random_place, warp, window
from .patterns import noise, patterns
from .photometric import photometric, tint
from .studio import studio


# A kind with k times as many photos as another one is learnt k^EVENNESS times as often: 1 would be all photos alike, 0
# all kinds alike.
EVENNESS = 0.7


def times_by_kind(names: np.ndarray) -> np.ndarray:
    """How often each photo comes per pass, 1 on average. Its kind is its name up to the last hyphen: davis-00012."""
    _, kind, counts = np.unique([name.rpartition("-")[0] for name in names], return_inverse=True, return_counts=True)
    times = counts[kind].astype(np.float32) ** (EVENNESS - 1)
    return times / times.mean()


class Batcher:
    """Makes batches in batched torch, on the device of the bank: CPU or GPU."""

    def __init__(self, bank: dict[str, np.ndarray], device: str = "cpu", seed: int = 0, composite: float = 0.5) -> None:
        def tensor(key: str) -> Tensor:
            return torch.from_numpy(bank[key]).to(device)

        self.img, self.lab, self.weight = tensor("img"), tensor("lab"), tensor("weight")
        self.fg, self.cut, self.box, self.win = tensor("fg"), tensor("cut"), tensor("box"), tensor("win")
        self.dice, self.composite = Dice(device), composite
        self.used = torch.nonzero((self.weight > 0) & ~tensor("held"))[:, 0]
        self.wanted = torch.from_numpy(times_by_kind(bank["names"][self.used.cpu().numpy()])).to(device)
        self.order = torch.empty(0, dtype=torch.long, device=device)
        torch.manual_seed(seed)

    @torch.no_grad()
    def batch(self, n: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Images n x 3 x size x size, alpha n x 1 x size x size, weight n. size: a multiple of 32."""
        composed = self.dice.count(n, self.composite) if len(self.fg) and len(self.win) else 0
        parts = [self.photos(n - composed, size)] + ([self.composites(composed, size)] if composed else [])
        images, alpha, weight = (torch.cat(part) for part in zip(*parts))
        return photometric(self.dice, images), alpha, weight

    def photos(self, n: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
        i = self._next(n)
        both = torch.cat([self.img[i], self.lab[i]], 1).float().mul_(1 / 255)
        framed = warp(both, random_frame(self.dice, n), size, "reflection")
        return framed[:, :3], framed[:, 3:], self.weight[i]

    def composites(self, n: int, size: int) -> tuple[Tensor, Tensor, Tensor]:
        colours, alpha = self._objects(n, size, 0.35, 1.0)
        if len(two := self.dice.chosen(n, 0.2)):  # a second, smaller subject behind the first
            colours2, alpha2 = self._objects(len(two), size, 0.25, 0.6)
            both = alpha[two] + (1 - alpha[two]) * alpha2
            colours[two] = (colours[two] * alpha[two] + colours2 * alpha2 * (1 - alpha[two])) / both.clamp(min=1e-3)
            alpha[two] = both
        plain = self.dice.count(n, 0.3)
        repeating = self.dice.count(n - plain, 0.3)
        noisy = self.dice.count(n - plain - repeating, 0.12)
        windows = n - plain - repeating - noisy
        grounds = [studio(self.dice, size, alpha[:plain])] if plain else []
        if repeating:
            grounds.append(patterns(self.dice, size, repeating))
        if noisy:
            grounds.append(noise(self.dice, size, noisy))
        if windows:
            grounds.append(tint(self.dice, self._windows(windows, size)))
        ground = torch.cat(grounds)
        # Some have no subject: a network that has never seen such images finds one everywhere.
        empty = per_image(self.dice.flag(n, 0.15))
        alpha = alpha * (1 - empty)
        images = alpha * tint(self.dice, colours) + (1 - alpha) * ground
        return images, alpha, torch.maximum((alpha.mean((1, 2, 3)) > 0.01).float(), empty.view(-1))

    def _next(self, n: int) -> Tensor:
        """Yields the photos in random order, each as often per pass as times_by_kind says, on average."""
        while len(self.order) < n:
            times = (self.wanted + torch.rand(len(self.wanted), device=self.used.device)).long()
            one_pass = self.used.repeat_interleave(times)
            self.order = torch.cat([self.order, one_pass[torch.randperm(len(one_pass), device=self.used.device)]])
        chosen, self.order = self.order[:n], self.order[n:]
        return chosen

    def _objects(self, n: int, size: int, low: float, high: float) -> tuple[Tensor, Tensor]:
        """Cut-outs on an empty canvas: colours, alpha."""
        j = self.dice.index(n, len(self.fg))
        both = torch.cat([self.cut[self.fg[j]], self.lab[self.fg[j]]], 1).float().mul_(1 / 255)
        placed = warp(both, random_place(self.dice, self.box[j], low, high), size, "zeros")
        return placed[:, :3], ((placed[:, 3:] - 0.5) * 2 + 0.5).clamp(0, 1)

    def _windows(self, n: int, size: int) -> Tensor:
        win = self.win[self.dice.index(n, len(self.win))]
        return warp(self.img[win[:, 0].long()].float().mul_(1 / 255), window(self.dice, win), size, "reflection")
