#!/usr/bin/env python3
"""Compares `heed` with transformers, both ways. Exit 1 when anything differs by more than 1e-4.

    Tools/compare_forward.py --heed PATH --folders DIR      the folders that make_model_folders.py wrote
    Tools/compare_forward.py --heed PATH --written FOLDER   a folder that Heed wrote

With --folders, `heed forward` runs on each folder's inputs, and its outputs are compared with `expected.safetensors`.
With --written, AutoModelForSeq2SeqLM and AutoTokenizer open the folder, which must give no missing and no unexpected
tensor; then logits, states and attentions on random ids are compared, the ids of some sentences, and what a beam of
five makes of them, with scores.
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

import tokenizers
import torch
from safetensors.torch import load_file, save_file

from make_model_folders import expected_outputs, random_inputs

LIMIT = 1e-4
SENTENCES = [
    "", "Ein Hund läuft.", "ein hund läuft über die wiese .", "  two  spaces ", "Tab\tand\nnew line", "naïve café",
    "e\u0301 is é", "日本語のテキスト", "12345 3.14 10,000", "@-@ &amp; <unk> </s>", "🙂👩‍👩‍👧", "x" * 300,
    "-dash first", "ﬁ ½ Ⅷ", "\u200b\u00a0\u2028",
]


def run(command, text=None):
    found = subprocess.run(command, input=text, capture_output=True, text=True)
    if found.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit {found.returncode}: {found.stderr.strip()}")
    return found.stdout


def forward(heed, folder, inputs_path):
    with tempfile.TemporaryDirectory() as temporary:
        output = pathlib.Path(temporary) / "out.safetensors"
        run([heed, "forward", "--model", folder, "--input", inputs_path, "--output", output])
        return load_file(output)


def compare(found, expected):
    """Prints one line for each kind of tensor; returns whether all agree."""
    good = True
    worst = {}
    for name, value in expected.items():
        if name not in found:
            print(f"  {name}: missing")
            good = False
        elif found[name].shape != value.shape or found[name].dtype != torch.float32:
            print(f"  {name}: {found[name].dtype} {tuple(found[name].shape)} instead of {tuple(value.shape)}")
            good = False
        else:
            difference = (found[name] - value).abs().max().item()
            kind = name.split(".")[0]
            # A NaN must not hide behind a maximum.
            if kind not in worst or not difference <= worst[kind]:
                worst[kind] = difference
    for kind, difference in worst.items():
        wrong = not difference <= LIMIT
        good = good and not wrong
        print(f"  {kind:24} {difference:.2e}{'  TOO FAR' if wrong else ''}")
    return good


def compare_folder(heed, folder):
    print(f"{folder.name}:")
    found = forward(heed, folder, folder / "inputs.safetensors")
    return compare(found, load_file(folder / "expected.safetensors"))


def compare_written(heed, folder):
    import transformers

    print(f"{folder}:")
    model, report = transformers.AutoModelForSeq2SeqLM.from_pretrained(
        folder, output_loading_info=True, attn_implementation="eager", dtype=torch.float32)
    problems = {kind: found for kind, found in report.items() if found}
    # transformers makes Pegasus's sinusoids itself, and still lists them as missing.
    problems = {
        kind: names for kind, found in problems.items()
        if (names := [name for name in found if not str(name).endswith("embed_positions.weight")])
    }
    print(f"  {type(model).__name__}: {problems or 'no missing and no unexpected tensor'}")
    good = not problems
    model.eval()
    inputs = random_inputs(model.config, torch.Generator().manual_seed(7))
    with tempfile.TemporaryDirectory() as temporary:
        path = pathlib.Path(temporary) / "inputs.safetensors"
        save_file(inputs, path)
        found = forward(heed, folder, path)
    good = compare(found, expected_outputs(model, inputs)) and good
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    good = compare_tokens(heed, folder, lambda text: tokenizer(text)["input_ids"]) and good
    decode = tokenizer.decode
    own = folder / "target_tokenizer.json"
    if own.exists():
        target = tokenizers.Tokenizer.from_file(str(own))
        target.encode_special_tokens = True
        good = compare_tokens(heed, folder, lambda text: target.encode(text).ids, ["--target"]) and good
        decode = target.decode
    return compare_translations(heed, folder, model, tokenizer, decode) and good


def compare_tokens(heed, folder, ids, options=()):
    good = True
    for sentence in SENTENCES:
        expected = ids(sentence)
        text = run([heed, "tokenize", "--model", folder, *options, "--ids", "--json", "--", sentence])
        found = json.loads(text) if text.strip() else {}
        found = found["ids"] if isinstance(found, dict) and "ids" in found else found
        # An empty line gives an empty line, where a tokenizer would still add its end mark.
        if found != expected and sentence:
            print(f"  ids of {sentence!r}: {found} instead of {expected}")
            good = False
    print(f"  {'ids' :24} {'equal' if good else 'DIFFERENT'} for {len(SENTENCES)} sentences")
    return good


def compare_translations(heed, folder, model, tokenizer, decode, beams=5, penalty=1.0, length=24):
    sentences = [sentence for sentence in SENTENCES if sentence.strip() and "\n" not in sentence]
    text = run([heed, "translate", "--model", folder, "--precision", "float32", "--beam", str(beams), "--json",
                "--length-penalty", str(penalty), "--max-length", str(length)], "\n".join(sentences) + "\n")
    good = True
    for sentence, line in zip(sentences, text.rstrip("\n").split("\n"), strict=True):
        best = json.loads(line)["hypotheses"][0]
        inputs = {name: torch.tensor([ids]) for name, ids in tokenizer(sentence).items() if name != "token_type_ids"}
        with torch.no_grad():
            # Lengths count the start token there.
            found = model.generate(
                **inputs, num_beams=beams, length_penalty=penalty, early_stopping=False, max_length=length + 1,
                do_sample=False, num_return_sequences=1, return_dict_in_generate=True, output_scores=True)
        expected = decode(found.sequences[0].tolist(), skip_special_tokens=True)
        score = best["score"] if beams == 1 else found.sequences_scores[0].item()
        if best["text"] != expected or not abs(best["score"] - score) <= LIMIT * max(1, abs(score)):
            print(f"  translation of {sentence!r}: {best} instead of {expected!r}, {score}")
            good = False
    print(f"  {'translations' :24} {'equal' if good else 'DIFFERENT'} for {len(sentences)} sentences")
    return good


def main():
    parser = argparse.ArgumentParser(description="Compares heed with transformers.")
    parser.add_argument("--heed", required=True)
    parser.add_argument("--folders", type=pathlib.Path)
    parser.add_argument("--written", type=pathlib.Path, nargs="+", default=[])
    arguments = parser.parse_args()
    inputs = arguments.folders.glob("*/inputs.safetensors") if arguments.folders else []
    folders = sorted(path.parent for path in inputs)
    if not folders and not arguments.written:
        parser.error("no folder to compare: give --folders or --written")
    good = True
    for check, paths in [(compare_folder, folders), (compare_written, arguments.written)]:
        for path in paths:
            try:
                good = check(arguments.heed, path) and good
            except (RuntimeError, OSError, ValueError) as error:
                print(f"  {error}")
                good = False
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
