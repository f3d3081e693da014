import json
import os
import shutil
import tempfile
import unittest

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from torch import nn

from removebg import bank, checkpoint, export, relabel, score, start, train, trunk
from removebg.losses import total_loss
from removebg.network import Network
from . import given


class NetworkTests(unittest.TestCase):
    def test_it_gives_logits_of_all_levels_in_training_and_alpha_otherwise(self) -> None:
        network = Network()
        self.assertEqual(
            [tuple(level.shape[2:]) for level in network(torch.rand(2, 3, 64, 96))],
            [(64, 96), (16, 24), (8, 12), (4, 6), (2, 3)],
        )
        alpha = network.eval()(torch.rand(1, 3, 64, 64))
        self.assertEqual(alpha.shape, (1, 1, 64, 64))
        self.assertTrue(((alpha >= 0) & (alpha <= 1)).all())

    def test_frozen_parts_of_the_trunk_get_no_gradient(self) -> None:
        network = Network()
        network.frozen = 2
        network(torch.rand(2, 3, 64, 64))[0].sum().backward()
        learning = {name for name, p in network.trunk.named_parameters() if p.grad is not None}
        self.assertFalse(any(name.startswith(("stem", "stages.0")) for name in learning))
        self.assertTrue(any(name.startswith("stages.1") for name in learning))

    def test_the_loss_is_lowest_at_the_truth_and_a_weight_of_zero_takes_an_image_out(self) -> None:
        truth = torch.from_numpy(given.disc(64, 0.5, 0.5, 0.3))[None, None].float() / 255
        sure = [torch.logit(truth, 1e-4)]
        weight = torch.ones(1)
        self.assertLess(total_loss(sure, truth, weight)[0], total_loss([torch.zeros_like(truth)], truth, weight)[0])
        self.assertEqual(total_loss([torch.zeros_like(truth)], truth, torch.zeros(1))[0].item(), 0)

    def test_folding_changes_nothing(self) -> None:
        network = used()
        image = torch.rand(1, 3, 64, 64)
        with torch.no_grad():
            before = network(image)
            self.assertLess((export.fold(network)(image) - before).abs().max().item(), 1e-4)

    def test_iou_of_equal_halves_is_a_third_and_of_nothing_is_one(self) -> None:
        left, middle = torch.zeros(1, 1, 4, 4), torch.zeros(1, 1, 4, 4)
        left[..., :2], middle[..., 1:3] = 1, 1
        self.assertAlmostEqual(float(score.iou(left, middle)), 1 / 3, places=6)
        self.assertEqual(float(score.iou(torch.zeros_like(left), torch.zeros_like(left))), 1)


class TrunkTests(unittest.TestCase):
    def test_batch_norms_and_the_range_of_the_input_are_folded_into_the_convolutions(self) -> None:
        """A file of the package's structure, with two channels everywhere."""
        rng, nodes, tensors = np.random.default_rng(0), [], []
        count = 1 + sum(2 * blocks for blocks in trunk.FILE_BLOCKS) + 3
        for i in range(count):
            values = {
                "W": rng.normal(size=(2, 3 if i == 0 else 2, 3, 3)),
                "g": rng.uniform(0.5, 2, 2),
                "b": rng.normal(size=2),
                "m": rng.normal(size=2),
                "v": rng.uniform(0.5, 2, 2),
            }
            tensors += [numpy_helper.from_array(v.astype(np.float32), f"{k}{i}") for k, v in values.items()]
            nodes.append(helper.make_node("Conv", [f"x{i}", f"W{i}"], [f"z{i}"]))
            nodes.append(
                helper.make_node("BatchNormalization", [f"z{i}", *(f"{k}{i}" for k in "gbmv")], [f"y{i}"], epsilon=1e-3)
            )
        graph = helper.make_graph(
            nodes,
            "trunk",
            [helper.make_tensor_value_info("x0", TensorProto.FLOAT, None)],
            [helper.make_tensor_value_info("y0", TensorProto.FLOAT, None)],
            tensors,
        )
        with tempfile.TemporaryDirectory() as root:
            onnx.save(helper.make_model(graph), f"{root}/trunk.onnx")
            folded = trunk.fold(f"{root}/trunk.onnx")
        self.assertEqual(len(folded), 2 * count)

        stored = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in tensors}
        rgb = torch.rand(1, 3, 5, 5)
        norm = [stored[f"{k}0"] for k in "mvgb"]
        expected = nn.functional.batch_norm(nn.functional.conv2d(rgb.flip(1) * 255, stored["W0"]), *norm, eps=1e-3)
        kernel, bias = (torch.from_numpy(folded[f"stem.{name}"]) for name in ("weight", "bias"))
        self.assertLess((nn.functional.conv2d(rgb, kernel, bias) - expected).abs().max().item(), 1e-3)

    def test_a_file_without_all_weights_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            np.savez(f"{root}/trunk.npz", **{"stem.weight": np.zeros((64, 3, 7, 7), np.float32)})
            with self.assertRaisesRegex(SystemExit, "lacks stages.0.0.a.bias"):
                trunk.load(trunk.Trunk(), f"{root}/trunk.npz")


class RelabelTests(unittest.TestCase):
    def test_a_label_is_the_mean_of_both_ways_and_photos_held_out_get_none(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            data = {
                "img": np.random.default_rng(0).integers(0, 256, (3, 3, 64, 64), np.uint8),
                "names": np.array(["a", "b", "c"]),
                "held": np.array([False, True, False]),
            }
            network = used()
            self.assertEqual(relabel.write(data, network, f"{root}/labels-2"), 2)
            self.assertEqual(sorted(os.listdir(f"{root}/labels-2")), ["a.png", "c.png"])
            with Image.open(f"{root}/labels-2/c.png") as file:
                written = np.asarray(file) / 255
        image = torch.from_numpy(data["img"][2:]).float() / 255
        with torch.no_grad():
            expected = (network(image) + network(image.flip(3)).flip(3)) / 2
        self.assertLess(np.abs(written - expected[0, 0].numpy()).max(), 0.05)
        self.assertLess(np.abs(written - expected[0, 0].numpy()).mean(), 0.005)
        self.assertGreater(written.std(), 0.01)


class ExportTests(unittest.TestCase):
    def test_a_file_is_stored_small_and_a_run_can_start_from_it(self) -> None:
        network, images = used(), torch.rand(8, 3, 64, 64)
        with torch.no_grad():
            before = network(images)
        with tempfile.TemporaryDirectory() as root:
            cases = ("fp32", 50_500_000, 1e-4), ("fp16", 25_500_000, 0.01), ("int8", 13_000_000, 0.1)
            for weights, most, error in cases:
                model = export.to_onnx(copy_of(network), weights)
                self.assertLess(len(model.SerializeToString()), most)
                onnx.save(model, f"{root}/{weights}.onnx")
                again = start.load(Network(), f"{root}/{weights}.onnx", images).eval()
                with torch.no_grad():
                    self.assertLess((again(images) - before).abs().max().item(), error, weights)
                    # In training the norms use the batch's own statistics: nearly the same.
                    trained = torch.sigmoid(again.train()(images)[0])
                    self.assertLess((trained - before).abs().mean().item(), error + 0.02, weights)

    def test_a_foreign_file_is_refused(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            onnx.save(helper.make_model(helper.make_graph([], "empty", [], [])), f"{root}/empty.onnx")
            with self.assertRaises(SystemExit):
                start.load(Network(), f"{root}/empty.onnx", torch.rand(1, 3, 64, 64))


class RunTests(unittest.TestCase):
    def setUp(self) -> None:
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        photos, labels = given.folders(self.root)
        name = next(str(i) for i in range(1000) if bank.is_held_out(str(i)))
        os.rename(f"{photos}/5.jpg", f"{photos}/{name}.jpg"), os.rename(f"{labels}/5.png", f"{labels}/{name}.png")
        bank.build(f"{self.root}/bank", bank.pairs([photos], [], [labels]), size=96, processes=1)
        np.savez(f"{self.root}/trunk.npz", **{k: v.numpy() for k, v in trunk.Trunk().state_dict().items()})

    def train(self, *options: str) -> dict:
        train.main(
            [
                f"{self.root}/bank",
                "--out",
                f"{self.root}/out",
                "--batch",
                "2",
                "--processes",
                "1",
                "--minutes",
                "0.05",
                "--every",
                "0.01",
                "--parts",
                f"{self.root}/parts",
                *options,
            ]
        )
        return checkpoint.read(f"{self.root}/out/checkpoint.pt")

    def test_a_run_learns_resumes_and_is_exported(self) -> None:
        first = self.train("--trunk", f"{self.root}/trunk.npz")
        self.assertGreater(first["step"], 0)
        self.assertTrue(all(0 <= entry["iou"] <= 1 for entry in first["history"]))
        self.assertTrue(json.dumps(first["history"]))

        # Its schedule is over, so only a new one goes on; another network cannot take its place.
        self.assertEqual(self.train()["step"], first["step"])
        with self.assertRaises(SystemExit):
            self.train("--start", f"{self.root}/other.onnx")
        second = self.train("--restart")
        self.assertGreater(second["step"], first["step"])
        self.assertGreater(len(second["history"]), len(first["history"]))

        best = checkpoint.read(f"{self.root}/out/best.pt")
        self.assertEqual(best["history"][-1]["iou"], max(entry["iou"] for entry in second["history"]))

        self.assertTrue(all(os.path.getsize(entry) <= checkpoint.PART for entry in os.scandir(f"{self.root}/parts")))
        checkpoint.join(f"{self.root}/parts", f"{self.root}/joined.pt")
        joined = checkpoint.load_average(f"{self.root}/joined.pt")
        written = checkpoint.load_average(f"{self.root}/out/best.pt")
        image = torch.rand(1, 3, export.SIZE, export.SIZE)
        with torch.no_grad():
            self.assertLess((joined(image) - written(image)).abs().max().item(), 0.01)
            expected = start.load(Network(), self.export(written), image).eval()(image).numpy()
        # ./test runs the file with the service's own runtime and compares.
        if out := os.environ.get("REMOVEBG_EXPORTED"):
            shutil.copy(f"{self.root}/exported.onnx", f"{out}/removebg.onnx")
            image.numpy().tofile(f"{out}/image.f32")
            expected.tofile(f"{out}/alpha.f32")

    def export(self, network: Network) -> str:
        model = export.to_onnx(copy_of(network))
        self.assertLessEqual(model.opset_import[0].version, 17)
        self.assertEqual([d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim], [1, 3, 320, 320])
        onnx.save(model, f"{self.root}/exported.onnx")
        return f"{self.root}/exported.onnx"

    def test_parts_that_are_incomplete_are_refused(self) -> None:
        os.makedirs(f"{self.root}/parts")
        with self.assertRaisesRegex(SystemExit, "does not have all parts"):
            checkpoint.join(f"{self.root}/parts", f"{self.root}/joined.pt")


def used() -> Network:
    """A network whose batch norms have seen some images."""
    torch.manual_seed(0)
    network = Network()
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.weight.uniform_(0.5, 1)  # some begin at zero, which would hide their convolution
        for _ in range(2):
            network(torch.rand(8, 3, 64, 64))
    return network.eval()


def copy_of(network: Network) -> Network:
    copy = Network()
    copy.load_state_dict(network.state_dict())
    return copy.eval()
