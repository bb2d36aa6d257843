"""Compares Heed's tokenizers with the `tokenizers` library: ids, offsets and decoded texts.

Decoded texts are compared in form C: the library leaves marks younger than Unicode 9.0 in any order.

Strings are generated; `heed tokenize --json` cuts them and `heed tokenize --decode --json` puts them together
again. They hold no NUL, which no argument of a program can. Only a tokenizer with a piece for every byte brings
any text back exactly.

    python Tools/compare_tokenizers.py FOLDER COUNT SEED [PATH-TO-HEED]
"""

import json
import random
import subprocess
import sys
import unicodedata

from tokenizers import Tokenizer

WORDS = "ein Hund läuft über die Straße . Two dogs run , and a man 2016 don't well-known </s> <unk> <pad>"
TRICKY = (
    "\u2581\u0387\u00b7\u037e \u00a0\t\n\r\0\u0085\u200b\ufeff\ufffd\u2028\u0301\u0323\u0327\u0344\u0958"
    "\u1100\u1161\u11a8\uac00\u212b\u212a\u00e9e\u0130\u03a3\U0001f468\u200d\U0001f469<0xE2></w>@@ "
)


def scalar(rng):
    while True:
        c = rng.randrange(0x110000)
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


def make_string(rng):
    kind = rng.randrange(8)
    length = rng.randrange(30)
    if kind == 0:
        return "".join(scalar(rng) for _ in range(length))
    if kind == 1:
        return "".join(rng.choice(TRICKY) for _ in range(length))
    if kind == 2:
        return "".join(chr(rng.randrange(0x300)) for _ in range(length))
    if kind == 3:
        return "".join(chr(rng.randrange(0x2E80)) for _ in range(length))
    if kind == 4:
        marks = [chr(c) for c in range(0x300, 0x370)]
        return "".join(rng.choice(marks if rng.random() < 0.6 else list("aeouAO \u05d0")) for _ in range(length))
    if kind == 5:
        return "".join(rng.choice((" ", "\u2581", "a", "(", "7")) for _ in range(length))
    words = [rng.choice(WORDS.split()) for _ in range(length)]
    if kind == 6:
        words = [w if rng.random() < 0.9 else make_string(rng)[:5] for w in words]
    return rng.choice((" ", "  ", "")).join(words) + rng.choice(("", " ", "\n"))


def run(heed, folder, options, texts):
    """What the program prints for each of the texts, as objects."""
    objects = []
    for start in range(0, len(texts), 500):
        arguments = [heed, "tokenize", "--model", folder, "--json", *options, "--", *texts[start : start + 500]]
        output = subprocess.run(arguments, check=True, stdout=subprocess.PIPE).stdout
        objects += [json.loads(line) for line in output.split(b"\n")[:-1]]
    assert len(objects) == len(texts), (len(objects), len(texts))
    return objects


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    heed = sys.argv[4] if len(sys.argv) > 4 else "heed"
    rng = random.Random(seed)
    strings = [make_string(rng).replace("\0", "") for _ in range(count)]
    library = Tokenizer.from_file(f"{folder}/tokenizer.json")
    # A special token in a text is text to Heed.
    library.encode_special_tokens = True
    encoded = run(heed, folder, [], strings)
    decoded = run(heed, folder, ["--decode"], [" ".join(map(str, mine["ids"])) for mine in encoded])
    is_exact = library.token_to_id("<0x00>") is not None
    wrong = {"ids": 0, "offsets": 0, "decoded": 0, "round trip": 0}
    for text, mine, back in zip(strings, encoded, decoded):
        theirs = library.encode(text)
        checks = {
            "ids": mine["ids"] == theirs.ids,
            "offsets": mine["offsets"] == [list(pair) for pair in theirs.offsets],
            "decoded": back["text"] == unicodedata.normalize("NFC", library.decode(theirs.ids)),
            "round trip": not is_exact or back["text"] == unicodedata.normalize("NFC", text),
        }
        for name, holds in checks.items():
            if not holds:
                wrong[name] += 1
                if wrong[name] <= 3:
                    print(name, repr(text), mine, back["text"], theirs.ids, theirs.offsets)
    print(count, "strings, seed", seed, "; differences:", wrong)
    sys.exit(any(wrong.values()))


main()
