"""Packs photos, masks and labels for a machine that takes only small files: zip files of at most 60 MiB each.

python3 -m removebg.pack pack FOLDER --photos DIR [--masks DIR] [--labels DIR] [--side 352] [--most-mib 60]
python3 -m removebg.pack unpack FOLDER TARGET      -> TARGET/photos, masks, labels, labels-2

Photos and alphas are stored as WebP. A photo's second label lies in labels-2, and so on.
"""
import argparse
import io
import os
import re
from glob import glob
from zipfile import ZIP_STORED, ZipFile

from PIL import Image

from .bank import Pair, name_of, pairs

PHOTO_QUALITY, ALPHA_QUALITY = 70, 80
KIND = re.compile(r"photos|masks|labels(-[2-9])?")


def pack(folder: str, found: list[Pair], side: int = 352, most_mib: float = 60) -> list[str]:
    """Returns the files. A photo and its alpha lie in the same one."""
    os.makedirs(folder, exist_ok=True)
    for stale in glob(os.path.join(folder, "photos-*.zip")):
        os.remove(stale)
    written: list[str] = []
    file: ZipFile | None = None
    size, most = 0, int(most_mib * 1024 * 1024)
    for pair in found:
        name = name_of(pair.photo)
        members = {f"photos/{name}.webp": _webp(pair.photo, "RGB", side, PHOTO_QUALITY)}
        for i, alpha in enumerate(pair.alphas):
            kind = "masks" if pair.is_mask else "labels" if i == 0 else f"labels-{i + 1}"
            members[f"{kind}/{name}.webp"] = _webp(alpha, "L", side, ALPHA_QUALITY)
        needed = sum(len(content) + 2 * len(member) + 200 for member, content in members.items())
        if needed > most:
            raise SystemExit(f"{pair.photo} alone needs {needed:,} bytes, more than {most_mib:g} MiB.")
        if file is None or size + needed > most:
            if file:
                file.close()
            written.append(os.path.join(folder, f"photos-{len(written) + 1:02}.zip"))
            file, size = ZipFile(written[-1], "w", ZIP_STORED), 0  # WebP is compressed already
        for member, content in members.items():
            file.writestr(member, content)
        size += needed
    if file:
        file.close()
    return written


def unpack(folder: str, target: str) -> int:
    """Returns the number of photos."""
    packs = sorted(glob(os.path.join(folder, "photos-*.zip")))
    if not packs:
        raise SystemExit(f"{folder} has no photos-*.zip.")
    count = 0
    for packed in packs:
        with ZipFile(packed) as file:
            for member in file.namelist():
                kind, _, name = member.partition("/")
                if not KIND.fullmatch(kind) or not name.endswith(".webp") or name != os.path.basename(name):
                    raise SystemExit(f"{packed} has {member}, which is not a photo, a mask or a label.")
                os.makedirs(os.path.join(target, kind), exist_ok=True)
                with open(os.path.join(target, kind, name), "wb") as out:
                    out.write(file.read(member))
                count += kind == "photos"
    return count


def _webp(path: str, mode: str, side: int, quality: int) -> bytes:
    with Image.open(path) as image:
        image = image.convert(mode)
        image.thumbnail((side, side), Image.LANCZOS)
        file = io.BytesIO()
        image.save(file, format="WEBP", quality=quality, method=4)
    return file.getvalue()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = arguments.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack")
    packing.add_argument("folder")
    packing.add_argument("--photos", nargs="+", required=True)
    packing.add_argument("--masks", nargs="+", default=[])
    packing.add_argument("--labels", nargs="+", default=[])
    packing.add_argument("--side", type=int, default=352)
    packing.add_argument("--most-mib", type=float, default=60)
    unpacking = commands.add_parser("unpack")
    unpacking.add_argument("folder")
    unpacking.add_argument("target")
    given = arguments.parse_args()
    if given.command == "unpack":
        print(f"{unpack(given.folder, given.target)} photos in {given.target}")
    else:
        files = pack(given.folder, pairs(given.photos, given.masks, given.labels), given.side, given.most_mib)
        print(f"{len(files)} files in {given.folder}")


if __name__ == "__main__":
    main()
