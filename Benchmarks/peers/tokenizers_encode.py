"""The `tokenizers` library, as `heed bench tokenize` encodes a text."""

import argparse
from pathlib import Path

from tokenizers import Tokenizer

from common import measure, report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--file", required=True)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--call", choices=["encode", "encode_batch", "encode_batch_fast"], required=True)
    # The number of threads is in the environment, where the library looks for it.
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=7)
    options = parser.parse_args()

    tokenizer = Tokenizer.from_file(options.file)
    text = options.input.read_text(encoding="utf-8")
    texts = [text] if options.whole else [line for line in text.split("\n") if line]
    call = getattr(tokenizer, options.call)

    def run() -> None:
        if options.call == "encode":
            for one in texts:
                call(one)
        else:
            call(texts)

    report(measure(run, options.repeat), sum(len(one.encode()) for one in texts))


if __name__ == "__main__":
    main()
