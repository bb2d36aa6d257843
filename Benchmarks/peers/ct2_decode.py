"""Beam search in CTranslate2, as `heed bench decode-translation` runs it."""

import argparse
import random
import tempfile
from pathlib import Path

import ctranslate2

from common import PRESETS, measure, report
from ct2_model import random_weights, save, transformer

FIRST_WORD = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=PRESETS, default="base")
    parser.add_argument("--vocabulary", type=int, default=10_000)
    parser.add_argument("--sentences", type=int, default=64)
    parser.add_argument("--source-length", type=int, default=24)
    parser.add_argument("--target-length", type=int, default=24)
    parser.add_argument("--beam", type=int, default=4)
    parser.add_argument("--precision", choices=["float32", "int8"], default="int8")
    parser.add_argument("--inter", type=int, default=1)
    parser.add_argument("--intra", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    tokens = [str(index) for index in range(options.vocabulary)]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        save(
            transformer(PRESETS[options.preset], tokens, random_weights()),
            model,
            options.precision,
        )
        translator = ctranslate2.Translator(
            str(model),
            compute_type=options.precision,
            inter_threads=options.inter,
            intra_threads=options.intra,
        )
    numbers = random.Random(1)
    sources = [
        [*numbers.choices(tokens[FIRST_WORD:], k=options.source_length - 1), tokens[0]]
        for _ in range(options.sentences)
    ]

    def run() -> None:
        results = translator.translate_batch(
            sources,
            beam_size=options.beam,
            max_batch_size=options.batch,
            min_decoding_length=options.target_length,
            max_decoding_length=options.target_length,
        )
        lengths = {len(result.hypotheses[0]) for result in results}
        # The end mark, if it is the last token, is not among those that are returned.
        if not lengths <= {options.target_length, options.target_length - 1}:
            raise RuntimeError(f"translations of {lengths} tokens, not {options.target_length}")

    report(measure(run, options.repeat), options.sentences)


if __name__ == "__main__":
    main()
