"""The network: a pretrained trunk, context at 1/32, and a light decoder up to 1/2, whose head writes four sub-pixels.

Input: N x 3 x H x W, RGB in [0, 1] (the normalisation is part of it), H and W multiples of 32.
Output: in training logits, full resolution first, then 1/4, 1/8, 1/16, 1/32 (deep supervision);
in evaluation N x 1 x H x W alpha in [0, 1].
"""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Attention, ConvBN, Up, Wide
from .trunk import CHANNELS, Trunk

CONTEXT, DECODER = 128, (96, 64, 48, 24)


class Network(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        # Parts of the trunk that do not learn; see Trunk.forward.
        self.trunk, self.frozen = Trunk(), 0
        c, d = CHANNELS, DECODER
        self.context = nn.Sequential(ConvBN(c[3], CONTEXT, 1), Wide(CONTEXT), Attention(CONTEXT), Wide(CONTEXT))
        self.u4, self.u3 = Up(CONTEXT, c[2], d[0]), Up(d[0], c[1], d[1], 2)
        self.u2, self.u1 = Up(d[1], c[0], d[2], 2), Up(d[2], c[0], d[3])
        self.head = nn.Conv2d(d[3], 4, 3, padding=1)  # four sub-pixels: from 1/2 to full resolution
        self.aux = nn.ModuleList(nn.Conv2d(k, 1, 1) for k in (d[2], d[1], d[0], CONTEXT))
        for name, module in self.named_modules():
            if isinstance(module, nn.Conv2d) and not name.startswith("trunk"):
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
        x1, x2, x3, x4, x5 = self.trunk(x, self.frozen)
        y5 = self.context(x5)
        y4 = self.u4(y5, x4)
        y3 = self.u3(y4, x3)
        y2 = self.u2(y3, x2)
        return F.pixel_shuffle(self.head(self.u1(y2, x1)), 2), [y2, y3, y4, y5]
