"""Learning rate, image size and share of composites by progress, 0 to 1, so that a run ends on time anywhere."""
import math


def learning_rate(progress: float, highest: float) -> float:
    """Warms up over 2 %, then follows a cosine to almost zero: the last gains come at the end."""
    return highest * min(1, progress / 0.02 + 0.02) * (0.5 + 0.5 * math.cos(math.pi * progress) + 0.003)


def image_size(progress: float, chance: float, largest: int = 320) -> int:
    """Small images first, which train faster; the network's own size at the end. A multiple of 32."""
    if progress > 0.89:
        return largest
    middle = 200 + 40 * progress if progress < 0.75 else 280
    return min(largest, int(middle + 36 * (2 * chance - 1)) // 32 * 32)


def composite_share(progress: float, share: float) -> float:
    return share if progress < 0.85 else share * 0.7
