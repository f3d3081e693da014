import json
import os
import tempfile
import unittest

import numpy as np
import onnx
import torch

from lite import bank, export, train
from lite.average import average
from lite.losses import total_loss
from lite.monitor import watch
from lite.network import BothWays, RemoveBgLite
from . import given


class NetworkTests(unittest.TestCase):
    def test_it_gives_logits_of_all_levels_in_training_and_alpha_else(self) -> None:
        network = RemoveBgLite()
        self.assertEqual(
            [tuple(level.shape[2:]) for level in network(torch.rand(2, 3, 64, 96))],
            [(64, 96), (16, 24), (8, 12), (4, 6), (2, 3)],
        )
        alpha = network.eval()(torch.rand(1, 3, 64, 64))
        self.assertEqual(alpha.shape, (1, 1, 64, 64))
        self.assertTrue(((alpha >= 0) & (alpha <= 1)).all())

    def test_what_is_shipped_says_the_same_of_a_photo_and_its_mirror_image(self) -> None:
        network = RemoveBgLite().eval()
        image = torch.rand(2, 3, 64, 64)
        with torch.no_grad():
            one, other, single = BothWays(network)(image), BothWays(network)(image.flip(3)), network(image)
        self.assertLess((one - other.flip(3)).abs().max().item(), 1e-5)
        self.assertGreater((single - network(image.flip(3)).flip(3)).abs().max().item(), 1e-3)

    def test_it_is_as_small_as_the_model_card_says(self) -> None:
        self.assertEqual(sum(p.numel() for p in RemoveBgLite().parameters()), 1_207_576)

    def test_the_loss_is_lowest_at_the_truth_and_a_weight_of_zero_takes_an_image_out(self) -> None:
        truth = torch.from_numpy(given.disc(64, 0.5, 0.5, 0.3))[None, None].float() / 255
        sure = [torch.logit(truth, 1e-4)]
        weight = torch.ones(1)
        self.assertLess(total_loss(sure, truth, weight)[0], total_loss([torch.zeros_like(truth)], truth, weight)[0])
        self.assertEqual(total_loss([torch.zeros_like(truth)], truth, torch.zeros(1))[0].item(), 0)

    def test_folding_changes_nothing(self) -> None:
        network = RemoveBgLite()
        for _ in range(2):
            network(torch.rand(4, 3, 64, 64))  # gives the batch norms something to fold
        network.eval()
        image = torch.rand(1, 3, 64, 64)
        before = network(image)
        self.assertLess((export.fold(network)(image) - before).abs().max().item(), 1e-4)

    def test_the_largest_tensors_are_halved_until_the_file_fits(self) -> None:
        self.assertEqual(export.halved_from([900_000, 200_000, 100_000]), 900_000)
        self.assertEqual(export.halved_from([900_000, 400_000, 200_000]), 400_000)
        with self.assertRaises(ValueError):
            export.halved_from([3_000_000])


class RunTests(unittest.TestCase):
    def test_a_short_run_learns_goes_on_and_is_exported(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            np.savez(f"{root}/bank.npz", **bank.build(*given.folders(root), size=96))
            pairs = {
                "img": np.random.default_rng(0).integers(0, 256, (2, 3, 320, 320), dtype=np.uint8),
                "gt": np.zeros((2, 1, 320, 320), np.uint8),
            }
            np.savez(f"{root}/monitor.npz", **pairs)
            short = [
                f"{root}/bank.npz",
                "--out",
                root,
                "--minutes",
                "0.1",
                "--batch",
                "4",
                "--processes",
                "1",
                "--monitor",
                f"{root}/monitor.npz",
            ]
            train.main(short)
            first = torch.load(f"{root}/checkpoint.pt")
            train.main([*short, "--resume", f"{root}/checkpoint.pt"])
            second = torch.load(f"{root}/checkpoint.pt")
            self.assertGreater(first["step"], 0)
            self.assertGreater(second["step"], first["step"])
            self.assertEqual(len(second["history"]), 2)
            self.assertTrue(json.dumps(second["history"]))

            torch.save(first, f"{root}/first.pt")
            average(f"{root}/first.pt", f"{root}/checkpoint.pt", 0.25, f"{root}/between.pt")
            between, key = torch.load(f"{root}/between.pt"), "head.weight"
            self.assertTrue(torch.allclose(between["ema"][key], 0.75 * first["ema"][key] + 0.25 * second["ema"][key]))

            network = export.load(f"{root}/checkpoint.pt")
            iou, error = watch(network, pairs, "cpu")
            self.assertTrue(0 <= iou <= 1 and 0 <= error <= 1)
            image = torch.rand(1, 3, export.SIZE, export.SIZE)
            self.assertLess(export.rounding_error(f"{root}/checkpoint.pt"), 0.05)
            model = export.to_onnx(export.load(f"{root}/checkpoint.pt"))
            with torch.no_grad():
                expected = BothWays(export.round_as_stored(export.fold(network)))(image).numpy()
            self.assertLess(len(model.SerializeToString()), 4_000_000)
            self.assertLessEqual(model.opset_import[0].version, 17)
            self.assertEqual([d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim], [1, 3, 320, 320])
            # ./test runs the file with the service's own runtime and compares.
            if out := os.environ.get("REMOVEBG_EXPORTED"):
                onnx.save(model, f"{out}/removebg-lite.onnx")
                image.numpy().tofile(f"{out}/image.f32")
                expected.tofile(f"{out}/alpha.f32")
