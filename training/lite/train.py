"""Trains, on the processors' cores or on a GPU, for a given time.

python3 -m lite.train bank.npz --out DIR --minutes 480 [--resume DIR/checkpoint.pt] [--monitor monitor.npz]

DIR/checkpoint.pt holds network, its moving average, optimiser and history; written every ten minutes and at the end.
--resume goes on with them on a schedule of its own; with --finish on what is left of the old one, which is what an
interrupted run wants: a schedule that restarts each time never comes down to the small learning rates.
"""
import argparse
import copy
import json
import os
import time

import numpy as np
import torch
import torch.distributed as distributed
from torch import nn

from . import schedule
from .batches import Batcher
from .losses import total_loss
from .monitor import watch
from .network import RemoveBgLite


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("--out", default=".")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--batch", type=int, default=16, help="over all processes")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate")
    parser.add_argument("--decay", type=float, default=0.03, help="weight decay")
    parser.add_argument("--processes", type=int, default=2, help="on the processors' cores; a GPU takes one")
    parser.add_argument("--composite", type=float, default=0.5, help="share of composites")
    parser.add_argument("--monitor")
    parser.add_argument("--resume")
    parser.add_argument("--finish", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> None:
    given = parse(arguments)
    bank = dict(np.load(given.bank))  # loaded once, shared by the processes
    if given.processes < 2 or torch.cuda.is_available():
        Run(0, 1, given, bank).train()
        return
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(20000 + os.getpid() % 20000))
    torch.multiprocessing.start_processes(
        _process, (given.processes, given, bank), given.processes, start_method="fork"
    )


def _process(rank: int, world: int, given: argparse.Namespace, bank: dict[str, np.ndarray]) -> None:
    distributed.init_process_group("gloo", rank=rank, world_size=world)
    Run(rank, world, given, bank).train()


class Run:
    """One process of a run; the first one writes."""

    def __init__(self, rank: int, world: int, given: argparse.Namespace, bank: dict[str, np.ndarray]) -> None:
        self.rank, self.world, self.given = rank, world, given
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cpu":
            torch.set_num_threads(1 if world > 1 else os.cpu_count() or 1)
        torch.set_flush_denormal(True)
        torch.manual_seed(given.seed)
        self.network: nn.Module = RemoveBgLite().to(self.device).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network)
        parameters = list(self.network.parameters())
        self.optimizer = torch.optim.AdamW(
            [
                {"params": [p for p in parameters if p.ndim > 1], "weight_decay": given.decay},
                {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
            ],
            lr=given.rate,
        )
        self.step = self.seen = 0
        self.history: list[dict[str, float]] = []
        elapsed = self._resume() if given.resume else 0.0
        self.batcher = Batcher(bank, self.device, given.seed + self.step + 1000003 * rank, given.composite)
        self.chance = torch.Generator().manual_seed(given.seed + self.step)
        self.start = time.monotonic() - elapsed
        self.pairs = dict(np.load(given.monitor)) if given.monitor and rank == 0 else None

    def train(self) -> None:
        progress, written = self._together(self._progress()), time.monotonic()
        while progress < 1:
            loss = self._advance(progress)
            progress = self._together(self._progress())
            if self.rank:
                continue
            if self.step % 100 == 0:
                print(f"{self.step} seen {self.seen} {100 * progress:.1f}% loss {loss:.4f}", flush=True)
            if time.monotonic() - written > 600:
                written = time.monotonic()
                self._write()
        if self.rank == 0:
            self._write()

    def _advance(self, progress: float) -> float:
        """One batch."""
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.learning_rate(progress, self.given.rate)
        size = schedule.image_size(progress, torch.rand((), generator=self.chance).item())
        self.batcher.composite = schedule.composite_share(progress, self.given.composite)
        images, alpha, weight = self.batcher.batch(self.given.batch // self.world, size)
        self.network.train()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            outputs = self.network(images.contiguous(memory_format=torch.channels_last))
        loss, main = total_loss([level.float() for level in outputs], alpha, weight)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self._share_gradients()
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        if torch.isfinite(norm):
            self.optimizer.step()
            self._update_average()
        self.step += 1
        self.seen += self.given.batch // self.world * self.world
        return main.item()

    def _share_gradients(self) -> None:
        if self.world == 1:
            return
        parameters = list(self.network.parameters())
        flat = torch.cat([p.grad.flatten() for p in parameters])
        distributed.all_reduce(flat)
        for p, part in zip(parameters, (flat / self.world).split([p.numel() for p in parameters])):
            p.grad.copy_(part.view_as(p))

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(0.998, (1 + self.step) / (20 + self.step))
        for average, now in zip(self.average.state_dict().values(), self.network.state_dict().values()):
            if average.dtype.is_floating_point:
                average.lerp_(now, 1 - keep)
            else:
                average.copy_(now)

    def _progress(self) -> float:
        return (time.monotonic() - self.start) / (self.given.minutes * 60)

    def _together(self, progress: float) -> float:
        """Progress of the first process, so that all have the same learning rate and image size."""
        if self.world == 1:
            return progress
        shared = torch.tensor([progress], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return shared.item()

    def _resume(self) -> float:
        saved = torch.load(self.given.resume, map_location=self.device)
        self.network.load_state_dict(saved["model"])
        self.average.load_state_dict(saved["ema"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seen, self.history = saved["step"], saved["seen"], saved["history"]
        return saved["elapsed"] if self.given.finish else 0.0

    def _write(self) -> None:
        if self.pairs is not None:
            iou, error = watch(self.average, self.pairs, self.device)
            self.history.append({"step": self.step, "seen": self.seen, "iou": iou, "mae": error})
            print("watched", json.dumps(self.history[-1]), flush=True)
        path = os.path.join(self.given.out, "checkpoint.pt")
        torch.save(
            {
                "model": self.network.state_dict(),
                "ema": self.average.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "step": self.step,
                "seen": self.seen,
                "elapsed": time.monotonic() - self.start,
                "history": self.history,
            },
            path + ".tmp",
        )
        os.replace(path + ".tmp", path)


if __name__ == "__main__":
    main()
