"""Exports a checkpoint to the ONNX file that the service loads.

python3 -m lite.export checkpoint.pt removebg-lite.onnx

Graph: "image", float32, 1 x 3 x 320 x 320, RGB in [0, 1] -> "alpha", float32, 1 x 1 x 320 x 320, in [0, 1].
Normalisation, flip test-time augmentation and sigmoid are part of the graph; batch norms are folded into the
convolutions. The largest weights are stored as fp16; everything is computed in fp32. Opset 16.
"""
import argparse
import io

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from .network import Attention, BothWays, ConvBN, RemoveBgLite

SIZE = 320

# Bytes: the largest file, and the part of it that is not weights.
LARGEST_FILE, ROOM_FOR_GRAPH = 4_000_000, 40_000


def load(checkpoint: str) -> RemoveBgLite:
    """Returns the moving average, in evaluation mode."""
    network = RemoveBgLite()
    network.load_state_dict(torch.load(checkpoint, map_location="cpu")["ema"])
    return network.eval()


@torch.no_grad()
def fold(network: RemoveBgLite) -> RemoveBgLite:
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


def halved_from(sizes: list[int]) -> int:
    """Smallest size of a tensor that is stored as fp16 so that the file fits: the largest first, because errors cancel
    out in long sums."""
    for limit in sorted(set(sizes), reverse=True):
        if sum(2 * size if size >= limit else 4 * size for size in sizes) <= LARGEST_FILE - ROOM_FOR_GRAPH:
            return limit
    raise ValueError(f"{sum(sizes)} weights do not fit into {LARGEST_FILE} bytes.")


@torch.no_grad()
def round_as_stored(network: RemoveBgLite) -> RemoveBgLite:
    """Rounds the weights of a folded network as store_half stores them."""
    limit = halved_from([parameter.numel() for parameter in network.parameters()])
    for parameter in network.parameters():
        if parameter.numel() >= limit:
            parameter.copy_(parameter.half().float())
    return network


@torch.no_grad()
def rounding_error(checkpoint: str) -> float:
    """Largest change of alpha by storing fp16, over noise of several contrasts."""
    exact, stored = BothWays(load(checkpoint)), BothWays(round_as_stored(fold(load(checkpoint))))
    images = torch.rand(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0)) * torch.tensor(
        [1, 0.7, 0.4, 0.1]
    ).view(4, 1, 1, 1)
    return float((exact(images) - stored(images)).abs().max())


def store_half(model: onnx.ModelProto, limit: int) -> onnx.ModelProto:
    """Stores tensors of at least limit numbers as fp16 before a Cast, which the runtime folds at load."""
    kept, casts = [], []
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= limit:
            kept.append(numpy_helper.from_array(values.astype(np.float16), tensor.name + "_f16"))
            casts.append(helper.make_node("Cast", [tensor.name + "_f16"], [tensor.name], to=TensorProto.FLOAT))
        else:
            kept.append(tensor)
    nodes = casts + list(model.graph.node)
    del model.graph.initializer[:], model.graph.node[:]
    model.graph.initializer.extend(kept)
    model.graph.node.extend(nodes)
    return model


def to_onnx(network: RemoveBgLite) -> onnx.ModelProto:
    file = io.BytesIO()
    folded = fold(network)
    torch.onnx.export(
        BothWays(folded).eval(),
        torch.zeros(1, 3, SIZE, SIZE),
        file,
        opset_version=16,
        input_names=["image"],
        output_names=["alpha"],
    )
    model = store_half(onnx.load_from_string(file.getvalue()), halved_from([p.numel() for p in folded.parameters()]))
    model.doc_string = "removebg-lite: foreground alpha of a photo. image: RGB in [0, 1] -> alpha in [0, 1]"
    onnx.checker.check_model(model)
    return model


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("checkpoint")
    arguments.add_argument("out")
    given = arguments.parse_args()
    if (error := rounding_error(given.checkpoint)) > 1e-3:
        raise SystemExit(
            f"{given.checkpoint}: storing it as fp16 changes alpha by up to {error:.4f}; the limit is 0.001. "
            "Train longer: the weights have not converged."
        )
    onnx.save(to_onnx(load(given.checkpoint)), given.out)


if __name__ == "__main__":
    main()
