#!/usr/bin/env python3
"""Trains the PyTorch twin of the quick Transformer of words (Reproductions/multi30k-de-en-quick.md).

The model is `torch.nn.Transformer` with tables of vectors and an output layer around it, in the sizes and over the vocabularies of a run
folder that `heed train translation --tokenizer-type word --vocabularies separate` wrote: the twin of Heed's model, drawn, trained and
decoded (greedily) by the card's recipe. Writes the translations of a text, to be scored by `heed score`.

    python Tools/train_quick_twin.py --run RUN --seed 1 --output HYPOTHESES --test-source F \
        --train-source F --train-target F --valid-source F --valid-target F

Needs torch and tokenizers.
"""

import argparse
import copy
import json
import pathlib
import random
import time

import tokenizers
import torch
from torch import nn

PADDING_LABEL = -100
DROPOUT = 0.1
LONGEST = 100


class QuickTransformer(nn.Module):
    def __init__(self, config: dict) -> None:
        super().__init__()
        width = config["d_model"]
        self.padding = config["pad_token_id"]
        self.scale = width**0.5
        self.source_table = nn.Embedding(config["vocab_size"], width)
        self.target_table = nn.Embedding(config["decoder_vocab_size"], width)
        positions = config["max_position_embeddings"]
        self.source_positions = nn.Embedding(positions, width)
        self.target_positions = nn.Embedding(positions, width)
        self.transformer = nn.Transformer(
            width,
            config["encoder_attention_heads"],
            config["encoder_layers"],
            config["decoder_layers"],
            config["encoder_ffn_dim"],
            DROPOUT,
            batch_first=True,
        )
        # The recipe's layers end with their own norms, and nothing comes after the last one.
        self.transformer.encoder.norm = self.transformer.decoder.norm = None
        self.output = nn.Linear(width, config["decoder_vocab_size"], bias=False)
        self.dropout = nn.Dropout(DROPOUT)
        for name, parameter in self.named_parameters():
            if parameter.ndim > 1:
                nn.init.xavier_uniform_(parameter)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def embed(self, ids: torch.Tensor, table: nn.Embedding, positions: nn.Embedding) -> torch.Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        return self.dropout(table(ids) * self.scale + positions(places))

    def encode(self, source: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = source == self.padding
        x = self.embed(source, self.source_table, self.source_positions)
        return self.transformer.encoder(x, src_key_padding_mask=hidden), hidden

    def decode(self, target: torch.Tensor, memory: torch.Tensor, hidden: torch.Tensor) -> torch.Tensor:
        length = target.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=target.device).triu(1)
        x = self.embed(target, self.target_table, self.target_positions)
        x = self.transformer.decoder(x, memory, tgt_mask=later, memory_key_padding_mask=hidden)
        return self.output(x)


def main() -> None:
    options = parse()
    torch.manual_seed(options.seed)
    if options.threads:
        torch.set_num_threads(options.threads)
    config = json.loads((options.run / "config.json").read_text())
    source, target = (
        tokenizers.Tokenizer.from_file(str(options.run / name))
        for name in ("tokenizer.json", "target_tokenizer.json")
    )
    train = pairs(source, target, options.train_source, options.train_target)
    valid = pairs(source, target, options.valid_source, options.valid_target)
    model = QuickTransformer(config)
    print(f"{sum(p.numel() for p in model.parameters())} parameters", flush=True)
    best = fit(model, config, train, valid, options)
    model.load_state_dict(best)
    lines = options.test_source.read_text().splitlines()
    options.output.write_text("".join(line + "\n" for line in translate(model, config, source, target, lines)))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=pathlib.Path, required=True, help="the folder of Heed's run")
    parser.add_argument("--output", type=pathlib.Path, required=True, help="the translations")
    for name in ("train-source", "train-target", "valid-source", "valid-target", "test-source"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=0.0005)
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def pairs(source, target, source_path: pathlib.Path, target_path: pathlib.Path) -> list[tuple[list[int], list[int]]]:
    """Pairs of ids that end with the end mark."""
    sides = [
        [e.ids for e in tokenizer.encode_batch(path.read_text().splitlines())]
        for tokenizer, path in ((source, source_path), (target, target_path))
    ]
    return [pair for pair in zip(*sides, strict=True) if all(pair)]


def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
    longest = max(map(len, rows))
    return torch.tensor([row + [filler] * (longest - len(row)) for row in rows])


def loss(model: QuickTransformer, config: dict, batch: list, reduction: str = "mean") -> torch.Tensor:
    source = padded([s for s, _ in batch], model.padding)
    inputs = padded([[config["decoder_start_token_id"], *t[:-1]] for _, t in batch], model.padding)
    labels = padded([t for _, t in batch], PADDING_LABEL)
    logits = model.decode(inputs, *model.encode(source))
    return nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten(), reduction=reduction)


def fit(model: QuickTransformer, config: dict, train: list, valid: list, options: argparse.Namespace) -> dict:
    optimizer = torch.optim.Adam(model.parameters(), lr=options.learning_rate)
    numbers = random.Random(options.seed)
    best, lowest = None, float("inf")
    for epoch in range(1, options.epochs + 1):
        start = time.perf_counter()
        model.train()
        order = list(range(len(train)))
        numbers.shuffle(order)
        losses = []
        for first in range(0, len(order), options.batch):
            value = loss(model, config, [train[i] for i in order[first : first + options.batch]])
            optimizer.zero_grad(set_to_none=True)
            value.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1)
            optimizer.step()
            losses.append(value.item())
        model.eval()
        with torch.no_grad():
            sums = sum(
                loss(model, config, valid[i : i + options.batch], "sum").item()
                for i in range(0, len(valid), options.batch)
            )
        valid_loss = sums / sum(len(t) for _, t in valid)
        if valid_loss < lowest:
            best, lowest = copy.deepcopy(model.state_dict()), valid_loss
        seconds = round(time.perf_counter() - start, 1)
        train_loss = sum(losses) / len(losses)
        print(f"epoch {epoch}: loss {train_loss:.4f}, validation loss {valid_loss:.4f}, {seconds} s", flush=True)
    return best


@torch.no_grad()
def translate(model: QuickTransformer, config: dict, source, target, lines: list[str]):
    model.eval()
    end = config["eos_token_id"]
    for first in range(0, len(lines), 100):
        memory = model.encode(padded([e.ids for e in source.encode_batch(lines[first : first + 100])], model.padding))
        found = torch.full((len(memory[0]), 1), config["decoder_start_token_id"])
        for _ in range(LONGEST - 1):
            logits = model.decode(found, *memory)[:, -1]
            logits[:, config["pad_token_id"]] = -torch.inf
            found = torch.cat([found, logits.argmax(-1, keepdim=True)], 1)
            if (found[:, 1:] == end).any(1).all():
                break
        for row in found[:, 1:].tolist():
            ids = row[: row.index(end)] if end in row else row
            yield " ".join(target.id_to_token(i) for i in ids)


if __name__ == "__main__":
    main()
