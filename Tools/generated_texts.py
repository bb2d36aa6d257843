"""Strings for comparisons of tokenizers: pieces of text in many scripts, emoji, marks, controls, runs, special tokens.

Every string is a function of the random generator that is given, of the real sentences, and of the special tokens.
"""

import random

SPECIAL = (
    "<|endoftext|> <|padding|> <s> </s> <unk> <pad> <mask> [CLS] [SEP] [MASK] [UNK] [PAD] <0x41> <0xE2> ## </w> @@ "
    "<|im_start|> <|endofprompt|> \u2581 \u0120 \u010a <|x|> ##ing \u2581the"
).split(" ")
SPACES = (
    " \t\n\r\x0b\x0c\x1c\x1f\x85\u00a0\u1680\u2000\u2003\u2009\u200a\u200b\u2028\u2029\u202f\u205f\u2060\u3000\ufeff\u180e"
)
EMOJI = (
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f3\ufe0f\u200d\U0001f308 \U0001f1e9\U0001f1ea \U0001f1e9 "
    "\U0001f44d\U0001f3fd \u2764\ufe0f 1\ufe0f\u20e3 \U0001f9d1\u200d\U0001f4bb \U0001f600 \u2764 \u00a9\ufe0f "
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f \u200d\U0001f525 \U0001f1e9\U0001f1ea\U0001f1eb"
).split(" ")
CODE = (
    "def f(x):\n\treturn x**2  # don't\n", "if (a != b) { c++; }\r\n", '<div class="x">&nbsp;</div>',
    "SELECT * FROM t;", "\\frac{1}{2}", "https://example.org/a?b=c&d=%20", "0x1F + 3.14e-10", "__init__",
    "camelCaseHTTPServer", "it's I'LL We'Ve 'S '\u017f", "    for i in range(10):\n        print(i)\n\n\n",
    '{"a": [1, 2.50, null], "b": "\\u00e9"}', "2024-02-29T23:59:59Z", "1,234,567.89 \u20ac", "a@b.co", "C:\\Users\\x\\",
    "#!/bin/sh\n\n", "x=y==z===w", "a->b::c", "/* */ // --", "$$ ^^ ~~ ``", "don\u2019t \u2018quoted\u2019",
)
# Characters that some normalizer or rule treats in a way of its own.
TRICKY = (
    "\u2581\u0387\u00b7\u037e\u212b\u212a\u2126\u00e5\u0130\u0131\u017f\u03a3\u03c3\u03c2\u00df\u1e9e\ufb01\ufb03\uff21\u2460\u00bd"
    "\u00b2\u2167\u0344\u0958\u1e9b\u0323\u0307\u1100\u1161\u11a8\uac00\uac01\ud7a3\u0f71\u0f72\u0f73\u09c7\u09be\u0e33\u0ec0"
    "\u00ad\u034f\u061c\u200c\u200d\u200e\u202a\u202e\u2066\u2069\ufe0e\ufe0f\ufff9\ufffd\ufffe\uffff\U0001fffe\ue000\U000f0000"
    "\U0010ffff\U000e0001\U0001d400\U0001d7ce\U00016a6e\U0001e943\U00010400\u10a0\u13a0\uab70\u01c5\u02b0\u0345\u1d2c\u2c7c"
    "\u3007\u4e00\u9fff\uf900\U00020000\U0002f800\u3099\u309a\u304c\u30ac\uff76\uff9e\u0660\u06f0\u0966\u0e50\u2070\u0000\u0001"
    "\u007f\u0080\u009f_-'\"\u2019\u2014\u2026\u00bf\u3002\uff01"
)
SCRIPTS = [
    (0x20, 0x7F), (0xA0, 0x250), (0x370, 0x400), (0x400, 0x530), (0x530, 0x600), (0x600, 0x700), (0x700, 0x900),
    (0x900, 0x980), (0x980, 0xE00), (0xE00, 0x1000), (0x1000, 0x1100), (0x1100, 0x1200), (0x1200, 0x1400),
    (0x1400, 0x1800), (0x1800, 0x1E00), (0x1E00, 0x2000), (0x2000, 0x2070), (0x2070, 0x2C00), (0x2C00, 0x3040),
    (0x3040, 0x3100), (0x3100, 0x3400), (0x4E00, 0x9FFF), (0xA000, 0xABFF), (0xAC00, 0xD7A4), (0xF900, 0xFB00),
    (0xFB00, 0xFE00), (0xFE00, 0xFF00), (0xFF00, 0xFFF0), (0x10000, 0x11000), (0x11000, 0x12000), (0x16800, 0x17000),
    (0x1B000, 0x1B300), (0x1D100, 0x1D800), (0x1E000, 0x1F000), (0x1F000, 0x1FC00), (0x20000, 0x20200), (0x30000, 0x30100),
    (0xE0000, 0xE0200),
]
RUNS = (" ", "a", "0", "^", "x", "\n", "'s", "\u0301", ".", "\t", "\r\n", "\u3042", "\U0001f600", "\u200d", "1", "A", "\u00e9", "_")


def scalar(rng):
    while True:
        c = rng.randrange(0x110000)
        if not 0xD800 <= c <= 0xDFFF:
            return chr(c)


class Texts:
    """A source of strings."""

    def __init__(self, seed, sentences, special=()):
        self.rng = random.Random(seed)
        self.sentences = sentences
        self.special = [*SPECIAL, *special]

    def piece(self):
        rng = self.rng
        n = rng.randrange(1, 12)
        kind = rng.randrange(16)
        if kind == 0:
            return "".join(scalar(rng) for _ in range(n))
        if kind == 1:
            low, high = rng.choice(SCRIPTS)
            return "".join(chr(rng.randrange(low, high)) for _ in range(n))
        if kind == 2:
            bases = rng.choice(("aeoucnAZ", "\u05d0\u3042\u0915\uac00", "\u0430\u03b1\u0627"))
            marks = lambda: "".join(chr(rng.randrange(0x300, 0x370)) for _ in range(rng.randrange(4)))
            return "".join(rng.choice(bases) + marks() for _ in range(n))
        if kind == 3:
            return rng.choice(("", " ")).join(rng.choice(EMOJI) for _ in range(rng.randrange(1, 4)))
        if kind == 4:
            return "".join(rng.choice(SPACES) for _ in range(n))
        if kind == 5:
            return chr(rng.randrange(0xA1)) * rng.randrange(1, 4)
        if kind in (6, 7):
            token = rng.choice(self.special)
            change = rng.randrange(8)
            if change == 0:
                token = token[: rng.randrange(len(token) + 1)]
            elif change == 1:
                token = token.upper() if rng.random() < 0.5 else token.lower()
            return rng.choice(("", "", " ", "x", "  ")) + token + rng.choice(("", "", " ", "x", "\n "))
        if kind == 8:
            return rng.choice(RUNS) * rng.choice((2, 3, 5, 17, 64, rng.randrange(1, 200)))
        if kind == 9:
            return rng.choice(CODE)
        if kind == 10:
            return "".join(rng.choice(TRICKY) for _ in range(n))
        if kind == 11:
            return "".join(chr(rng.randrange(0x20, 0x7F)) for _ in range(n))
        if kind == 12:
            return str(rng.randrange(10 ** rng.randrange(1, 15))) + rng.choice(("", ".", ",", "%", "th", "\u00b2"))
        words = rng.choice(self.sentences).split(" ")
        start = rng.randrange(len(words))
        text = " ".join(words[start : start + n])
        change = rng.randrange(6)
        if change == 0:
            text = text.upper()
        elif change == 1 and text:
            place = rng.randrange(len(text))
            text = text[:place] + rng.choice(TRICKY) + text[place:]
        return rng.choice(("", " ")) + text

    def string(self):
        rng = self.rng
        chance = rng.random()
        if chance < 0.08:
            return rng.choice(self.sentences)
        if chance < 0.09:
            return " ".join(rng.choice(self.sentences) for _ in range(rng.randrange(2, 5)))
        return rng.choice(("", " ")).join(self.piece() for _ in range(rng.randrange(7)))

    def strings(self, count):
        return [self.string() for _ in range(count)]
