"""The network: a small U that predicts a foreground alpha matte.

Input: N x 3 x H x W, RGB in [0, 1] (the normalisation is part of it), H and W multiples of 32.
Output: in training logits, full resolution first, then 1/4, 1/8, 1/16, 1/32 (deep supervision);
in evaluation N x 1 x H x W alpha in [0, 1].
"""
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


class Res(nn.Module):
    """Plain residual block: CPUs run dense 3 x 3 convolutions best."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = ConvBN(c, c), ConvBN(c, c, act=False)
        nn.init.zeros_(self.b.bn.weight)  # starts as identity

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.b(self.a(x)), inplace=True)


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


class RemoveBgLite(nn.Module):
    def __init__(self, c: tuple[int, ...] = (16, 32, 64, 96, 144), d: tuple[int, ...] = (64, 48, 32, 16)) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
        self.s1 = ConvBN(3, c[0], 3, 2)  # 1/2
        self.s2 = nn.Sequential(ConvBN(c[0], c[1], 3, 2), Res(c[1]))  # 1/4
        self.s3 = nn.Sequential(ConvBN(c[1], c[2], 3, 2), Res(c[2]), Res(c[2]))  # 1/8
        self.s4 = nn.Sequential(ConvBN(c[2], c[3], 3, 2), Res(c[3]), Res(c[3]))  # 1/16
        self.s5 = nn.Sequential(
            ConvBN(c[3], c[4], 3, 2), Wide(c[4]), Attention(c[4]), Wide(c[4]), Attention(c[4]), Wide(c[4])
        )  # 1/32
        self.u4, self.u3 = Up(c[4], c[3], d[0]), Up(d[0], c[2], d[1], 2)
        self.u2, self.u1 = Up(d[1], c[1], d[2], 2), Up(d[2], c[0], d[3])
        self.head = nn.Conv2d(d[3], 4, 3, padding=1)  # four sub-pixels: from 1/2 to full resolution
        self.aux = nn.ModuleList(nn.Conv2d(k, 1, 1) for k in (d[2], d[1], d[0], c[4]))
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x: Tensor) -> Tensor | list[Tensor]:
        full, coarser = self.logits(x)
        if not self.training:
            return torch.sigmoid(full)
        return [full] + [head(y) for head, y in zip(self.aux, coarser)]

    def logits(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Logits at full resolution, and the features at 1/4, 1/8, 1/16 and 1/32."""
        x1 = self.s1((x - self.mean) / self.std)
        x2 = self.s2(x1)
        x3 = self.s3(x2)
        x4 = self.s4(x3)
        x5 = self.s5(x4)
        y4 = self.u4(x5, x4)
        y3 = self.u3(y4, x3)
        y2 = self.u2(y3, x2)
        return F.pixel_shuffle(self.head(self.u1(y2, x1)), 2), [y2, y3, y4, x5]


class BothWays(nn.Module):
    """The shipped graph, with flip test-time augmentation. Two outputs that agree are more certain than one, but not as
    certain as two independent ones (twice the mean of the logits)."""

    EVIDENCE = 1.5
    # Composites, half of the training data, have more subject than photos: the bias minimises the error on photos.
    PRIOR = -1.0

    def __init__(self, network: RemoveBgLite) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        n = int(x.shape[0])
        logits, _ = self.network.logits(torch.cat([x, x.flip(3)]))
        return torch.sigmoid(self.EVIDENCE / 2 * (logits[:n] + logits[n:].flip(3)) + self.PRIOR)
