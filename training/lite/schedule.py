"""Learning rate, image size and share of composites by progress from 0 to 1, so that a run ends on time on any machine."""
import math


def learning_rate(progress: float, highest: float) -> float:
    """Warm-up over 2 %, then a cosine down to almost nothing: the end is where the last points come from."""
    return highest * min(1, progress / 0.02 + 0.02) * (0.5 + 0.5 * math.cos(math.pi * progress) + 0.003)


def image_size(progress: float, chance: float, largest: int = 320) -> int:
    """Small ones first, of which there are more in a second; the network's own size at the end. A multiple of 32."""
    if progress > 0.89:
        return largest
    middle = 200 + 40 * progress if progress < 0.75 else 280
    return min(largest, int(middle + 36 * (2 * chance - 1)) // 32 * 32)


def composite_share(progress: float, share: float) -> float:
    return share if progress < 0.85 else share * 0.7
