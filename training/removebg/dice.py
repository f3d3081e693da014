"""Random numbers on the device of the data."""
import torch
from torch import Tensor


class Dice:
    def __init__(self, device: str) -> None:
        self.device = device

    def uniform(self, n: int | tuple[int, ...], low: float = 0.0, high: float = 1.0) -> Tensor:
        return torch.rand(n, device=self.device) * (high - low) + low

    def flag(self, n: int, chance: float) -> Tensor:
        """n random bits."""
        return (torch.rand(n, device=self.device) < chance).float()

    def chosen(self, n: int, chance: float) -> Tensor:
        """Random indices below n."""
        return torch.nonzero(self.flag(n, chance))[:, 0]

    def count(self, n: int, share: float) -> int:
        """That share of n, rounded at random, so that it holds on average for small n too."""
        return min(n, int(n * share + torch.rand(()).item()))

    def index(self, n: int, below: int) -> Tensor:
        return torch.randint(below, (n,), device=self.device)


def per_image(x: Tensor) -> Tensor:
    return x.view(-1, 1, 1, 1)
