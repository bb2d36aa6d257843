"""Compares Heed with tokenizers, sentencepiece and tiktoken on generated strings: ids, offsets, decoded texts.

    python Tools/compare_vocabularies.py DATA COUNT SEED [PATH-TO-HEED [NAME ...]]

DATA is a folder with vocabularies, at any depth: tokenizer.json files of any name, encoder.json or vocab.json beside
vocab.bpe or merges.txt, BERT's vocab.txt, .model of sentencepiece, .tiktoken. COUNT strings of SEED are compared for
each, of those whose path has one of the NAMEs, if there are some. Special tokens are found in texts where the peer
finds them. Ids are decoded with special tokens and without. Exits with 1 if anything differs, or if a peer fails on
most strings. Needs tokenizers, tiktoken, sentencepiece and protobuf.
"""

import json
import os
import subprocess
import sys
import tempfile

import sentencepiece
import tiktoken
import tiktoken.load
import tokenizers
from generated_texts import Texts
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

CHUNK = 20000


def sentences(data):
    found = []
    for name in os.environ.get("SENTENCES", os.path.join(data, "sentencepiece/botchan.txt")).split(":"):
        if os.path.exists(name):
            found += open(name, encoding="utf-8").read().split("\n")
    return [s for s in found if s.strip()] or ["The quick brown fox."]


def run(heed, path, options, lines):
    """What the program prints for each of the lines, as objects."""
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        arguments = [heed, "tokenize", "--file", path, "--json", *options, "--input", file.name]
        output = subprocess.run(arguments, check=True, capture_output=True).stdout
    objects = [json.loads(line) for line in output.split(b"\n")[:-1]]
    assert len(objects) == len(lines), (len(objects), len(lines))
    return objects


class HuggingFace:
    def __init__(self, tokenizer):
        self.tokenizer = tokenizer
        self.special = [t.content for t in tokenizer.get_added_tokens_decoder().values()]

    def encode(self, text):
        found = self.tokenizer.encode(text)
        return found.ids, [list(pair) for pair in found.offsets]

    def decode(self, ids, skip):
        try:
            return self.tokenizer.decode(ids, skip_special_tokens=skip)
        except BaseException:
            # The library panics on some texts: nothing to compare with.
            return None


class SentencePiece:
    def __init__(self, path):
        self.model = sentencepiece.SentencePieceProcessor(model_file=path)
        pieces = range(self.model.vocab_size())
        self.special = [self.model.id_to_piece(i) for i in pieces if self.model.is_control(i) or self.model.is_unused(i)][:50]

    def encode(self, text):
        found = self.model.encode(text, return_type="proto")
        # Offsets count bytes here.
        scalars = [i for i, c in enumerate(text) for _ in c.encode()] + [len(text)]
        return [p.id for p in found.pieces], [[scalars[p.begin], scalars[p.end]] for p in found.pieces]

    def decode(self, ids, skip):
        return self.model.decode(ids) if skip else None


class Tiktoken:
    special = []

    def __init__(self, path):
        ranks = tiktoken.load.load_tiktoken_bpe(path)
        pattern = tiktoken_pattern(os.path.basename(path))
        self.encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

    def encode(self, text):
        return self.encoding.encode_ordinary(text), None

    def decode(self, ids, skip):
        return self.encoding.decode(ids)


def gpt2(folder, vocabulary, merges):
    tokenizer = Tokenizer(models.BPE.from_file(os.path.join(folder, vocabulary), os.path.join(folder, merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return HuggingFace(tokenizer)


def tiktoken_pattern(name):
    import inspect

    import tiktoken_ext.openai_public as public

    if name.startswith("r50k"):
        return public.r50k_pat_str
    source = inspect.getsource(public.cl100k_base)
    return source.split('"pat_str": r"""')[1].split('"""')[0]


def peers(data):
    """Name, path for Heed, and what makes the peer, of each vocabulary."""
    for folder, _, files in sorted(os.walk(data, followlinks=True)):
        for name in sorted(files):
            path = os.path.join(folder, name)
            shown = os.path.relpath(path, data)
            if name in ("encoder.json", "vocab.json"):
                merges = next((m for m in ("vocab.bpe", "merges.txt") if m in files), None)
                # A folder is read as its tokenizer.json says, if it has one.
                if merges and "tokenizer.json" not in files:
                    yield shown, folder, lambda folder=folder, name=name, merges=merges: gpt2(folder, name, merges)
            elif name == "vocab.txt":
                yield shown, folder, lambda path=path: HuggingFace(tokenizers.BertWordPieceTokenizer(path, lowercase=True))
            elif name.endswith(".json") and "model" in json.load(open(path, encoding="utf-8")):
                yield shown, path, lambda path=path: HuggingFace(Tokenizer.from_file(path))
            elif name.endswith(".model"):
                yield shown, path, lambda path=path: SentencePiece(path)
            elif name.endswith(".tiktoken"):
                yield shown, path, lambda path=path: Tiktoken(path)


class Comparison:
    """Counts differences, and shows the first ones."""

    def __init__(self, name):
        self.name = name
        self.wrong = {"ids": 0, "offsets": 0, "decoded": 0, "decoded with special": 0}
        self.failures = 0

    def note(self, check, text, mine, theirs):
        self.wrong[check] += 1
        if self.wrong[check] <= 3:
            print(self.name, check, ascii(text)[:400], "\n  heed", ascii(mine)[:400], "\n  peer", ascii(theirs)[:400], flush=True)

    def compare(self, text, peer, mine, backs):
        try:
            ids, offsets = peer.encode(text)
        except BaseException:
            self.failures += 1
            return
        if mine["ids"] != ids:
            return self.note("ids", text, mine["ids"], ids)
        if offsets is not None and mine["offsets"] != offsets:
            pairs = [(a, b) for a, b in zip(mine["offsets"], offsets) if a != b]
            self.note("offsets", text, pairs[:8], mine["pieces"])
        for check, skip, back in (("decoded", True, backs[0]), ("decoded with special", False, backs[1])):
            decoded = peer.decode(ids, skip)
            if decoded is not None and back["text"] != decoded:
                self.note(check, text, back["text"], decoded)


def main():
    data, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    heed = sys.argv[4] if len(sys.argv) > 4 else "heed"
    wanted = sys.argv[5:]
    real = sentences(data)
    failed = False
    for name, path, make in peers(data):
        if wanted and not any(w in name for w in wanted):
            continue
        peer = make()
        texts = Texts(seed, real, peer.special)
        found = Comparison(name)
        for start in range(0, count, CHUNK):
            strings = texts.strings(min(CHUNK, count - start))
            mine = run(heed, path, ["--json-input"], [json.dumps(s) for s in strings])
            ids = [" ".join(map(str, m["ids"])) for m in mine]
            backs = [run(heed, path, ["--decode", *option], ids) for option in ([], ["--keep-special"])]
            for text, one, *both in zip(strings, mine, *backs):
                found.compare(text, peer, one, both)
        failed |= any(found.wrong.values()) or found.failures > count // 2
        print(f"{name}: {count} strings, seed {seed}; differences: {found.wrong}"
              + (f"; {found.failures} that the peer fails on" if found.failures else ""), flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
