"""Compares Heed with tokenizers, sentencepiece and tiktoken on generated strings: ids, offsets, decoded texts.

    python Tools/compare_vocabularies.py DATA COUNT SEED [PATH-TO-HEED [NAME ...]]

DATA holds vocabularies of other programs (folders gpt2, bert_uncased, hf_tokenizer_json, sentencepiece, tiktoken_ranks);
files named *.json directly in it are compared with `tokenizers` as well. Special tokens are found in texts where the
peer finds them.
"""

import glob
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata

import sentencepiece
import tiktoken
import tokenizers
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

SPECIAL = (
    "<|endoftext|> <|padding|> <s> </s> <unk> <pad> <mask> [CLS] [SEP] [MASK] [UNK] [PAD] <0x41> <0xE2> ## </w> @@ "
    "<|im_start|> <|endofprompt|> \u2581 \u0120 \u010a"
).split(" ")
SPACES = " \t\n\r\x0b\x0c\x85\u00a0\u1680\u2000\u2003\u2009\u200b\u2028\u2029\u202f\u205f\u3000\ufeff"
EMOJI = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd "
    "\u2764\ufe0f 1\ufe0f\u20e3 \U0001f9d1\u200d\U0001f4bb"
).split(" ")
CODE = (
    "def f(x):\n\treturn x**2  # don't\n", "if (a != b) { c++; }\r\n", "<div class=\"x\">&nbsp;</div>", "SELECT * FROM t;",
    "\\frac{1}{2}", "https://example.org/a?b=c&d=%20", "0x1F + 3.14e-10", "__init__", "camelCaseHTTPServer", "it's I'LL We'Ve 'S '\u017f",
)
SCRIPTS = [
    (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x530), (0x530, 0x700), (0x900, 0xE00), (0xE00, 0x1100), (0x1100, 0x1200),
    (0x3040, 0x3100), (0x4E00, 0x9FFF), (0xAC00, 0xD7A4), (0xF900, 0xFB00), (0xFB00, 0xFE00), (0xFF00, 0xFFF0),
    (0x10000, 0x11000), (0x1D400, 0x1D800), (0x1F300, 0x1FA00), (0x20000, 0x20200), (0x2000, 0x2C00), (0x1E00, 0x2000),
]


def sentences(data):
    found = []
    path = os.path.join(data, "sentencepiece/botchan.txt")
    if os.path.exists(path):
        found += open(path, encoding="utf-8").read().split("\n")
    return [s for s in found if s] or ["The quick brown fox."]


def scalar(rng):
    while True:
        c = rng.randrange(0x110000)
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


def piece(rng, texts):
    kind = rng.randrange(12)
    n = rng.randrange(1, 12)
    if kind == 0:
        return "".join(scalar(rng) for _ in range(n))
    if kind == 1:
        low, high = rng.choice(SCRIPTS)
        return "".join(chr(rng.randrange(low, high)) for _ in range(n))
    if kind == 2:
        return "".join(rng.choice("aeoucnAZ\u05d0\u3042") + "".join(chr(rng.randrange(0x300, 0x370)) for _ in range(rng.randrange(4))) for _ in range(n))
    if kind == 3:
        return rng.choice(EMOJI)
    if kind == 4:
        return "".join(rng.choice(SPACES) for _ in range(n))
    if kind == 5:
        return chr(rng.randrange(0xA1)) * rng.randrange(1, 4)
    if kind == 6:
        return rng.choice(SPECIAL)
    if kind == 7:
        return rng.choice((" ", "a", "0", "^", "x", "\n", "'s", "\u0301", ".")) * rng.randrange(1, 60)
    if kind == 8:
        return rng.choice(CODE)
    words = rng.choice(texts).split(" ")
    start = rng.randrange(len(words))
    return rng.choice(("", " ")) + " ".join(words[start : start + n])


def make_string(rng, texts):
    if rng.random() < 0.1:
        return rng.choice(texts)
    return rng.choice(("", " ")).join(piece(rng, texts) for _ in range(rng.randrange(6)))


def run(heed, path, options, lines):
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.writelines(line + "\n" for line in lines)
        file.flush()
        arguments = [heed, "tokenize", "--file", path, "--json", *options, "--input", file.name]
        output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout
    objects = [json.loads(line) for line in output.split(b"\n")[:-1]]
    assert len(objects) == len(lines), (len(objects), len(lines))
    return objects


class HuggingFace:
    options = []

    def __init__(self, tokenizer):
        self.tokenizer = tokenizer

    def encode(self, text):
        found = self.tokenizer.encode(text)
        return found.ids, [list(pair) for pair in found.offsets]

    def decode(self, ids):
        try:
            return self.tokenizer.decode(ids)
        except BaseException:
            # The library panics on some texts: nothing to compare with.
            return None


class SentencePiece:
    options = []

    def __init__(self, path):
        self.model = sentencepiece.SentencePieceProcessor(model_file=path)

    def encode(self, text):
        found = self.model.encode(text, return_type="proto")
        # Offsets count bytes here.
        scalars = [i for i, c in enumerate(text) for _ in c.encode()] + [len(text)]
        return [p.id for p in found.pieces], [[scalars[p.begin], scalars[p.end]] for p in found.pieces]

    def decode(self, ids):
        return self.model.decode(ids)


class Tiktoken:
    options = []

    def __init__(self, path, pattern):
        ranks = tiktoken.load.load_tiktoken_bpe(path)
        self.encoding = tiktoken.Encoding("x", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

    def encode(self, text):
        return self.encoding.encode_ordinary(text), None

    def decode(self, ids):
        return self.encoding.decode(ids)


def gpt2(vocabulary, merges):
    tokenizer = Tokenizer(models.BPE.from_file(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return HuggingFace(tokenizer)


def bert(path):
    tokenizer = tokenizers.BertWordPieceTokenizer(path, lowercase=True)
    return HuggingFace(tokenizer)


def tiktoken_pattern(name):
    import inspect

    import tiktoken_ext.openai_public as public

    if name.startswith("r50k"):
        return public.r50k_pat_str
    source = inspect.getsource(public.cl100k_base)
    return source.split('"pat_str": r"""')[1].split('"""')[0]


def peers(data):
    for path in sorted(glob.glob(f"{data}/*.json")):
        yield os.path.basename(path), path, lambda path=path: HuggingFace(Tokenizer.from_file(path))
    join = lambda *names: os.path.join(data, *names)
    if os.path.exists(join("gpt2")):
        yield "gpt2", join("gpt2"), lambda: gpt2(join("gpt2/encoder.json"), join("gpt2/vocab.bpe"))
    if os.path.exists(join("bert_uncased")):
        yield "bert_uncased", join("bert_uncased"), lambda: bert(join("bert_uncased/vocab.txt"))
    for path in sorted(glob.glob(join("hf_tokenizer_json", "**", "*okenizer.json"), recursive=True)):
        name = os.path.relpath(path, data)
        yield name, path, lambda path=path: HuggingFace(Tokenizer.from_file(path))
    for path in sorted(glob.glob(join("sentencepiece", "*.model"))):
        yield os.path.relpath(path, data), path, lambda path=path: SentencePiece(path)
    for path in sorted(glob.glob(join("tiktoken_ranks", "*.tiktoken"))):
        pattern = tiktoken_pattern(os.path.basename(path))
        yield os.path.relpath(path, data), path, lambda path=path, pattern=pattern: Tiktoken(path, pattern)


def main():
    data, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    heed = sys.argv[4] if len(sys.argv) > 4 else "heed"
    wanted = sys.argv[5:]
    texts = sentences(data)
    failed = False
    for name, path, make in peers(data):
        if wanted and not any(w in name for w in wanted):
            continue
        peer = make()
        rng = random.Random(seed)
        wrong = {"ids": 0, "offsets": 0, "decoded": 0}
        done = failures = 0
        while done < count:
            strings = [make_string(rng, texts) for _ in range(min(20000, count - done))]
            done += len(strings)
            lines = [json.dumps(s) for s in strings]
            mine = run(heed, path, ["--json-input", *peer.options], lines)
            backs = run(heed, path, ["--decode"], [" ".join(map(str, m["ids"])) for m in mine])
            for text, found, back in zip(strings, mine, backs):
                try:
                    ids, offsets = peer.encode(text)
                except BaseException as error:
                    failures += 1
                    continue
                decoded = peer.decode(ids)
                checks = {
                    "ids": found["ids"] == ids,
                    "offsets": offsets is None or found["offsets"] == offsets or found["ids"] != ids,
                    "decoded": found["ids"] != ids or decoded is None or back["text"] == decoded,
                }
                for check, holds in checks.items():
                    if not holds:
                        wrong[check] += 1
                        if wrong[check] <= 2:
                            print(name, check, ascii(text)[:300], found["ids"][:30], ids[:30])
                            if check == "offsets":
                                print([(a, b) for a, b in zip(found["offsets"], offsets) if a != b][:8])
                            if check == "decoded":
                                print(ascii(back["text"])[:200], ascii(decoded)[:200])
        failed |= any(wrong.values())
        print(f"{name}: {count} strings, seed {seed}; differences: {wrong}"
              + (f"; {failures} that the peer fails on" if failures else ""), flush=True)
    sys.exit(failed)


main()
