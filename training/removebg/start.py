"""Starts a network from an exported file, whose batch norms were folded into the convolutions.

A folded convolution z + b becomes a convolution and a batch norm again: with the mean m and the variance v of z on some
photos, the norm's gain is sqrt(v + epsilon) and its offset m + b, which gives z + b back, also in training.
"""
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from .layers import Attention, ConvBN
from .network import Network


def weights(path: str) -> dict[str, Tensor]:
    """Weights by parameter, whether stored as fp32, fp16 or int8."""
    graph = onnx.load(path).graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {}
    for name, values in stored.items():
        if name.endswith("_f16"):
            found[name[:-4]] = values.astype(np.float32)
        elif name.endswith("_i8"):
            found[name[:-3]] = values.astype(np.float32) * stored[name[:-3] + "_scale"]
        elif not name.endswith("_scale"):
            found[name] = values
    # Equal tensors are stored once.
    for node in graph.node:
        if node.op_type == "Identity" and node.input[0] in found:
            found[node.output[0]] = found[node.input[0]]
    return {name.removeprefix("network."): torch.from_numpy(values.copy()) for name, values in found.items()}


def load(network: Network, path: str, images: Tensor) -> Network:
    """images: N x 3 x H x W in [0, 1], to measure the convolutions' outputs on; 64 are enough."""
    found, own = weights(path), network.state_dict()
    state = {name: values for name, values in found.items() if name in own and own[name].shape == values.shape}
    learnt = ("trunk.", "head.")
    expected = {name for name in own if name.startswith(learnt) or name.endswith((".conv.weight", ".qkv.weight"))}
    expected |= {f"{name}.conv.bias" for name, module in network.named_modules() if isinstance(module, ConvBN)}
    if missing := expected - state.keys() - found.keys() - {"trunk.mean"}:
        raise SystemExit(f"{path} lacks {', '.join(sorted(missing)[:3])}; it must be exported by this version.")
    network.load_state_dict(state, strict=False)
    biases: dict[nn.BatchNorm2d, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, ConvBN):
            biases[module.bn] = found[f"{name}.conv.bias"]
        elif isinstance(module, Attention):
            biases[module.norm] = torch.zeros(module.norm.num_features)

    def measure(norm: nn.BatchNorm2d, inputs: tuple[Tensor, ...]) -> None:
        z = inputs[0]
        mean, var = z.mean((0, 2, 3)), z.var((0, 2, 3), unbiased=False)
        norm.running_mean.copy_(mean), norm.running_var.copy_(var)
        norm.weight.copy_(torch.sqrt(var + norm.eps)), norm.bias.copy_(mean + biases[norm])

    # Layer after layer in the order of the pass: each is measured on what those before it give.
    hooks = [norm.register_forward_pre_hook(measure) for norm in biases]
    network.eval()
    with torch.no_grad():
        network(images)
    for hook in hooks:
        hook.remove()
    return network
