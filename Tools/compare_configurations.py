"""Compares Heed with the `tokenizers` library on tokenizers of random parts and settings.

    python Tools/compare_configurations.py FOLDER COUNT SEED [PATH-TO-HEED [STRINGS]]

COUNT tokenizers are made: every normalizer, pre-tokenizer, model, post-processor and decoder, with random settings and in
random sequences; added tokens with every flag; truncation in each strategy and direction, with overflow; padding. Single
texts and pairs are encoded with each, and ids, offsets, segments, masks, overflowing parts and decoded texts compared.
Those that differ are left in FOLDER. Exits with 1 if there are any.
"""

import json
import os
import random
import sys

from compare_vocabularies import run
from generated_texts import Texts
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

N, P, D = normalizers, pre_tokenizers, decoders
BEHAVIORS = ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous")
PATTERNS = (
    r"\w+", r"\s+", r"\p{L}+|\p{N}", r"[aeiou]", r"\d{1,3}(?=(\d{3})*\b)", r"(?i:'s|'t)| ?\p{L}+|\s+(?!\S)|\s+", r"\p{Lu}",
    r".", r"[^\r\n\p{L}\p{N}]?\p{L}+", r"(?<=a)b", r"x*", r"^a", r"z$", r"\p{Han}+", r"[\u3040-\u30ff]+", r"\bthe\b", r" {2,}",
)
SENTENCES = [
    "the quick brown fox jumps over the lazy dog", "Ein Hund läuft über die Straße, don't you know?", "hello world 2016",
    "日本語テキスト ひらがな カタカナ", "русский текст", "한국어 문장", "e\u0301 a\u0323\u0307 \ufb01ne \uff21\uff42", "x=1; y_2 = 3.14",
    "it's I'll we've", "\u2581the\u2581dog", "\U0001f468\u200d\U0001f469\u200d\U0001f467 \u2764\ufe0f", "a  b   c\td\n\ne",
]


class Maker:
    def __init__(self, seed):
        self.rng = random.Random(seed)

    def flip(self, chance=0.5):
        return self.rng.random() < chance

    def normalizer(self, depth=0):
        rng = self.rng
        if depth == 0 and self.flip(0.35):
            return N.Sequence([self.normalizer(1) for _ in range(rng.randrange(1, 5))])
        return rng.choice((
            N.NFC, N.NFD, N.NFKC, N.NFKD, N.Lowercase, N.StripAccents, N.Nmt,
            lambda: N.Strip(left=self.flip(), right=self.flip()),
            lambda: N.Prepend(rng.choice(("\u2581", "x", "ab "))),
            lambda: N.Replace(rng.choice((" ", "the", "o", "\u0301", "''", "\n")), rng.choice(("\u2581", "", "XY", "é", " "))),
            lambda: N.Replace(Regex(rng.choice(PATTERNS)), rng.choice(("", "_", "ab", "\u2581"))),
            lambda: N.BertNormalizer(self.flip(), self.flip(), rng.choice((None, True, False)), self.flip()),
        ))()

    def pre_tokenizer(self, depth=0):
        rng = self.rng
        if depth == 0 and self.flip(0.35):
            return P.Sequence([self.pre_tokenizer(1) for _ in range(rng.randrange(1, 4))])
        return rng.choice((
            P.Whitespace, P.WhitespaceSplit, P.BertPreTokenizer, P.UnicodeScripts,
            lambda: P.Digits(individual_digits=self.flip()),
            lambda: P.Punctuation(rng.choice(BEHAVIORS)),
            lambda: P.CharDelimiterSplit(rng.choice("o \u2581e")),
            lambda: P.FixedLength(rng.randrange(1, 7)),
            lambda: P.Split(rng.choice((" ", "the", "l", "\u2581", "ss")), rng.choice(BEHAVIORS), self.flip(0.3)),
            lambda: P.Split(Regex(rng.choice(PATTERNS)), rng.choice(BEHAVIORS), self.flip(0.3)),
            lambda: P.Metaspace(rng.choice("\u2581_"), rng.choice(("always", "never", "first")), self.flip()),
            lambda: P.ByteLevel(add_prefix_space=self.flip(), use_regex=self.flip()),
        ))()

    def decoder(self, depth=0):
        rng = self.rng
        if depth == 0 and self.flip(0.5):
            return D.Sequence([self.decoder(1) for _ in range(rng.randrange(1, 5))])
        return rng.choice((
            D.ByteLevel, D.Fuse, D.ByteFallback,
            lambda: D.WordPiece(rng.choice(("##", "@@", "")), self.flip()),
            lambda: D.Metaspace(rng.choice("\u2581_"), rng.choice(("always", "never", "first")), self.flip()),
            lambda: D.BPEDecoder(rng.choice(("</w>", "_"))),
            lambda: D.Replace(rng.choice(("\u2581", "a", "the")), rng.choice((" ", "", "bb"))),
            lambda: D.Replace(Regex(rng.choice(PATTERNS)), rng.choice(("", " ", "-"))),
            lambda: D.Strip(rng.choice(" a\u2581"), rng.randrange(3), rng.randrange(3)),
            lambda: D.CTC("<pad>", rng.choice("|\u2581"), self.flip()),
        ))()

    def bpe(self):
        rng = self.rng
        options = {}
        if self.flip(0.7):
            options["unk_token"] = "<unk>"
        for name, values in (("continuing_subword_prefix", ("##", "_")), ("end_of_word_suffix", ("</w>", "_"))):
            if self.flip(0.15):
                options[name] = rng.choice(values)
        marks = {k: v for k, v in options.items() if k != "unk_token"}
        fallback = not marks and self.flip(0.3)
        special = ["<unk>"] + ([f"<0x{b:02X}>" for b in range(256)] if fallback and self.flip(0.8) else [])
        model = models.BPE(**options, fuse_unk=self.flip(), byte_fallback=fallback, ignore_merges=self.flip(0.3))
        alphabet = P.ByteLevel.alphabet() if self.flip() else []
        return model, trainers.BpeTrainer(
            vocab_size=rng.choice((100, 300, 600, 900)), special_tokens=special, show_progress=False, initial_alphabet=alphabet, **marks)

    def word_piece(self):
        prefix = self.rng.choice(("##", "_", "##"))
        model = models.WordPiece(
            unk_token="<unk>", max_input_chars_per_word=self.rng.choice((100, 8, 1000)), continuing_subword_prefix=prefix)
        return model, trainers.WordPieceTrainer(
            vocab_size=300, special_tokens=["<unk>"], show_progress=False, continuing_subword_prefix=prefix)

    def unigram(self):
        rng = self.rng
        pieces = [("<unk>", 0.0)]
        fallback = self.flip(0.4)
        if fallback:
            pieces += [(f"<0x{b:02X}>", -rng.uniform(1, 20)) for b in range(256) if b < 256 - 60 * self.flip(0.2)]
        seen = {p for p, _ in pieces}
        for text in SENTENCES:
            text = rng.choice((text, "\u2581" + text.replace(" ", "\u2581")))
            for _ in range(rng.randrange(60)):
                start = rng.randrange(len(text))
                piece = text[start : start + rng.randrange(1, 8)]
                if piece not in seen:
                    seen.add(piece)
                    pieces.append((piece, round(-rng.uniform(0, 9), rng.choice((0, 1, 4)))))
        return models.Unigram(pieces, 0, fallback), None

    def model(self):
        kind = self.rng.randrange(7)
        if kind < 3:
            return self.bpe()
        if kind == 3:
            return self.word_piece()
        if kind == 4:
            return models.WordLevel(unk_token="<unk>"), trainers.WordLevelTrainer(
                vocab_size=200, special_tokens=["<unk>"], show_progress=False)
        return self.unigram()

    def post_processor(self, tokenizer, depth=0):
        rng = self.rng
        marks = [(t, tokenizer.token_to_id(t)) for t in ("<s>", "</s>", "<x>")]
        if depth == 0 and self.flip(0.3):
            steps = [processors.ByteLevel(add_prefix_space=self.flip(), trim_offsets=self.flip())]
            return processors.Sequence([*steps, self.post_processor(tokenizer, 1)])
        kind = rng.randrange(4)
        if kind == 0:
            return processors.BertProcessing(marks[1], marks[0])
        if kind == 1:
            return processors.RobertaProcessing(marks[1], marks[0], trim_offsets=self.flip(), add_prefix_space=self.flip())
        if kind == 2:
            return processors.ByteLevel(add_prefix_space=self.flip(), trim_offsets=self.flip())
        some = lambda: [f"{rng.choice(('<s>', '</s>', '<x>'))}:{rng.randrange(3)}" for _ in range(rng.randrange(3))]
        single = [*some(), f"$A:{rng.randrange(3)}", *some()]
        sides = [f"$A:{rng.randrange(3)}", f"$B:{rng.randrange(3)}"]
        if self.flip(0.2):
            sides.reverse()
        return processors.TemplateProcessing(" ".join(single), " ".join([*some(), sides[0], *some(), sides[1], *some()]), marks)

    def add_tokens(self, tokenizer):
        rng = self.rng
        tokenizer.add_special_tokens(["<s>", "</s>", "<x>", "<pad>"])
        words = ["[MASK]", "<mask>", "the", "do", "é", "ab c", " x", "\u2581", "ＡB", "\n", "123", "日本", "S", "_", "don't", "ing"]
        for word in rng.sample(words, rng.randrange(6)):
            flags = {f: self.flip(0.35) for f in ("single_word", "lstrip", "rstrip", "normalized")}
            token = AddedToken(word, **flags)
            (tokenizer.add_special_tokens if self.flip() else tokenizer.add_tokens)([token])
        return words

    def lengths(self, tokenizer):
        rng = self.rng
        if self.flip(0.4):
            try:
                tokenizer.enable_truncation(
                    rng.randrange(0, 30), stride=rng.choice((0, 0, 1, 2, 5)), direction=rng.choice(("left", "right")),
                    strategy=rng.choice(("longest_first", "only_first", "only_second")))
            except BaseException:
                tokenizer.no_truncation()
        if self.flip(0.3):
            tokenizer.enable_padding(
                direction=rng.choice(("left", "right")), pad_id=tokenizer.token_to_id("<pad>"), pad_type_id=rng.randrange(3),
                pad_token="<pad>", length=rng.choice((None, 5, 20, 64)), pad_to_multiple_of=rng.choice((None, 0, 4, 7)))

    def tokenizer(self):
        model, trainer = self.model()
        tokenizer = Tokenizer(model)
        if self.flip(0.7):
            tokenizer.normalizer = self.normalizer()
        if self.flip(0.85):
            tokenizer.pre_tokenizer = self.pre_tokenizer()
        if trainer:
            tokenizer.train_from_iterator(SENTENCES * 3, trainer)
        if self.flip(0.9):
            tokenizer.decoder = self.decoder()
        words = self.add_tokens(tokenizer)
        if self.flip(0.6):
            tokenizer.post_processor = self.post_processor(tokenizer)
        self.lengths(tokenizer)
        return tokenizer, words


def described(encoding):
    return {
        "ids": encoding.ids, "offsets": [list(o) for o in encoding.offsets], "type_ids": encoding.type_ids,
        "special_tokens_mask": encoding.special_tokens_mask, "attention_mask": encoding.attention_mask,
    }


def differences(found, theirs):
    """The names of what differs between Heed's object and an encoding of the library."""
    names = [k for k, v in described(theirs).items() if found[k] != v]
    if len(found["overflow"]) != len(theirs.overflowing):
        return names + ["number of overflowing parts"]
    for mine, other in zip(found["overflow"], theirs.overflowing):
        names += ["overflow " + k for k, v in described(other).items() if mine[k] != v]
    return names


def encoded(tokenizer, text):
    try:
        return tokenizer.encode(*text) if isinstance(text, list) else tokenizer.encode(text)
    except BaseException:
        return None


def decoded(tokenizer, ids, skip):
    try:
        return tokenizer.decode(ids, skip_special_tokens=skip)
    except BaseException:
        return None


def compare(tokenizer, heed, path, texts):
    """The differences, of those texts that the library takes."""
    both = [(t, e) for t, e in ((t, encoded(tokenizer, t)) for t in texts) if e is not None]
    if not both:
        return [], 0
    mine = run(heed, path, ["--json-input", "--full"], [json.dumps(t) for t, _ in both])
    ids = [" ".join(map(str, e.ids)) for _, e in both]
    backs = [run(heed, path, ["--decode", *o], ids) for o in ([], ["--keep-special"])]
    found = []
    for (text, theirs), one, *back in zip(both, mine, *backs):
        names = differences(one, theirs)
        if names:
            found.append((names, text, one["ids"], theirs.ids, one["offsets"], theirs.offsets))
        for skip, b in zip((True, False), back):
            wanted = decoded(tokenizer, theirs.ids, skip)
            if wanted is not None and b["text"] != wanted:
                found.append((["decoded"], theirs.ids, theirs.tokens, b["text"], wanted))
    return found, len(both)


def main():
    folder, count, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    heed = sys.argv[4] if len(sys.argv) > 4 else "heed"
    strings = int(sys.argv[5]) if len(sys.argv) > 5 else 200
    os.makedirs(folder, exist_ok=True)
    total = wrong = refused = compared = 0
    for number in range(count):
        maker = Maker(f"{seed} {number}")
        try:
            tokenizer, words = maker.tokenizer()
            text = tokenizer.to_str()
            tokenizer = Tokenizer.from_str(text)
        except BaseException:
            # The library refuses some settings, or cannot read what it wrote.
            refused += 1
            continue
        path = os.path.join(folder, f"{seed}-{number}.json")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        source = Texts(f"{seed} {number}", SENTENCES, words)
        texts = source.strings(strings) + [source.strings(2) for _ in range(strings // 3)]
        try:
            found, taken = compare(tokenizer, heed, path, texts)
        except Exception as error:
            if b"makes texts too long" in (getattr(error, "stderr", None) or b""):
                # A limit of Heed's, for files that would make texts hundreds of times longer.
                refused += 1
                continue
            found, taken = [(["the program failed"], str(error))], 0
        total += taken
        compared += 1
        if found:
            wrong += 1
            print(path, len(found), "differences;", ascii(found[0])[:900], flush=True)
        else:
            os.remove(path)
    print(f"{compared} tokenizers, {total} texts, seed {seed}: {wrong} tokenizers differ; the library refused {refused}", flush=True)
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
