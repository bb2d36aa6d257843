"""Updates of a Transformer in PyTorch, as `heed bench train-translation` makes them."""

import argparse
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from torch import Tensor, nn

from common import PRESETS, Preset, measure, report

PADDING, FIRST_WORD = 2, 3
SMOOTHING = 0.1


class Translation(nn.Module):
    """`nn.Transformer` (post-norm) with one table for source, target and output."""

    def __init__(self, preset: Preset, vocabulary: int, longest: int, dropout: float) -> None:
        super().__init__()
        self.scale = math.sqrt(preset.width)
        self.table = nn.Embedding(vocabulary, preset.width)
        nn.init.normal_(self.table.weight, std=preset.width**-0.5)
        self.dropout = nn.Dropout(dropout)
        self.transformer = nn.Transformer(
            preset.width,
            preset.heads,
            preset.layers,
            preset.layers,
            preset.inner,
            dropout,
            batch_first=True,
        )
        # Post-norm models end with a norm already.
        self.transformer.encoder.norm = None
        self.transformer.decoder.norm = None
        self.register_buffer("positions", sinusoids(longest, preset.width))
        self.register_buffer("mask", nn.Transformer.generate_square_subsequent_mask(longest))

    def embed(self, ids: Tensor) -> Tensor:
        return self.dropout(self.table(ids) * self.scale + self.positions[: ids.shape[1]])

    def forward(
        self,
        source: Tensor,
        target: Tensor,
        labels: Tensor,
        source_padding: Tensor | None,
        target_padding: Tensor | None,
    ) -> Tensor:
        length = target.shape[1]
        states = self.transformer(
            self.embed(source),
            self.embed(target),
            tgt_mask=self.mask[:length, :length],
            src_key_padding_mask=source_padding,
            tgt_key_padding_mask=target_padding,
            memory_key_padding_mask=source_padding,
            tgt_is_causal=True,
        )
        logits = nn.functional.linear(states, self.table.weight)
        return nn.functional.cross_entropy(
            logits.flatten(0, 1),
            labels.flatten(),
            ignore_index=PADDING,
            label_smoothing=SMOOTHING,
        )


def sinusoids(length: int, width: int) -> Tensor:
    angles = torch.arange(length)[:, None] / 10000 ** (torch.arange(0, width, 2) / width)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


def read_lengths(path: Path) -> list[list[tuple[int, int]]]:
    """Batches of (source, target) lengths; empty lines stand between batches."""
    batches: list[list[tuple[int, int]]] = [[]]
    for line in path.read_text().splitlines():
        if line.strip():
            source, target = line.split()
            batches[-1].append((int(source), int(target)))
        else:
            batches.append([])
    return [batch for batch in batches if batch]


def random_batch(lengths: list[tuple[int, int]], vocabulary: int) -> tuple[Tensor | None, ...]:
    """Random tokens padded to the longest of each side; masks only where there is padding."""

    def side(counts: list[int]) -> tuple[Tensor, Tensor | None]:
        longest = max(counts)
        ids = torch.randint(FIRST_WORD, vocabulary, (len(counts), longest))
        padding = torch.arange(longest) >= torch.tensor(counts)[:, None]
        ids[padding] = PADDING
        return ids, padding if padding.any() else None

    source, source_padding = side([length for length, _ in lengths])
    labels, target_padding = side([length for _, length in lengths])
    start = torch.full_like(labels[:, :1], PADDING)
    target = torch.cat([start, labels[:, :-1]], dim=1)
    if target_padding is not None:
        # Additive, like the causal mask. A row's first token is none: no row has nothing to see.
        target_padding = torch.zeros(labels.shape).masked_fill(target_padding, -math.inf)
    return source, target, labels, source_padding, target_padding


def update(
    model: Callable[..., Tensor],
    optimizer: torch.optim.Optimizer,
    batches: Iterable[tuple[Tensor | None, ...]],
    bfloat16: bool,
) -> None:
    for batch in batches:
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss = model(*batch)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="tiny")
    parser.add_argument("--vocabulary", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=128)
    parser.add_argument("--source-length", type=int, default=32)
    parser.add_argument("--target-length", type=int, default=32)
    parser.add_argument("--lengths", type=Path)
    parser.add_argument("--dropout", type=float, default=0.1)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    equal = [(options.source_length, options.target_length)] * options.pairs
    lengths = read_lengths(options.lengths) if options.lengths else [equal]
    longest = max(max(pair) for batch in lengths for pair in batch)
    model = Translation(PRESETS[options.preset], options.vocabulary, longest, options.dropout)
    optimizer = torch.optim.Adam(
        model.parameters(), lr=1e-4, betas=(0.9, 0.98), eps=1e-8, fused=True
    )
    batches = [random_batch(batch, options.vocabulary) for batch in lengths]
    # One compiled program for all lengths, where they differ.
    dynamic = True if options.lengths else None
    step = torch.compile(model, dynamic=dynamic) if options.compile else model
    times = measure(
        lambda: update(step, optimizer, batches, options.precision == "bfloat16"), options.repeat
    )
    report(times, sum(len(batch) for batch in lengths))


if __name__ == "__main__":
    main()
