import os
import shutil
import tempfile
import unittest

import numpy as np
from PIL import Image

from removebg import bank, labels, pack
from . import given


class LabelTests(unittest.TestCase):
    def test_a_sure_label_counts_fully_and_an_empty_or_doubtful_one_does_not(self) -> None:
        sure = given.disc(96, 0.5, 0.5, 0.3) / 255
        self.assertGreater(labels.weigh(*labels.judge(sure)), 0.8)
        self.assertEqual(labels.weigh(*labels.judge(np.zeros((96, 96)))), 0)
        self.assertEqual(labels.weigh(*labels.judge(np.full((96, 96), 0.6))), 0)

    def test_two_equal_discs_are_half_a_blob_each(self) -> None:
        two = np.maximum(given.disc(96, 0.25, 0.5, 0.15), given.disc(96, 0.75, 0.5, 0.15)) / 255
        self.assertAlmostEqual(labels.main_blob(two), 0.5, delta=0.02)

    def test_a_box_surrounds_the_subject_and_is_missing_when_the_border_cuts_it_off(self) -> None:
        left, top, right, bottom, stands = labels.box_of(given.disc(100, 0.5, 0.4, 0.2) / 255)
        for value, expected in ((left, 0.3), (top, 0.2), (right, 0.7), (bottom, 0.6), (stands, 0)):
            self.assertAlmostEqual(value, expected, delta=0.011)
        self.assertIsNone(labels.box_of(given.disc(100, 0.0, 0.5, 0.2) / 255))

    def test_empty_windows_have_no_subject(self) -> None:
        label = given.disc(96, 0.25, 0.25, 0.2) / 255
        found = labels.empty_windows(label, np.random.default_rng(0))
        self.assertGreater(len(found), 0)
        for x, y, w, h in found:
            part = label[int(y * 96) : int((y + h) * 96), int(x * 96) : int((x + w) * 96)]
            self.assertLess(part.mean(), 0.03)

    def test_a_cut_outs_colours_do_not_come_from_the_background(self) -> None:
        label = given.disc(96, 0.5, 0.5, 0.3) / 255
        photo = np.where(label > 0.5, 200, 20)[None].repeat(3, 0).astype(np.uint8)
        colours = labels.subject_colours(photo, label)
        edge = (label > 0.2) & (label < 0.7)
        self.assertGreater(colours[:, edge].min(), 150)

    def test_labels_that_disagree_are_not_trusted(self) -> None:
        left, right = given.disc(96, 0.3, 0.5, 0.2) / 255, given.disc(96, 0.7, 0.5, 0.2) / 255
        self.assertEqual(labels.trust(labels.agreement([left, right])), 0)
        self.assertEqual(labels.trust(labels.agreement([left, left])), 1)
        self.assertEqual(labels.trust(labels.agreement([left])), 1)


class BankTests(unittest.TestCase):
    def setUp(self) -> None:
        self.root = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.root)
        self.photos, self.labels = given.folders(self.root)

    def build(self, **folders: list[str]) -> dict[str, np.ndarray]:
        given_ = {"photos": [self.photos], "masks": [], "labels_": [self.labels], **folders}
        return bank.build(f"{self.root}/bank", bank.pairs(**given_), size=96, processes=1)

    def copy_of_labels(self, name: str, change) -> str:
        folder = f"{self.root}/{name}"
        os.makedirs(folder)
        for file in os.listdir(self.labels):
            with Image.open(f"{self.labels}/{file}") as label:
                Image.fromarray(change(np.asarray(label))).save(f"{folder}/{file}")
        return folder

    def test_a_bank_has_every_photo_with_a_label(self) -> None:
        built = self.build()
        self.assertEqual(built["img"].shape, (6, 3, 96, 96))
        self.assertEqual(built["names"].tolist(), ["0", "1", "2", "3", "4", "5"])
        self.assertEqual(len(built["fg"]), 6)
        self.assertTrue((built["weight"] > 0.5).all())

    def test_the_target_is_the_mean_of_the_labels(self) -> None:
        darker = self.copy_of_labels("darker", lambda label: np.uint8(label * 0.8))
        built = self.build(labels_=[self.labels, darker])
        self.assertEqual(built["lab"].max(), 230)

    def test_a_photo_whose_labels_disagree_is_not_used(self) -> None:
        inverted = self.copy_of_labels("inverted", lambda label: 255 - label)
        self.assertEqual(self.build(labels_=[self.labels, inverted])["weight"].max(), 0)

    def test_a_mask_comes_before_labels_and_counts_fully(self) -> None:
        inverted = self.copy_of_labels("inverted", lambda label: 255 - label)
        built = self.build(masks=[self.labels], labels_=[inverted])
        self.assertTrue((built["weight"] == 1).all())
        self.assertGreater(built["lab"][0, 0, 48, 48], 250)

    def test_a_photo_held_out_lends_neither_its_subject_nor_its_background(self) -> None:
        name = next(str(i) for i in range(1000) if bank.is_held_out(str(i)))
        for folder, extension in ((self.photos, "jpg"), (self.labels, "png")):
            os.rename(f"{folder}/0.{extension}", f"{folder}/{name}.{extension}")
        built = self.build()
        held = built["names"].tolist().index(name)
        self.assertEqual(np.nonzero(built["held"])[0].tolist(), [held])
        self.assertNotIn(held, built["fg"])
        self.assertNotIn(held, built["win"][:, 0])

    def test_a_pack_gives_the_same_bank_on_the_other_machine(self) -> None:
        darker = self.copy_of_labels("darker", lambda label: np.uint8(label * 0.8))
        found = bank.pairs([self.photos], [], [self.labels, darker])
        files = pack.pack(f"{self.root}/pack", found, side=96, most_mib=0.005)
        self.assertGreater(len(files), 1)
        self.assertTrue(all(os.path.getsize(file) <= 0.005 * 1024 * 1024 for file in files))
        there = f"{self.root}/there"
        self.assertEqual(pack.unpack(f"{self.root}/pack", there), 6)
        here = self.build(labels_=[self.labels, darker])["lab"].astype(int)
        again = self.build(photos=[f"{there}/photos"], labels_=[f"{there}/labels", f"{there}/labels-2"])["lab"]
        self.assertLess(np.abs(again.astype(int) - here).mean(), 4)

    def test_bad_folders_are_refused_by_name(self) -> None:
        with self.assertRaisesRegex(SystemExit, "has a mask or a label"):
            bank.pairs([self.photos], [], [])
        with self.assertRaisesRegex(SystemExit, "missing is not a folder"):
            bank.pairs([f"{self.root}/missing"], [], [self.labels])
        with self.assertRaisesRegex(SystemExit, "0.jpg alone needs"):
            pack.pack(f"{self.root}/pack", bank.pairs([self.photos], [], [self.labels]), most_mib=0.0001)
        with self.assertRaisesRegex(SystemExit, "has no photos-"):
            pack.unpack(self.root, self.root)
