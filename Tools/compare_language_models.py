#!/usr/bin/env python3
"""Compares `heed` with transformers for language models. Exit 1 when anything differs.

    Tools/compare_language_models.py --heed PATH --folders DIR    the folders that make_language_models.py wrote
    Tools/compare_language_models.py --heed PATH --text FOLDER    a folder with a tokenizer: 200 greedy tokens

For each of --folders, `heed forward` runs on its inputs, and logits and hidden states are compared with
`expected.safetensors`, to 1e-4. Then `heed export` writes the folder again; transformers must open it without a missing or
unexpected tensor, and get the same logits. (Greedy and beam search on these folders: `swift test --filter
LanguageModelFolderTests` with HEED_LANGUAGE_MODEL_FOLDERS.)
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from safetensors.torch import load_file

from make_language_models import LARGER, TINY, expected_outputs

LIMIT = 1e-4


def run(command):
    found = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    if found.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {found.returncode}: {found.stderr.strip()}")
    return found.stdout


def difference(found, expected):
    """The largest difference of any tensor; infinite for what is missing or has another shape."""
    worst = 0.0
    for name, value in expected.items():
        if name not in found or found[name].shape != value.shape:
            return float("inf")
        here = (found[name] - value).abs().max().item()
        worst = here if not here <= worst else worst
    return worst


def compare_folder(heed, folder):
    with tempfile.TemporaryDirectory() as temporary:
        output, again = pathlib.Path(temporary, "out.safetensors"), pathlib.Path(temporary, "again")
        run([heed, "forward", "--model", folder, "--input", folder / "inputs.safetensors", "--output", output])
        expected = load_file(folder / "expected.safetensors")
        forward = difference(load_file(output), expected)
        run([heed, "export", "--model", folder, "--output", again, "--precision", "float32"])
        model, report = transformers.AutoModelForCausalLM.from_pretrained(
            again, output_loading_info=True, attn_implementation="eager", dtype=torch.float32)
        problems = {kind: names for kind, names in report.items() if names}
        written = difference(expected_outputs(model.eval(), load_file(folder / "inputs.safetensors")), expected)
    good = forward <= LIMIT and written <= LIMIT and not problems
    print(f"{folder.name:22} forward {forward:.1e}  written {written:.1e}  {problems or ''}{'' if good else '  WRONG'}")
    return good


def compare_text(heed, folder, count=200):
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    good = True
    for prompt in ["", "Once upon a time", "Lily and Tom went to the"]:
        ids = tokenizer(prompt, return_tensors="pt")["input_ids"]
        with torch.no_grad():
            found = model.generate(
                ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=count, pad_token_id=0)
        expected = found[0, ids.shape[1]:].tolist()
        ends = model.generation_config.eos_token_id
        expected = expected[:-1] if expected and expected[-1] == ends else expected
        text = run([heed, "generate", "--model", folder, "--precision", "float32", "--max-length", count, "--json",
                    "--prompt", prompt])
        tokens = json.loads(text)["tokens"]
        good = good and tokens == expected
        print(f"{prompt!r}: {len(expected)} tokens {'equal' if tokens == expected else 'DIFFERENT'}")
    return good


def main():
    parser = argparse.ArgumentParser(description="Compares heed with transformers.")
    parser.add_argument("--heed", required=True)
    parser.add_argument("--folders", type=pathlib.Path)
    parser.add_argument("--text", type=pathlib.Path, nargs="+", default=[])
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    inputs = arguments.folders.glob("*/inputs.safetensors") if arguments.folders else []
    good = True
    folders = sorted(path.parent for path in inputs if path.parent.name in {**TINY, **LARGER})
    for check, paths in [(compare_folder, folders), (compare_text, arguments.text)]:
        for path in paths:
            try:
                good = check(arguments.heed, path) and good
            except (RuntimeError, OSError, ValueError) as error:
                print(f"{path}: {error}")
                good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
