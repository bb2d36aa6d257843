"""Translates a file with CTranslate2, from the start of the process to its end."""

import argparse
from pathlib import Path

import ctranslate2
from tokenizers import Tokenizer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="what ct2_convert.py wrote")
    parser.add_argument("--tokenizer", required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--precision", choices=["float32", "int8"], default="int8")
    parser.add_argument("--inter", type=int, default=1)
    parser.add_argument("--intra", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    options = parser.parse_args()

    tokenizer = Tokenizer.from_file(options.tokenizer)
    translator = ctranslate2.Translator(
        options.model,
        compute_type=options.precision,
        inter_threads=options.inter,
        intra_threads=options.intra,
    )
    lines = options.input.read_text(encoding="utf-8").splitlines()
    sources = [encoding.tokens for encoding in tokenizer.encode_batch(lines)]
    results = translator.translate_batch(
        sources, beam_size=options.beam, length_penalty=1, max_batch_size=options.batch
    )
    ids = [[tokenizer.token_to_id(token) for token in result.hypotheses[0]] for result in results]
    options.output.write_text(
        "".join(line + "\n" for line in tokenizer.decode_batch(ids)), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
