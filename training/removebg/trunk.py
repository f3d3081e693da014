"""A ResNet-18 learnt on ImageNet (He et al. 2015, "Deep residual learning"), as convolutions only: every batch norm is
folded into the convolution before it and never trained.

python3 -m removebg.trunk ResNet18.onnx trunk.npz      once; the file is part of the NuGet package
                                                       Microsoft.ML.DnnImageFeaturizer.ResNet18 (MIT)

The file's network has (2, 2, 2, 3) blocks of 64, 128, 256 and 512 channels. Its input is BGR from 0 to 255 minus a mean
picture. Here the input is RGB in [0, 1], and the mean colour of that picture takes its place.
"""
import sys

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

# Mean of the package's mean picture: red, green, blue.
MEAN = (123.15163 / 255, 115.902885 / 255, 103.06262 / 255)
FILE_BLOCKS, BLOCKS, CHANNELS = (2, 2, 2, 3), (2, 2, 2, 2), (64, 128, 256, 512)


class Block(nn.Module):
    def __init__(self, cin: int, cout: int, stride: int) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(cin, cout, 3, stride, 1), nn.Conv2d(cout, cout, 3, 1, 1)
        self.down = nn.Conv2d(cin, cout, 1, stride) if stride > 1 or cin != cout else None

    def forward(self, x: Tensor) -> Tensor:
        y = self.b(F.relu(self.a(x), inplace=True))
        return F.relu(y + (x if self.down is None else self.down(x)), inplace=True)


class Trunk(nn.Module):
    """Returns the features at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input's size."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.stem = nn.Conv2d(3, CHANNELS[0], 7, 2, 3)
        cin, self.stages = CHANNELS[0], nn.ModuleList()
        for i, (count, c) in enumerate(zip(BLOCKS, CHANNELS)):
            self.stages.append(
                nn.Sequential(*[Block(cin if j == 0 else c, c, 2 if i and j == 0 else 1) for j in range(count)])
            )
            cin = c

    def forward(self, x: Tensor, frozen: int = 0) -> list[Tensor]:
        """frozen: number of parts that do not learn, from 0 to 5; the stem is the first. No gradient is computed for
        them."""
        with torch.set_grad_enabled(torch.is_grad_enabled() and frozen < 1):
            features = [F.relu(self.stem(x - self.mean), inplace=True)]
            y = F.max_pool2d(features[0], 3, 2, 1)
        for i, stage in enumerate(self.stages):
            with torch.set_grad_enabled(torch.is_grad_enabled() and frozen < i + 2):
                y = stage(y)
            features.append(y)
        return features


def fold(path: str) -> dict[str, np.ndarray]:
    """Returns the weights of the package's file under this module's names, its last block included."""
    import onnx
    from onnx import numpy_helper

    graph = onnx.load(path).graph
    weights = {tensor.name: numpy_helper.to_array(tensor).astype(np.float64) for tensor in graph.initializer}
    norm_after = {node.input[0]: node for node in graph.node if node.op_type == "BatchNormalization"}
    names = [
        f"stages.{i}.{j}.{conv}"
        for i, count in enumerate(FILE_BLOCKS)
        for j in range(count)
        for conv in ((["down"] if i and not j else []) + ["a", "b"])
    ]
    folded = {}
    for name, node in zip(["stem", *names], [node for node in graph.node if node.op_type == "Conv"], strict=True):
        norm = norm_after[node.output[0]]
        gain, bias, mean, var = (weights[key] for key in norm.input[1:])
        epsilon = next(attribute.f for attribute in norm.attribute if attribute.name == "epsilon")
        gain = gain / np.sqrt(var + epsilon)
        kernel = weights[node.input[1]] * gain[:, None, None, None]
        if name == "stem":
            kernel = kernel[:, ::-1] * 255  # BGR from 0 to 255 -> RGB from 0 to 1
        folded[name + ".weight"] = kernel.astype(np.float32)
        folded[name + ".bias"] = (bias - mean * gain).astype(np.float32)
    return folded


def load(trunk: Trunk, file: str) -> Trunk:
    """Loads the weights that the trunk has."""
    own = trunk.state_dict()
    weights = {name: torch.from_numpy(values) for name, values in np.load(file).items() if name in own}
    if missing := own.keys() - weights.keys() - {"mean"}:
        raise SystemExit(f"{file} lacks {', '.join(sorted(missing))}; it must be a file of removebg.trunk.")
    trunk.load_state_dict(weights, strict=False)
    return trunk


def main() -> None:
    own = Trunk().state_dict()
    np.savez(sys.argv[2], **{name: values for name, values in fold(sys.argv[1]).items() if name in own})


if __name__ == "__main__":
    main()
