"""Packs photos and labels to send to a machine with a GPU: WebP at 256 px in one zip, at most 50 MB.

python3 -m lite.pack pack PHOTOS LABELS photos.zip [--size 256] [--most-mb 50]
python3 -m lite.pack unpack photos.zip FOLDER       -> FOLDER/photos, FOLDER/labels
"""
import argparse
import io
import os
from glob import glob
from zipfile import ZIP_STORED, ZipFile

from PIL import Image

from .bank import photo_of

# 5,602 pairs at 256 px: 35 MB of photos and 10 MB of labels. JPEG of the same quality takes 47 MB, PNG labels 21.
PHOTO_QUALITY, LABEL_QUALITY = 40, 80


def pack(photos: str, labels: str, out: str, size: int = 256, most_mb: float = 50) -> int:
    """Returns the number of pairs; exits with a message if they are too large together."""
    names = sorted(os.path.splitext(os.path.basename(file))[0] for file in glob(os.path.join(labels, "*.png")))
    if not names:
        raise SystemExit(f"{labels} has no label (*.png).")
    with ZipFile(out, "w", ZIP_STORED) as file:  # WebP is compressed already
        for name in names:
            with Image.open(photo_of(photos, name)) as photo:
                file.writestr(
                    f"photos/{name}.webp",
                    _webp(photo.convert("RGB").resize((size, size), Image.LANCZOS), PHOTO_QUALITY),
                )
            with Image.open(os.path.join(labels, name + ".png")) as label:
                file.writestr(
                    f"labels/{name}.webp", _webp(label.convert("L").resize((size, size), Image.BILINEAR), LABEL_QUALITY)
                )
    megabytes = os.path.getsize(out) / 1e6
    if megabytes > most_mb:
        raise SystemExit(
            f"{out} has {megabytes:.1f} MB, more than {most_mb:g}: pack fewer photos, or smaller ones (--size)."
        )
    return len(names)


def unpack(packed: str, folder: str) -> None:
    """Unpacks photos unchanged, and labels as the PNG that the bank reads."""
    with ZipFile(packed) as file:
        for member in file.namelist():
            kind, _, name = member.partition("/")
            if kind not in ("photos", "labels") or not name.endswith(".webp") or name != os.path.basename(name):
                raise SystemExit(f"{packed} has {member}, which is neither a photo nor a label.")
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
            if kind == "photos":
                with open(os.path.join(folder, kind, name), "wb") as out:
                    out.write(file.read(member))
            else:
                with Image.open(io.BytesIO(file.read(member))) as label:
                    label.convert("L").save(os.path.join(folder, kind, name[:-5] + ".png"))


def _webp(image: Image.Image, quality: int) -> bytes:
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=quality, method=4)
    return file.getvalue()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    for name in ("photos", "labels", "out"):
        packing.add_argument(name)
    packing.add_argument("--size", type=int, default=256)
    packing.add_argument("--most-mb", type=float, default=50)
    unpacking = commands.add_parser("unpack")
    unpacking.add_argument("file")
    unpacking.add_argument("folder")
    given = arguments.parse_args()
    if given.command == "unpack":
        unpack(given.file, given.folder)
    else:
        print(f"{pack(given.photos, given.labels, given.out, given.size, given.most_mb)} pairs in {given.out}")


if __name__ == "__main__":
    main()
