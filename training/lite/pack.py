"""Photos and labels, small enough to travel to a machine with a GPU: JPEG and PNG at 256 px in one tar, at most 50 MB.

python3 -m lite.pack pack PHOTOS LABELS photos.tar [--size 256] [--most-mb 50]
python3 -m lite.pack unpack photos.tar FOLDER       -> FOLDER/photos, FOLDER/labels
"""
import argparse
import io
import os
import tarfile
from glob import glob

from PIL import Image


def pack(photos: str, labels: str, out: str, size: int = 256, most_mb: float = 50) -> int:
    """Returns how many pairs; stops with a sentence where they are too large together."""
    names = sorted(os.path.splitext(os.path.basename(file))[0] for file in glob(os.path.join(labels, "*.png")))
    if not names:
        raise SystemExit(f"{labels} has no label (*.png).")
    with tarfile.open(out, "w") as tar:
        for name in names:
            with Image.open(os.path.join(photos, name + ".jpg")) as photo:
                _add(tar, f"photos/{name}.jpg", photo.convert("RGB").resize((size, size), Image.LANCZOS), format="JPEG", quality=70)
            with Image.open(os.path.join(labels, name + ".png")) as label:
                # 16 steps of grey are enough for a target that is sharpened, and a third of the bytes.
                steps = label.convert("L").resize((size, size), Image.BILINEAR).point(lambda v: round(v / 17) * 17)
                _add(tar, f"labels/{name}.png", steps, format="PNG", optimize=True)
    megabytes = os.path.getsize(out) / 1e6
    if megabytes > most_mb:
        raise SystemExit(f"{out} has {megabytes:.1f} MB, more than {most_mb:g}: pack fewer photos, or smaller ones (--size).")
    return len(names)


def unpack(file: str, folder: str) -> None:
    with tarfile.open(file) as tar:
        for member in tar:
            kind, _, name = member.name.partition("/")
            if not member.isfile() or kind not in ("photos", "labels") or name != os.path.basename(name):
                raise SystemExit(f"{file} has {member.name}, which is neither a photo nor a label.")
            os.makedirs(os.path.join(folder, kind), exist_ok=True)
            with open(os.path.join(folder, kind, name), "wb") as out:
                out.write(tar.extractfile(member).read())


def _add(tar: tarfile.TarFile, name: str, image: Image.Image, **how: object) -> None:
    file = io.BytesIO()
    image.save(file, **how)
    entry = tarfile.TarInfo(name)
    entry.size = file.tell()
    file.seek(0)
    tar.addfile(entry, file)


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
