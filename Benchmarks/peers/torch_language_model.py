"""Updates of a GPT-2 in PyTorch, as `heed bench train-language-model` makes them."""

import argparse

import torch
from torch import Tensor, nn
from torch.nn import functional

from common import measure, report


class Layer(nn.Module):
    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.dropout = nn.Dropout(dropout)
        self.attention_norm = nn.LayerNorm(width)
        self.projections = nn.Linear(width, 3 * width)
        self.attention_output = nn.Linear(width, width)
        self.inner_norm = nn.LayerNorm(width)
        self.first = nn.Linear(width, 4 * width)
        self.second = nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        split = self.projections(self.attention_norm(x)).split(width, dim=2)
        queries, keys, values = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in split
        )
        attended = functional.scaled_dot_product_attention(
            queries, keys, values, is_causal=True, dropout_p=self.dropout.p if self.training else 0
        )
        output = self.attention_output(attended.transpose(1, 2).reshape(batch, length, width))
        x = x + self.dropout(output)
        inner = functional.gelu(self.first(self.inner_norm(x)), approximate="tanh")
        return x + self.dropout(self.second(inner))


class LanguageModel(nn.Module):
    """A GPT-2 with GPT-2's first weights; its call gives the mean cross-entropy."""

    def __init__(
        self, *, layers: int, width: int, heads: int, vocabulary: int, length: int, dropout: float = 0
    ) -> None:
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(length, width)
        self.dropout = nn.Dropout(dropout)
        self.layers = nn.ModuleList(Layer(width, heads, dropout) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.02)

    def forward(self, ids: Tensor, targets: Tensor) -> Tensor:
        x = self.dropout(self.tokens(ids) + self.positions(torch.arange(ids.shape[1])))
        for layer in self.layers:
            x = layer(x)
        logits = functional.linear(self.norm(x), self.tokens.weight)
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def decaying_adam(model: nn.Module, **settings: object) -> torch.optim.AdamW:
    """AdamW whose decay is for matrices alone."""
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    return torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0}],
        fused=True,
        **settings,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=12)
    parser.add_argument("--width", type=int, default=768)
    parser.add_argument("--heads", type=int, default=12)
    parser.add_argument("--vocabulary", type=int, default=50_257)
    parser.add_argument("--length", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    model = LanguageModel(
        layers=options.layers,
        width=options.width,
        heads=options.heads,
        vocabulary=options.vocabulary,
        length=options.length,
    )
    optimizer = decaying_adam(model, lr=1e-4)
    text = torch.randint(options.vocabulary, (options.batch, options.length + 1))
    ids, targets = text[:, :-1].contiguous(), text[:, 1:].contiguous()
    step = torch.compile(model) if options.compile else model

    def update() -> None:
        with torch.autocast("cpu", torch.bfloat16, enabled=options.precision == "bfloat16"):
            loss = step(ids, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        loss.item()

    report(measure(update, options.repeat), options.batch * options.length)


if __name__ == "__main__":
    main()
