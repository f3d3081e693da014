"""Trains for a given time, on the processors' cores or on a GPU.

python3 -m removebg.train BANK --trunk trunk.npz --out DIR --minutes 180
python3 -m removebg.train BANK --start removebg.onnx --out DIR --minutes 180      goes on from an exported network

DIR/checkpoint.pt holds the network, its moving average, the optimiser and the history. It is written every few minutes
and at the end; a run that finds one resumes from it, on what is left of its schedule unless --restart is given.
DIR/best.pt is that with the highest IoU on the photos held out, and the one to export.
"""
import argparse
import copy
import json
import os
import time
import warnings

import torch
import torch.distributed as distributed
from torch import nn

from . import bank, checkpoint, schedule, score, start, trunk
from .batches import Batcher
from .losses import total_loss
from .network import Network

# Seconds of a step that count at most: a run that was stopped for an hour does not lose an hour of its schedule.
LONGEST_STEP = 20.0


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bank")
    parser.add_argument("--trunk", help="pretrained trunk, a file of removebg.trunk")
    parser.add_argument("--start", help="exported network (*.onnx) to go on from")
    parser.add_argument("--out", default=".")
    parser.add_argument("--minutes", type=float, default=180)
    parser.add_argument("--batch", type=int, default=16, help="over all processes")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate of the decoder")
    parser.add_argument("--share", type=float, default=0.2, help="the trunk's learning rate, as a share of it")
    parser.add_argument("--decay", type=float, default=0.02, help="weight decay of the decoder")
    parser.add_argument("--frozen", type=int, default=1, help="parts of the trunk that never learn, 0 to 5")
    parser.add_argument("--warm", type=float, default=0.01, help="share of the time in which no part of it does")
    parser.add_argument("--composite", type=float, default=0.3, help="share of composites")
    parser.add_argument(
        "--processes", type=int, default=min(2, os.cpu_count() or 1), help="on the processors; a GPU takes one"
    )
    parser.add_argument("--every", type=float, default=5, help="minutes between checkpoints")
    parser.add_argument("--parts", help="folder for best.pt in parts of at most 15 MiB, too")
    parser.add_argument("--restart", action="store_true", help="begin a new schedule from the checkpoint")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    resumes = os.path.exists(os.path.join(given.out, "checkpoint.pt"))
    if given.start and resumes:
        parser.error(
            f"{given.out} has a checkpoint.pt, from which the run would resume: with --start, give another --out"
        )
    if not (given.trunk or given.start or resumes):
        parser.error("--trunk or --start is required, unless --out has a checkpoint.pt")
    return given


def main(arguments: list[str] | None = None) -> None:
    # NumPy's mapped arrays are read-only; the batcher only reads them.
    warnings.filterwarnings("ignore", message="The given NumPy array is not writ")
    given = parse(arguments)
    os.makedirs(given.out, exist_ok=True)
    if given.processes < 2 or torch.cuda.is_available():
        Run(0, 1, given).train()
        return
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(20000 + os.getpid() % 20000))
    torch.multiprocessing.start_processes(_process, (given.processes, given), given.processes, start_method="fork")


def _process(rank: int, world: int, given: argparse.Namespace) -> None:
    distributed.init_process_group("gloo", rank=rank, world_size=world)
    Run(rank, world, given).train()


class Run:
    """One process of a run; the first one prints and writes."""

    def __init__(self, rank: int, world: int, given: argparse.Namespace) -> None:
        self.rank, self.world, self.given = rank, world, given
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        if self.device == "cpu":
            # One thread per process: with more, every layer waits for the slowest core.
            torch.set_num_threads(1 if world > 1 else os.cpu_count() or 1)
        torch.set_flush_denormal(True)
        torch.manual_seed(given.seed)
        self.bank = bank.read(given.bank)
        self.network = Network()
        self.step = self.seen = 0
        self.elapsed, self.best = 0.0, -1.0
        self.history: list[dict[str, float]] = []
        saved = self._begin()
        self.network = self.network.to(self.device, memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.network)
        self.optimizer = self._optimizer()
        if saved:
            self._resume(saved)
        seed = given.seed + self.step + 1_000_003 * rank
        self.batcher = Batcher(self.bank, self.device, seed, given.composite)
        self.chance = torch.Generator().manual_seed(given.seed + self.step)

    def train(self) -> None:
        progress = self._together(self.elapsed / (self.given.minutes * 60))
        if progress >= 1:
            if self.rank == 0:
                print(
                    f"The run of {self.given.minutes:g} minutes is over; --restart begins a new one from it.",
                    flush=True,
                )
            return
        written, printed, last = time.monotonic(), (time.monotonic(), self.seen), time.monotonic()
        while progress < 1:
            loss = self._advance(progress)
            now = time.monotonic()
            self.elapsed += min(now - last, LONGEST_STEP)
            last = now
            progress = self._together(self.elapsed / (self.given.minutes * 60))
            if self.rank:
                continue
            if self.step % 25 == 0:
                rate = (self.seen - printed[1]) / (now - printed[0])
                iou = f", held-out IoU {self.history[-1]['iou']:.4f}" if self.history else ""
                print(f"{100 * progress:5.1f} %  {self.seen} samples  {rate:.0f}/s  loss {loss:.4f}{iou}", flush=True)
                printed = (now, self.seen)
            if now - written > self.given.every * 60:
                written = now
                self._write()
        if self.rank == 0:
            self._write()

    def _begin(self) -> dict | None:
        """Loads the weights that the run begins with. Returns the checkpoint, if there is one."""
        path = os.path.join(self.given.out, "checkpoint.pt")
        if os.path.exists(path):
            saved = checkpoint.read(path)
            self.network.load_state_dict(saved["model"])
            return saved
        if self.given.start:
            start.load(self.network, self.given.start, bank.some_images(self.bank))
        else:
            trunk.load(self.network.trunk, self.given.trunk)
        return None

    def _optimizer(self) -> torch.optim.AdamW:
        own = [p for name, p in self.network.named_parameters() if not name.startswith("trunk")]
        groups = [
            {"params": [p for p in own if p.ndim > 1], "weight_decay": self.given.decay, "share": 1.0},
            {"params": [p for p in own if p.ndim <= 1], "weight_decay": 0.0, "share": 1.0},
            {"params": list(self.network.trunk.parameters()), "weight_decay": 0.0, "share": self.given.share},
        ]
        return torch.optim.AdamW(groups, lr=self.given.rate)

    def _resume(self, saved: dict) -> None:
        self.average.load_state_dict(saved["ema"])
        if "optimizer" in saved:
            self.optimizer.load_state_dict(saved["optimizer"])
        self.step, self.seen, self.history = saved["step"], saved["seen"], saved["history"]
        self.best = max((entry["iou"] for entry in self.history), default=-1.0)
        self.elapsed = 0.0 if self.given.restart else saved.get("elapsed", 0.0)

    def _advance(self, progress: float) -> float:
        """One batch."""
        given = self.given
        for group in self.optimizer.param_groups:
            group["lr"] = schedule.learning_rate(progress, given.rate) * group["share"]
        size = schedule.image_size(progress, torch.rand((), generator=self.chance).item())
        self.network.frozen = 5 if progress < given.warm else given.frozen
        self.batcher.composite = schedule.composite_share(progress, given.composite)
        images, alpha, weight = self.batcher.batch(given.batch // self.world, size)
        self.network.train()
        with torch.autocast(self.device, dtype=torch.bfloat16):
            outputs = self.network(images.contiguous(memory_format=torch.channels_last))
        loss, main = total_loss([level.float() for level in outputs], alpha, weight)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        learning = [p for p in self.network.parameters() if p.grad is not None]
        self._share_gradients(learning)
        if torch.isfinite(nn.utils.clip_grad_norm_(learning, 5.0)):
            self.optimizer.step()
            self._update_average()
        self.step += 1
        self.seen += given.batch // self.world * self.world
        return main.item()

    def _share_gradients(self, learning: list[nn.Parameter]) -> None:
        if self.world == 1:
            return
        flat = torch.cat([p.grad.flatten() for p in learning])
        distributed.all_reduce(flat)
        for p, part in zip(learning, (flat / self.world).split([p.numel() for p in learning])):
            p.grad.copy_(part.view_as(p))

    @torch.no_grad()
    def _update_average(self) -> None:
        keep = min(0.996, (1 + self.step) / (20 + self.step))
        for average, now in zip(self.average.state_dict().values(), self.network.state_dict().values()):
            if average.dtype.is_floating_point:
                average.lerp_(now, 1 - keep)
            else:
                average.copy_(now)

    def _together(self, progress: float) -> float:
        """Progress of the first process, so that all have the same learning rate and image size."""
        if self.world == 1:
            return progress
        shared = torch.tensor([progress], dtype=torch.float64)
        distributed.broadcast(shared, 0)
        return shared.item()

    def _write(self) -> None:
        iou, error = score.held_out(self.average, self.bank, self.device)
        self.history.append({"step": self.step, "seen": self.seen, "iou": iou, "mae": error})
        print("held out", json.dumps(self.history[-1]), flush=True)
        path = os.path.join(self.given.out, "checkpoint.pt")
        saved = {
            "model": self.network.state_dict(),
            "ema": self.average.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "seen": self.seen,
            "elapsed": self.elapsed,
            "history": self.history,
        }
        checkpoint.write(saved, path)
        if not iou <= self.best:  # also if no photo is held out
            self.best = iou
            best = os.path.join(self.given.out, "best.pt")
            checkpoint.write({key: saved[key] for key in ("ema", "step", "seen", "history")}, best)
            if self.given.parts:
                checkpoint.split(best, self.given.parts)


if __name__ == "__main__":
    main()
