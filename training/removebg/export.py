"""Exports a checkpoint to the ONNX file that the service loads.

python3 -m removebg.export CHECKPOINT removebg.onnx [--weights int8|fp16|fp32]

Graph: "image", float32, 1 x 3 x 320 x 320, RGB in [0, 1] -> "alpha", float32, 1 x 1 x 320 x 320, in [0, 1].
Normalisation and sigmoid are part of the graph; batch norms are folded into the convolutions. Everything is computed in
fp32: int8 and fp16 are how the large weights are stored, and the runtime converts them at load. Opset 16.
"""
import argparse
import io

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from . import checkpoint
from .layers import Attention, ConvBN
from .network import Network

SIZE = 320

# Numbers of a tensor from which on it is stored smaller; small ones would save nothing.
LARGE = {"int8": 20_000, "fp16": 1024}


class Shipped(nn.Module):
    """The network without the levels that only training uses."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.network.logits(x)[0])


@torch.no_grad()
def fold(network: Network) -> Network:
    """Folds each batch norm into its convolution, exactly, and drops the heads for training."""
    for module in network.modules():
        if isinstance(module, ConvBN):
            module.conv = nn.utils.fuse_conv_bn_eval(module.conv, module.bn)
            module.bn = nn.Identity()
        elif isinstance(module, Attention):
            norm, project = module.norm, module.qkv
            gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)
            project.bias += project.weight[:, :, 0, 0] @ (norm.bias - norm.running_mean * gain)
            project.weight *= gain.view(1, -1, 1, 1)
            module.norm = nn.Identity()
    network.aux = nn.ModuleList()
    return network


def store_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores large tensors as fp16 before a Cast, which the runtime folds at load."""
    return _replace(model, lambda values: values.size >= LARGE["fp16"], _half)


def store_int8(model: onnx.ModelProto) -> onnx.ModelProto:
    """Stores large kernels as int8 with a scale per output channel, before a Cast and a Mul."""
    return _replace(model, lambda values: values.ndim == 4 and values.size >= LARGE["int8"], _int8)


def _replace(model: onnx.ModelProto, chosen, stored) -> onnx.ModelProto:
    kept, nodes = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and chosen(values):
            tensors, conversion = stored(tensor.name, values)
            kept += tensors
            nodes += conversion
        else:
            kept.append(tensor)
    nodes += list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    return model


def _half(name: str, values: np.ndarray) -> tuple[list, list]:
    half = numpy_helper.from_array(values.astype(np.float16), name + "_f16")
    return [half], [helper.make_node("Cast", [half.name], [name], to=TensorProto.FLOAT)]


def _int8(name: str, values: np.ndarray) -> tuple[list, list]:
    """The scale is the one of four clippings with the smallest squared error."""
    flat = values.reshape(len(values), -1)
    widest = np.abs(flat).max(1, keepdims=True) / 127 + 1e-12
    best, smallest = widest, np.full_like(widest, np.inf)
    for share in (1.0, 0.9, 0.8, 0.7):
        scale = widest * share
        error = ((np.clip(np.round(flat / scale), -127, 127) * scale - flat) ** 2).sum(1, keepdims=True)
        best, smallest = np.where(error < smallest, scale, best), np.minimum(error, smallest)
    whole = np.clip(np.round(flat / best), -127, 127).astype(np.int8).reshape(values.shape)
    tensors = [
        numpy_helper.from_array(whole, name + "_i8"),
        numpy_helper.from_array(best.astype(np.float32).reshape(-1, 1, 1, 1), name + "_scale"),
    ]
    return tensors, [
        helper.make_node("Cast", [name + "_i8"], [name + "_f32"], to=TensorProto.FLOAT),
        helper.make_node("Mul", [name + "_f32", name + "_scale"], [name]),
    ]


def to_onnx(network: Network, weights: str = "int8") -> onnx.ModelProto:
    file = io.BytesIO()
    torch.onnx.export(
        Shipped(fold(network)).eval(),
        torch.zeros(1, 3, SIZE, SIZE),
        file,
        opset_version=16,
        input_names=["image"],
        output_names=["alpha"],
    )
    model = onnx.load_from_string(file.getvalue())
    if weights == "int8":
        model = store_int8(model)
    if weights != "fp32":
        model = store_half(model)
    model.doc_string = "removebg: foreground alpha of a photo. image: RGB in [0, 1] -> alpha in [0, 1]"
    onnx.checker.check_model(model)
    return model


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoint")
    arguments.add_argument("out")
    arguments.add_argument("--weights", choices=("int8", "fp16", "fp32"), default="int8")
    given = arguments.parse_args()
    onnx.save(to_onnx(checkpoint.load_average(given.checkpoint), given.weights), given.out)


if __name__ == "__main__":
    main()
