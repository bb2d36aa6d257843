#!/usr/bin/env python3
"""Trains the PyTorch twin of a translation model, for a score to compare Heed's with.

The twin is `MarianMTModel` with the sizes and the tokenizer of a run folder that `heed train translation --pretokenized`
wrote, trained by the same recipe: batches, schedule, smoothing, dropout, stopping and averaging are those of the card of
English to German in Reproductions/. It is written as a model folder, which `heed translate` opens.

    python Tools/train_twin.py --run RUN --output TWIN --train-source F --train-target F --valid-source F --valid-target F

Needs torch, transformers and tokenizers. Goes on from the last whole epoch in --output.
"""

import argparse
import json
import math
import pathlib
import random
import shutil
import time

import tokenizers
import torch
from transformers import MarianConfig, MarianMTModel

PADDING_LABEL = -100
SMOOTHING = 0.1
SHARD_TOKENS = 4096
SHARDS_OF_AN_UPDATE = 2


def main() -> None:
    options = parse()
    torch.manual_seed(options.seed)
    if options.threads:
        torch.set_num_threads(options.threads)
    tokenizer = tokenizers.Tokenizer.from_file(str(options.run / "tokenizer.json"))
    config = MarianConfig.from_pretrained(options.run)
    config.dropout, config.attention_dropout, config.activation_dropout = options.dropout, 0.0, 0.0
    train = encode(tokenizer, options.train_source, options.train_target)
    valid = encode(tokenizer, options.valid_source, options.valid_target)
    model = MarianMTModel(config).to(options.device)
    initialize(model)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.0, betas=(0.9, 0.98), eps=1e-8, fused=True)
    options.output.mkdir(parents=True, exist_ok=True)
    twin = Twin(options, config, model, optimizer)
    twin.resume()
    while not twin.ended:
        twin.run_epoch(train, valid)
    write(options, config, twin.average())


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=pathlib.Path, required=True, help="the folder of Heed's run")
    parser.add_argument("--output", type=pathlib.Path, required=True)
    for name in ("train-source", "train-target", "valid-source", "valid-target"):
        parser.add_argument(f"--{name}", type=pathlib.Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--learning-rate", type=float, default=0.005)
    parser.add_argument("--warmup", type=int, default=2000)
    parser.add_argument("--clip-norm", type=float, default=25)
    parser.add_argument("--max-updates", type=int, default=8000)
    parser.add_argument("--patience", type=int, default=10)
    parser.add_argument("--last", type=int, default=10, help="epochs whose average is the model")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="bfloat16")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int)
    return parser.parse_args()


def encode(tokenizer: tokenizers.Tokenizer, *paths: pathlib.Path) -> list[tuple[list[int], list[int]]]:
    """Pairs of ids that end with the end mark, as Heed sees them."""
    sides = [[e.ids for e in tokenizer.encode_batch(p.read_text().splitlines())] for p in paths]
    return [pair for pair in zip(*sides, strict=True) if all(pair)]


def initialize(model: MarianMTModel) -> None:
    """The recipe's: tables N(0, 1/D), query, key and value as one layer's, all else Xavier-uniform."""
    width = model.config.d_model
    for name, parameter in model.named_parameters():
        if "embed_positions" in name:
            continue  # sinusoids
        if "shared" in name or "embed_tokens" in name:
            torch.nn.init.normal_(parameter, std=width**-0.5)
            parameter.data[model.config.pad_token_id] = 0
        elif any(part in name for part in ("q_proj", "k_proj", "v_proj")):
            if parameter.ndim == 2:
                torch.nn.init.xavier_uniform_(parameter, gain=2**-0.5)
            else:
                torch.nn.init.uniform_(parameter, -(width**-0.5), width**-0.5)
        elif parameter.ndim == 2:
            torch.nn.init.xavier_uniform_(parameter)
        elif name.endswith("bias"):
            torch.nn.init.zeros_(parameter)


def shards(pairs: list, order: list[int]) -> list[list[int]]:
    """Pairs of similar length, at most SHARD_TOKENS of the longer side with its padding."""
    length = lambda i: max(map(len, pairs[i]))
    found, current = [], []
    for index in sorted(order, key=length):
        if current and length(index) * (len(current) + 1) > SHARD_TOKENS:
            found.append(current)
            current = []
        current.append(index)
    return [*found, current]


class Twin:
    """A training with what it needs to go on."""

    def __init__(self, options, config, model, optimizer) -> None:
        self.options, self.config, self.model, self.optimizer = options, config, model, optimizer
        self.epoch = self.update = 0
        self.losses: list[float] = []

    @property
    def ended(self) -> bool:
        if not self.losses:
            return False
        best = min(range(len(self.losses)), key=self.losses.__getitem__)
        waited = len(self.losses) - 1 - best
        return waited >= self.options.patience or self.update >= self.options.max_updates

    def state_file(self) -> pathlib.Path:
        return self.options.output / "training.pt"

    def weights_file(self, epoch: int) -> pathlib.Path:
        return self.options.output / f"epoch-{epoch}.pt"

    def resume(self) -> None:
        if not self.state_file().exists():
            return
        state = torch.load(self.state_file(), weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.epoch, self.update, self.losses = state["epoch"], state["update"], state["losses"]

    def save(self) -> None:
        torch.save(self.model.state_dict(), self.weights_file(self.epoch))
        self.weights_file(self.epoch - self.options.last).unlink(missing_ok=True)
        state = {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "epoch": self.epoch,
            "update": self.update,
            "losses": self.losses,
        }
        unfinished = self.state_file().with_suffix(".new")
        torch.save(state, unfinished)
        unfinished.rename(self.state_file())

    def batch(self, pairs: list, indices: list[int]) -> dict[str, torch.Tensor]:
        def padded(rows: list[list[int]], filler: int) -> torch.Tensor:
            longest = max(map(len, rows))
            rows = [row + [filler] * (longest - len(row)) for row in rows]
            return torch.tensor(rows, device=self.options.device)

        source = padded([pairs[i][0] for i in indices], self.config.pad_token_id)
        targets = [pairs[i][1] for i in indices]
        start = self.config.decoder_start_token_id
        return {
            "input_ids": source,
            "attention_mask": (source != self.config.pad_token_id).long(),
            "decoder_input_ids": padded([[start, *row[:-1]] for row in targets], self.config.pad_token_id),
            "labels": padded(targets, PADDING_LABEL),
        }

    def loss(self, batch: dict[str, torch.Tensor], smoothing: float) -> torch.Tensor:
        """The sum over the target's tokens."""
        labels = batch["labels"]
        inputs = {name: value for name, value in batch.items() if name != "labels"}
        kind = self.options.device.split(":")[0]
        with torch.autocast(kind, torch.bfloat16, enabled=self.options.precision == "bfloat16"):
            logits = self.model(**inputs, use_cache=False).logits
        return torch.nn.functional.cross_entropy(
            logits.flatten(0, 1).float(), labels.flatten(), label_smoothing=smoothing, reduction="sum"
        )

    def run_epoch(self, train: list, valid: list) -> None:
        start = time.perf_counter()
        self.epoch += 1
        numbers = random.Random(f"{self.options.seed} {self.epoch}")
        torch.manual_seed(self.options.seed * 100_003 + self.epoch)
        order = list(range(len(train)))
        numbers.shuffle(order)
        batches = shards(train, order)
        numbers.shuffle(batches)
        self.model.train()
        for first in range(0, len(batches), SHARDS_OF_AN_UPDATE):
            self.step([self.batch(train, b) for b in batches[first : first + SHARDS_OF_AN_UPDATE]])
            if self.update >= self.options.max_updates:
                break
        self.losses.append(self.validate(valid))
        self.save()
        record = {"epoch": self.epoch, "update": self.update, "valid_loss": self.losses[-1]}
        record["seconds"] = round(time.perf_counter() - start, 1)
        with open(self.options.output / "metrics.jsonl", "a") as log:
            print(json.dumps(record), file=log)
        print(json.dumps(record), flush=True)

    def step(self, batches: list[dict[str, torch.Tensor]]) -> None:
        tokens = sum(int((batch["labels"] != PADDING_LABEL).sum()) for batch in batches)
        for batch in batches:
            (self.loss(batch, SMOOTHING) / tokens).backward()
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.options.clip_norm)
        if not math.isfinite(norm):
            raise SystemExit(f"update {self.update + 1}: the gradient's norm is {norm}")
        self.update += 1
        ramp = self.update / self.options.warmup
        rate = self.options.learning_rate * (ramp if ramp < 1 else ramp**-0.5)
        for group in self.optimizer.param_groups:
            group["lr"] = max(rate, 1e-7)
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    @torch.no_grad()
    def validate(self, pairs: list) -> float:
        self.model.eval()
        total = tokens = 0
        for indices in shards(pairs, list(range(len(pairs)))):
            batch = self.batch(pairs, indices)
            total += float(self.loss(batch, SMOOTHING))
            tokens += int((batch["labels"] != PADDING_LABEL).sum())
        return total / tokens

    def average(self) -> dict[str, torch.Tensor]:
        epochs = range(max(1, self.epoch - self.options.last + 1), self.epoch + 1)
        states = [torch.load(self.weights_file(epoch), weights_only=True) for epoch in epochs]
        return {name: sum(state[name] for state in states) / len(states) for name in states[0]}


def write(options: argparse.Namespace, config: MarianConfig, weights: dict[str, torch.Tensor]) -> None:
    model = MarianMTModel(config)
    model.load_state_dict(weights)
    model.save_pretrained(options.output)
    for name in ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "generation_config.json"):
        if (options.run / name).exists():
            shutil.copy(options.run / name, options.output / name)


if __name__ == "__main__":
    main()
