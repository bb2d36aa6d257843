#!/usr/bin/env python3
"""Trains PyTorch's twin of nanoGPT's configurations for tiny Shakespeare by characters (Reproductions/tiny-shakespeare-*.md).

The model, its batches and its recipe are those of `heed train language-model --preset nanogpt-cpu` or `nanogpt-gpu`; the validation loss is
the mean over the whole text in blocks that do not overlap. Tells losses and seconds, of updates alone and with evaluations.

    python Tools/train_shakespeare_twin.py --preset nanogpt-cpu --train train.txt --valid valid.txt
    GLIBC_TUNABLES=glibc.malloc.mmap_threshold=4294967296:glibc.malloc.trim_threshold=8589934592:glibc.malloc.hugetlb=1 \\
        python Tools/train_shakespeare_twin.py --preset nanogpt-cpu --train train.txt --valid valid.txt --precision bfloat16 --compile

Needs torch.
"""

import argparse
import math
import pathlib
import sys
import time
from dataclasses import dataclass

import torch
from torch import Tensor, nn

sys.path.append(str(pathlib.Path(__file__).parent.parent / "Benchmarks" / "peers"))
from torch_language_model import LanguageModel, decaying_adam  # noqa: E402

WARMUP = 100
LOWEST_RATE = 1e-4
INTERVAL = 250  # updates between evaluations


@dataclass(frozen=True)
class Preset:
    """The sizes and the settings that `heed` knows by name."""

    layers: int
    width: int
    heads: int
    length: int
    batch: int
    dropout: float
    rate: float
    updates: int


PRESETS = {
    "nanogpt-cpu": Preset(4, 128, 4, length=64, batch=12, dropout=0, rate=2e-3, updates=2000),
    "nanogpt-gpu": Preset(6, 384, 6, length=256, batch=64, dropout=0.2, rate=1e-3, updates=5000),
}


def main() -> None:
    options = parse()
    preset = PRESETS[options.preset]
    updates = options.updates or preset.updates
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    text = options.train.read_text()
    ids = {character: number for number, character in enumerate(sorted(set(text)))}
    train, valid = (
        torch.tensor([ids[character] for character in part]) for part in (text, options.valid.read_text())
    )
    model = LanguageModel(
        layers=preset.layers,
        width=preset.width,
        heads=preset.heads,
        vocabulary=len(ids),
        length=preset.length,
        dropout=preset.dropout,
    )
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    step = torch.compile(model) if options.compile else model
    optimizer = decaying_adam(model, lr=preset.rate, betas=(0.9, 0.99))
    halved = torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16")
    start, training = time.perf_counter(), 0.0
    for update in range(1, updates + 1):
        began = time.perf_counter()
        for group in optimizer.param_groups:
            group["lr"] = rate(preset, update, updates)
        inputs, targets = blocks(train, torch.randint(len(train) - preset.length, (preset.batch,)), preset.length)
        with halved:
            loss = step(inputs, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        training += time.perf_counter() - began
        if update % INTERVAL == 0 or update == updates:
            with halved:
                found = evaluate(model, valid, preset)
            seconds = time.perf_counter() - start
            print(
                f"update {update}: loss {loss.item():.4f}, validation loss {found:.4f}, "
                f"{training:.1f} s of updates, {seconds:.1f} s in all",
                flush=True,
            )


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--preset", choices=PRESETS, default="nanogpt-cpu")
    parser.add_argument("--train", type=pathlib.Path, required=True)
    parser.add_argument("--valid", type=pathlib.Path, required=True)
    parser.add_argument("--updates", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    return parser.parse_args()


def rate(preset: Preset, update: int, updates: int) -> float:
    """Linear warm-up, then half a cosine."""
    if update <= WARMUP:
        return preset.rate * update / WARMUP
    part = (update - WARMUP) / (updates - WARMUP)
    return LOWEST_RATE + (preset.rate - LOWEST_RATE) * (1 + math.cos(math.pi * part)) / 2


def blocks(text: Tensor, starts: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Blocks of a text, and what follows each of their characters."""
    places = starts[:, None] + torch.arange(length)
    return text[places], text[places + 1]


@torch.no_grad()
def evaluate(model: LanguageModel, text: Tensor, preset: Preset) -> float:
    """The mean loss over a whole text, in blocks that do not overlap."""
    model.eval()
    total, count = 0.0, 0
    for first in range(0, len(text) - 1, preset.length * preset.batch):
        starts = torch.arange(first, min(first + preset.length * preset.batch, len(text) - preset.length), preset.length)
        if len(starts):
            inputs, targets = blocks(text, starts, preset.length)
            total += model(inputs, targets).item() * targets.numel()
            count += targets.numel()
    model.train()
    return total / count


if __name__ == "__main__":
    main()
