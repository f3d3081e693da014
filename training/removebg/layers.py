"""Layers of the decoder."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvBN(nn.Module):
    def __init__(self, cin: int, cout: int, k: int = 3, s: int = 1, groups: int = 1, act: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, k, s, k // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(cout)
        self.act = act

    def forward(self, x: Tensor) -> Tensor:
        x = self.bn(self.conv(x))
        return F.relu(x, inplace=True) if self.act else x


class Wide(nn.Module):
    """Large depthwise kernel, then pointwise: few parameters, wide view. For the coarse level."""

    def __init__(self, c: int, k: int = 7, expand: int = 2) -> None:
        super().__init__()
        self.dw = ConvBN(c, c, k, groups=c, act=False)
        self.up, self.down = ConvBN(c, c * expand, 1), ConvBN(c * expand, c, 1, act=False)
        nn.init.zeros_(self.down.bn.weight)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.down(self.up(self.dw(x))), inplace=True)


class Attention(nn.Module):
    """Self-attention over the 1/32 grid (100 tokens at 320 px), to find the subject."""

    def __init__(self, c: int, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.BatchNorm2d(c)
        self.qkv = nn.Conv2d(c, c * 3 // 2, 1)  # q and k have c / 4 channels each, v has c
        self.out = ConvBN(c, c, 1, act=False)
        nn.init.zeros_(self.out.bn.weight)

    def forward(self, x: Tensor) -> Tensor:
        # Plain numbers, so that the exported graph has no shape arithmetic.
        n, c, h, w = (int(v) for v in x.shape)
        d = c // 4
        q, k, v = self.qkv(self.norm(x)).flatten(2).split([d, d, c], 1)
        q = q.reshape(n, self.heads, d // self.heads, h * w).transpose(2, 3)
        k = k.reshape(n, self.heads, d // self.heads, h * w)
        v = v.reshape(n, self.heads, c // self.heads, h * w).transpose(2, 3)
        a = torch.softmax((q @ k) * (d // self.heads) ** -0.5, -1)
        return x + self.out((a @ v).transpose(2, 3).reshape(n, c, h, w))


class Up(nn.Module):
    """Coarse features at twice the size, plus the projected skip, refined."""

    def __init__(self, cdeep: int, cskip: int, cout: int, n: int = 1) -> None:
        super().__init__()
        self.deep, self.skip = ConvBN(cdeep, cout, 1, act=False), ConvBN(cskip, cout, 1, act=False)
        self.mix = nn.Sequential(*[ConvBN(cout, cout) for _ in range(n)])

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.interpolate(self.deep(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        return self.mix(F.relu(x + self.skip(skip), inplace=True))
