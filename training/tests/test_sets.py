import os
import tempfile
import unittest
import zlib
from glob import glob
from unittest import mock

import numpy as np
from PIL import Image

from removebg import bank, sets
from . import given

SUBJECT = np.array([250, 10, 10])


def photo(name: str = "disc", x: float = 0.5, y: float = 0.5, radius: float = 0.2) -> sets.Photo:
    """A red disc on black."""
    alpha = given.disc(256, x, y, radius).astype(np.float32) / 255
    return sets.Photo(name, np.uint8(alpha[..., None] * SUBJECT), alpha)


def is_red(colours: np.ndarray) -> np.ndarray:
    return colours[..., 0] > 125


class SetTests(unittest.TestCase):
    def test_a_cut_photo_and_its_mask_end_in_the_subject_at_the_same_place(self) -> None:
        rng = np.random.default_rng(1)
        for _ in range(20):
            found = sets.cut(rng, photo())
            assert found is not None
            border = [found.alpha[0], found.alpha[-1], found.alpha[:, 0], found.alpha[:, -1]]
            self.assertIn(sum(side.max() > 0.9 for side in border), (1, 2))
            np.testing.assert_array_equal(is_red(found.colours), found.alpha > 0.5)

    def test_a_composite_shows_its_subject_where_the_mask_says(self) -> None:
        # Its other half is neither red nor part of it.
        alpha = np.repeat(np.float32([[1, 0]]), 32, axis=1).repeat(80, axis=0)
        subject = sets.Subject("half", np.uint8(alpha[..., None] * SUBJECT), alpha)
        rng, touching = np.random.default_rng(2), 0
        for _ in range(30):
            found = sets.composite(rng, "one", [subject], np.zeros((336, 448, 3), np.float32))
            self.assertEqual(found.alpha.shape, (336, 448))
            self.assertGreater((found.alpha > 0.5).mean(), 0.01)
            self.assertLess((is_red(found.colours) != (found.alpha > 0.5)).mean(), 0.01)
            touching += max(found.alpha[-1].max(), found.alpha[:, 0].max(), found.alpha[:, -1].max()) > 0.9
        self.assertIn(touching, range(4, 17))  # one in three

    def test_a_second_subject_is_behind_the_first_and_counts(self) -> None:
        front, back = sets.subject_of(photo("front")), sets.subject_of(photo("back"))
        assert front is not None and back is not None
        places = {"front": photo(radius=0.2), "back": photo(radius=0.3)}
        colours = {"front": SUBJECT, "back": np.array([10, 250, 10])}

        def place(rng: np.random.Generator, subject: sets.Subject, *_: object) -> tuple[np.ndarray, np.ndarray]:
            alpha = places[subject.name].alpha
            return np.ones((*alpha.shape, 3), np.float32) * colours[subject.name], alpha

        with mock.patch.object(sets, "place", place):
            ground = np.zeros((256, 256, 3), np.float32)
            found = sets.composite(np.random.default_rng(3), "two", [front, back], ground)
        np.testing.assert_allclose(found.alpha, places["back"].alpha, atol=0.01)
        self.assertLess((is_red(found.colours) != (places["front"].alpha > 0.5)).mean(), 0.001)

    def test_a_subject_that_a_side_cuts_off_is_not_pasted_elsewhere(self) -> None:
        self.assertIsNone(sets.subject_of(photo(x=0)))

    def test_the_sets_are_made_of_photos_held_out_and_equal_for_the_same_seed(self) -> None:
        names = [str(n) for n in range(2000) if zlib.crc32(str(n).encode()) % bank.HELD_OUT == 0][:6]
        with tempfile.TemporaryDirectory() as folder:
            photos, labels = given.folders(folder, 8, 640)
            for n, name in enumerate(names):
                for part, ending in ((photos, "jpg"), (labels, "png")):
                    os.rename(os.path.join(part, f"{n}.{ending}"), os.path.join(part, f"{name}.{ending}"))
            fg = np.dstack([np.full((256, 256, 3), 200, np.uint8), given.disc(256, 0.5, 0.5, 0.3)])
            Image.fromarray(fg).save(os.path.join(folder, "ball.fg.png"))
            pairs = bank.pairs([photos], [], [labels])
            written = []
            for out in ("first", "second"):
                sets.make(os.path.join(folder, out), sets.held_out(pairs), [], sets.renders(folder), 5, seed=1)
                files = sorted(glob(os.path.join(folder, out, "**", "*.*"), recursive=True))
                written.append({os.path.relpath(it, os.path.join(folder, out)): open(it, "rb").read() for it in files})
            self.assertEqual(written[0], written[1])
            paths = list(written[0])
        held = {bank.name_of(path) for path in paths if path.startswith("held-out/")}
        self.assertEqual(held, set(names))
        for name, count in (("cut", 5), ("composed", 5), ("rendered", 5)):
            self.assertEqual(sum(path.startswith(name + "/masks/") for path in paths), count, name)
