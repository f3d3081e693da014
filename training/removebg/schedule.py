"""Learning rate, image size and share of composites by progress, 0 to 1, so that a run ends on time anywhere."""
import math

# The last part of a run sees images of the network's own size.
FULL_SIZE_FROM, SIZES, FULL_SIZE = 0.75, (224, 224, 256), 320


def learning_rate(progress: float, highest: float) -> float:
    """Warms up over 2 %, stays until 40 %, then follows a cosine to almost zero: the last gains come at the end."""
    down = 0.0 if progress < 0.4 else (progress - 0.4) / 0.6
    return highest * min(1, progress / 0.02 + 0.05) * (0.5 + 0.5 * math.cos(math.pi * min(1, down)) + 0.002)


def image_size(progress: float, chance: float) -> int:
    """Small images first, which train faster. A multiple of 32."""
    return FULL_SIZE if progress > FULL_SIZE_FROM else SIZES[int(chance * len(SIZES))]


def composite_share(progress: float, share: float) -> float:
    return share if progress < 0.85 else share * 0.7
