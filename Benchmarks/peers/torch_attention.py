"""`scaled_dot_product_attention` of PyTorch, as `heed bench attention` runs attention."""

import argparse

import torch
from torch.nn.functional import scaled_dot_product_attention

from common import measure, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--head-size", type=int, default=64)
    parser.add_argument("--length", type=int, default=1024)
    parser.add_argument("--causal", action="store_true")
    parser.add_argument("--backward", action="store_true")
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    shape = (options.batch, options.heads, options.length, options.head_size)
    inputs = [torch.randn(shape).to(getattr(torch, options.precision)) for _ in range(3)]
    upstream = torch.randn(shape).to(inputs[0].dtype)
    for tensor in inputs:
        tensor.requires_grad_(options.backward)

    def run() -> None:
        with torch.set_grad_enabled(options.backward):
            result = scaled_dot_product_attention(*inputs, is_causal=options.causal)
        if options.backward:
            torch.autograd.grad(result, inputs, upstream)

    report(measure(run, options.repeat), options.batch)


if __name__ == "__main__":
    main()
