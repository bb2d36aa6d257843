#!/usr/bin/env python3
"""Makes the parity fixtures of Tests/Fixtures from PyTorch: the same seeds give the same files.

    Tools/make_fixtures.py [--output Tests/Fixtures] [--only attention layers transformer small]

Needs torch and transformers. Each file holds inputs, parameters, results and gradients as whole tensors, and its
settings as strings in `__metadata__`; the module that writes a kind of file describes it.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch

from fixtures import attention, layers, small, transformer

BUILDERS = {"attention": attention, "layers": layers, "transformer": transformer, "small": small}


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures"
    parser = argparse.ArgumentParser(description="Makes the parity fixtures from PyTorch.")
    parser.add_argument("--output", type=pathlib.Path, default=default)
    parser.add_argument("--only", nargs="+", choices=BUILDERS, default=list(BUILDERS))
    arguments = parser.parse_args()
    # One thread adds in one order.
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in arguments.only:
        BUILDERS[name].write_all(arguments.output)
    total = sum(path.stat().st_size for path in arguments.output.glob("*.safetensors"))
    print(f"{total:,} bytes in {arguments.output}")


if __name__ == "__main__":
    main()
