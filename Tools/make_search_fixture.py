#!/usr/bin/env python3
"""Makes Tests/Fixtures/beam_search.json: what the beam search of transformers finds among random distributions.

    Tools/make_search_fixture.py [--output FILE]

A Marian model is the host, but its logits are replaced by random numbers, drawn anew for each sentence and prefix: the
searches then disagree with each other, as those in a random model hardly do. The file holds the logits of every
prefix that a search looked at, as integers to be divided by `scale`: `tables[sentence]["3 5"]` are those after the
tokens 3 and 5. Each of `decodings` has its settings, named as in transformers (lengths there count the start token),
and for each sentence its hypotheses, best first.
"""

import argparse
import json
import pathlib
import random

import torch
import transformers

from make_model_folders import sizes, tokens

SCALE = 4096
VOCABULARY, START, END = 12, 11, 0
# How much likelier than other tokens the end mark is, in logits: outputs of every length.
END_BIASES = [1.0, -0.5, 2.0, 0.0, -3.0]

DECODINGS = [
    dict(num_beams=beams, length_penalty=penalty, early_stopping=rule, max_length=8)
    for beams, penalty in [(4, 1.0), (5, 0.0), (3, 2.0), (2, -0.5)] for rule in (True, False, "never")
] + [
    dict(num_beams=5, length_penalty=1.0, early_stopping=False, max_length=5, forced_eos_token_id=END),
    dict(num_beams=4, length_penalty=0.6, early_stopping=True, max_length=7, min_length=4),
    dict(num_beams=3, length_penalty=1.0, early_stopping="never", max_length=3),
    dict(num_beams=1, max_length=8),
    dict(num_beams=1, max_length=4, forced_eos_token_id=END),
]


class RandomModel(transformers.MarianMTModel):
    """A model whose logits are random numbers, which it notes for each prefix of each sentence."""

    sentence, tables = 0, [{} for _ in END_BIASES]

    def forward(self, *positional, **named):
        output = super().forward(*positional, **named)
        for row, prefix in enumerate(named["decoder_input_ids"].tolist()):
            output.logits[row, -1] = torch.tensor(self.distribution(prefix[1:])) / SCALE
        return output

    def distribution(self, prefix):
        key = " ".join(map(str, prefix))
        if key not in self.tables[self.sentence]:
            source = random.Random(f"sentence {self.sentence}: {key}")
            values = [source.gauss(0, 1.5) for _ in range(VOCABULARY)]
            values[END] += END_BIASES[self.sentence]
            self.tables[self.sentence][key] = [round(SCALE * value) for value in values]
        return self.tables[self.sentence][key]


def search(model, sentence, decoding):
    beams = decoding["num_beams"]
    model.sentence = sentence
    # Without a cache, each call sees the whole prefix.
    found = model.generate(
        input_ids=torch.tensor([[1, END]]), do_sample=False, use_cache=False,
        bad_words_ids=[[START]], num_return_sequences=beams, return_dict_in_generate=True,
        output_scores=True, **{"forced_eos_token_id": None, **decoding})
    scores = found.sequences_scores.tolist() if beams > 1 else [None]
    hypotheses = []
    for sequence, score in zip(found.sequences.tolist(), scores):
        generated = [token for token in sequence[1:] if token != START]
        complete = END in generated
        if complete:
            generated = generated[:generated.index(END)]
        hypotheses.append(dict(tokens=generated, complete=complete, score=score))
    return hypotheses


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "beam_search.json"
    parser = argparse.ArgumentParser(description="Makes the fixture of beam search from transformers.")
    parser.add_argument("--output", type=pathlib.Path, default=default)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    model = RandomModel(transformers.MarianConfig(
        max_position_embeddings=32, forced_eos_token_id=None, **sizes(8, 1, 1, 2, 2, 8, 8),
        **tokens(VOCABULARY, START, END))).eval()
    with torch.no_grad():
        decodings = [
            dict(decoding, hypotheses=[search(model, index, decoding) for index in range(len(END_BIASES))])
            for decoding in DECODINGS
        ]
    content = dict(
        scale=SCALE, vocabulary=VOCABULARY, start=START, end=END,
        tables=model.tables, decodings=decodings)
    arguments.output.write_text(json.dumps(content, separators=(",", ":")) + "\n")
    print(f"{arguments.output.stat().st_size:,} bytes in {arguments.output}")


if __name__ == "__main__":
    main()
