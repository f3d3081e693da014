import tempfile
import unittest

import numpy as np
import torch

from removebg import bank
from removebg.batches import Batcher, times_by_kind
from removebg.dice import Dice
from removebg.geometry import random_frame, warp
from removebg.patterns import noise, patterns
from removebg.photometric import jpeg, photometric
from removebg.schedule import image_size, learning_rate
from removebg.studio import studio
from . import given


def built(root: str) -> dict[str, np.ndarray]:
    photos, labels = given.folders(root)
    return bank.build(f"{root}/bank", bank.pairs([photos], [], [labels]), size=96, processes=1)


class BatchTests(unittest.TestCase):
    def test_a_batch_has_the_shapes_and_ranges_that_the_network_takes(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            batcher = Batcher(built(root))
        for _ in range(5):
            images, alpha, weight = batcher.batch(6, 64)
            self.assertEqual((images.shape, alpha.shape, weight.shape), ((6, 3, 64, 64), (6, 1, 64, 64), (6,)))
            for values in (images, alpha, weight):
                self.assertTrue(torch.isfinite(values).all())
                self.assertGreaterEqual(values.min().item(), 0)
                self.assertLessEqual(values.max().item(), 1)
            self.assertGreater(alpha.mean().item(), 0.02)

    def test_some_composites_have_no_subject_and_count(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            batcher = Batcher(built(root))
        _, alpha, weight = batcher.composites(200, 32)
        empty = alpha.flatten(1).max(1).values == 0
        self.assertTrue(5 < int(empty.sum()) < 60)
        self.assertTrue((weight[empty] == 1).all())

    def test_a_share_holds_on_average_however_few_images_a_batch_has(self) -> None:
        torch.manual_seed(0)
        counts = [Dice("cpu").count(2, 0.25) for _ in range(400)]
        self.assertEqual(set(counts), {0, 1})
        self.assertAlmostEqual(sum(counts) / 400, 0.5, delta=0.1)

    def test_noise_has_grain_of_many_sizes_and_stays_in_range(self) -> None:
        torch.manual_seed(0)
        pictures = noise(Dice("cpu"), 64, 40)
        self.assertEqual(pictures.shape, (40, 3, 64, 64))
        self.assertGreaterEqual(pictures.min().item(), 0)
        self.assertLessEqual(pictures.max().item(), 1)
        steps = (pictures[..., 1:] - pictures[..., :-1]).abs().mean((1, 2, 3))
        self.assertGreater((steps.max() / steps.min()).item(), 10)

    def test_the_same_seed_gives_the_same_batches(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            data = built(root)
        self.assertTrue(torch.equal(Batcher(data, seed=3).batch(4, 64)[0], Batcher(data, seed=3).batch(4, 64)[0]))

    def test_every_photo_comes_once_in_a_pass(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            batcher = Batcher(built(root))
        self.assertEqual(sorted(batcher._next(6).tolist()), list(range(6)))

    def test_a_rare_kind_comes_more_often_per_photo_and_less_often_in_all(self) -> None:
        names = np.array([f"common-{i:05}" for i in range(800)] + [f"rare-{i:05}" for i in range(100)])
        times = times_by_kind(names)
        self.assertAlmostEqual(float(times.mean()), 1, places=5)
        self.assertAlmostEqual(float(times[-1] / times[0]), 8**0.3, places=4)
        self.assertAlmostEqual(float(times[:800].sum() / times[800:].sum()), 8**0.7, places=3)

    def test_photos_without_a_kind_in_their_names_are_all_alike(self) -> None:
        self.assertTrue((times_by_kind(np.array(["1", "2", "cat"])) == 1).all())

    def test_photo_and_label_are_framed_alike(self) -> None:
        torch.manual_seed(0)
        both = torch.from_numpy(given.disc(96, 0.5, 0.5, 0.3))[None, None].float().repeat(8, 2, 1, 1) / 255
        framed = warp(both, random_frame(Dice("cpu"), 8), 64, "reflection")
        self.assertTrue(torch.equal(framed[:, 0], framed[:, 1]))

    def test_colours_stay_in_range_and_flat_grey_survives_jpeg(self) -> None:
        torch.manual_seed(0)
        values = photometric(Dice("cpu"), torch.rand(32, 3, 64, 64))
        self.assertTrue(((values >= 0) & (values <= 1)).all())
        grey = torch.full((1, 3, 16, 16), 0.5)
        self.assertLess((jpeg(grey, torch.full((1, 1, 1, 1, 1, 1), 0.01)) - grey).abs().max().item(), 0.01)

    def test_what_repeats_is_opaque_colour_of_the_right_size_and_not_flat(self) -> None:
        torch.manual_seed(0)
        ground = patterns(Dice("cpu"), 64, 16)
        self.assertEqual(ground.shape, (16, 3, 64, 64))
        self.assertTrue(((ground >= 0) & (ground <= 1)).all())
        self.assertGreater(ground.std((2, 3)).mean().item(), 0.05)

    def test_a_studio_is_opaque_colour_of_the_right_size(self) -> None:
        torch.manual_seed(0)
        ground = studio(Dice("cpu"), 64, torch.zeros(4, 1, 64, 64))
        self.assertEqual(ground.shape, (4, 3, 64, 64))
        self.assertTrue(torch.isfinite(ground).all())


class ScheduleTests(unittest.TestCase):
    def test_the_rate_warms_up_and_comes_down_to_almost_nothing(self) -> None:
        self.assertLess(learning_rate(0, 1), 0.06)
        self.assertGreater(learning_rate(0.02, 1), 0.95)
        self.assertLess(learning_rate(0.99, 1), 0.01)

    def test_sizes_are_multiples_of_32_and_end_at_the_networks_own(self) -> None:
        for step in range(100):
            for chance in (0.0, 0.5, 0.999):
                self.assertEqual(image_size(step / 100, chance) % 32, 0)
        self.assertEqual(image_size(0.95, 0.3), 320)
