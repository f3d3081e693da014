import tempfile
import unittest

import numpy as np

from lite import bank, pack
from . import given


class BankTests(unittest.TestCase):
    def test_a_sure_label_counts_fully_and_an_empty_or_doubtful_one_does_not(self) -> None:
        sure = given.disc(96, 0.5, 0.5, 0.3) / 255
        self.assertGreater(bank.weigh(*bank.judge(sure)), 0.8)
        self.assertEqual(bank.weigh(*bank.judge(np.zeros((96, 96)))), 0)
        self.assertEqual(bank.weigh(*bank.judge(np.full((96, 96), 0.6))), 0)

    def test_two_equal_discs_are_half_a_blob_each(self) -> None:
        two = np.maximum(given.disc(96, 0.25, 0.5, 0.15), given.disc(96, 0.75, 0.5, 0.15)) / 255
        self.assertAlmostEqual(bank.main_blob(two), 0.5, delta=0.02)

    def test_a_box_is_around_the_subject_and_there_is_none_when_it_is_cut_off_at_the_side(self) -> None:
        left, top, right, bottom, stands = bank.box_of(given.disc(100, 0.5, 0.4, 0.2) / 255)
        for value, expected in ((left, 0.3), (top, 0.2), (right, 0.7), (bottom, 0.6), (stands, 0)):
            self.assertAlmostEqual(value, expected, delta=0.011)
        self.assertIsNone(bank.box_of(given.disc(100, 0.0, 0.5, 0.2) / 255))

    def test_empty_windows_have_no_subject(self) -> None:
        label = given.disc(96, 0.25, 0.25, 0.2) / 255
        found = bank.empty_windows(label, np.random.default_rng(0))
        self.assertGreater(len(found), 0)
        for x, y, w, h in found:
            part = label[int(y * 96) : int((y + h) * 96), int(x * 96) : int((x + w) * 96)]
            self.assertLess(part.mean(), 0.03)

    def test_the_colours_of_a_cut_out_do_not_come_from_behind_it(self) -> None:
        label = given.disc(96, 0.5, 0.5, 0.3) / 255
        photo = np.where(label > 0.5, 200, 20)[None].repeat(3, 0).astype(np.uint8)
        colours = bank.subject_colours(photo, label)
        edge = (label > 0.2) & (label < 0.7)
        self.assertGreater(colours[:, edge].min(), 150)

    def test_a_bank_is_built_of_folders_and_of_their_pack(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            built = bank.build(*given.folders(root), size=96)
            self.assertEqual(built["img"].shape, (6, 3, 96, 96))
            self.assertEqual(len(built["fg"]), 6)
            self.assertEqual(pack.pack(f"{root}/photos", f"{root}/labels", f"{root}/pack.zip", size=96), 6)
            pack.unpack(f"{root}/pack.zip", f"{root}/there")
            again = bank.build(f"{root}/there/photos", f"{root}/there/labels", size=96)
            self.assertLess(np.abs(again["lab"].astype(int) - built["lab"]).mean(), 4)

    def test_what_is_too_large_or_foreign_is_refused_by_name(self) -> None:
        with tempfile.TemporaryDirectory() as root:
            given.folders(root)
            with self.assertRaisesRegex(SystemExit, "more than 0.001"):
                pack.pack(f"{root}/photos", f"{root}/labels", f"{root}/pack.zip", most_mb=0.001)
            with self.assertRaisesRegex(SystemExit, "has no label"):
                bank.build(f"{root}/photos", f"{root}/photos")
