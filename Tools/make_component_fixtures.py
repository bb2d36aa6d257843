"""Writes Tests/Fixtures/tokenizer_components.json: small tokenizers that exercise every part of a tokenizer.json, and
what the `tokenizers` library makes of some texts with each of them.

    python Tools/make_component_fixtures.py FILE [FOLDER]

With FOLDER, each tokenizer is written there as a file of its own, for Tools/compare_vocabularies.py.
"""

import json
import os
import random
import sys

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

TEXTS = [
    "Hello, World! It's 2016 -- don't.  Ünïcödé ﬁne Ａｂ① \u0130",
    " leading and trailing  \n\ttabs ",
    "日本語テキスト ひらがな カタカナ 한국어 русский ελληνικά",
    "e\u0301a\u0323\u0307 \u1e9b\u0323 \uac01 \u1100\u1161\u11a8 \u212b \u2126",
    "<s>special</s> [MASK] mask[MASK]ed  [MASK]  <|x|>",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea 1\ufe0f\u20e3 \u2764\ufe0f",
    "a_b-c.d/e:f;g 3.14 x=1 ½ ٣ Ⅷ",
    "aaaaaaaaaaaaaaaaaaaa ^^^^^^ \x00\x01\x7f\u0085\u200b\ufeff\ufffd\u2581x",
    "d\n\ne  \n f\n x x  d d \U0001d2c4\U0001e5f1 \U0002ebf0\u1c89\u0897",
    "",
    " ",
    "x",
]
CORPUS = [t for t in TEXTS if not t.startswith("d\n") for _ in range(3)] + [
    "the quick brown fox jumps over the lazy dog and the other dogs run",
    "Ein Hund läuft über die Straße und der Hund schläft",
    "hello world hello there world wide web",
] * 5


def bpe(vocabulary=300, alphabet=(), **options):
    tokenizer = Tokenizer(models.BPE(**options))
    marks = {name: options[name] for name in ("continuing_subword_prefix", "end_of_word_suffix") if name in options}
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=["<unk>"], initial_alphabet=list(alphabet), show_progress=False, **marks)
    return tokenizer, trainer


def trained(tokenizer, trainer):
    tokenizer.train_from_iterator(CORPUS, trainer)
    # Training leaves the unknown piece and others among the special tokens; each case adds its own.
    return tokenizer


def byte_level(vocabulary=400):
    return bpe(vocabulary, sorted(pre_tokenizers.ByteLevel.alphabet()))


def with_normalizer(normalizer):
    tokenizer, trainer = bpe(unk_token="<unk>")
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return trained(tokenizer, trainer)


def with_pre_tokenizer(pre_tokenizer, decoder=None):
    tokenizer, trainer = bpe(unk_token="<unk>")
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoder or decoders.Fuse()
    return trained(tokenizer, trainer)


def with_bytes(pre_tokenizer, **processor):
    tokenizer, trainer = byte_level()
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if processor:
        tokenizer.post_processor = processors.ByteLevel(**processor)
    return trained(tokenizer, trainer)


def configured(tokenizer, **changes):
    """The tokenizer with fields of its file changed."""
    data = json.loads(tokenizer.to_str())
    for name, value in changes.items():
        target = data
        *path, last = name.split("__")
        for part in path:
            target = target[part]
        target[last] = value
    return Tokenizer.from_str(json.dumps(data))


def visible(byte):
    """The character that stands for a byte in byte-level vocabularies."""
    printable = [b for b in range(256) if 33 <= b <= 126 or 161 <= b <= 172 or b >= 174]
    return chr(byte if byte in printable else 256 + [b for b in range(256) if b not in printable].index(byte))


def without_bytes(missing, **changes):
    """A byte-level tokenizer whose vocabulary has no piece with any of some bytes."""
    tokenizer = with_bytes(pre_tokenizers.ByteLevel(add_prefix_space=True), trim_offsets=False)
    model = json.loads(tokenizer.to_str())["model"]
    missing = {visible(byte) for byte in missing}
    return configured(
        tokenizer, model__vocab={piece: id for piece, id in model["vocab"].items() if not missing & set(piece)},
        model__merges=[pair for pair in model["merges"] if not missing & set("".join(pair))],
        **{"model__" + name: value for name, value in changes.items()})


def unigram(byte_fallback=False):
    pieces = [("<unk>", 0.0)]
    if byte_fallback:
        pieces += [(f"<0x{b:02X}>", -20.0) for b in range(256)]
    rng = random.Random(4)
    seen = {p for p, _ in pieces}
    for text in CORPUS[-3:] + TEXTS[:2]:
        text = "\u2581" + text.replace(" ", "\u2581")
        for _ in range(60):
            start = rng.randrange(len(text))
            piece = text[start : start + rng.randrange(1, 6)]
            if piece not in seen and "\n" not in piece:
                seen.add(piece)
                pieces.append((piece, round(-rng.uniform(2, 9), rng.choice((1, 4)))))
    tokenizer = Tokenizer(models.Unigram(pieces, 0, byte_fallback))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()])
    return tokenizer


def word_piece(**options):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(**options)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.train_from_iterator(
        CORPUS, trainers.WordPieceTrainer(vocab_size=220, special_tokens=special, show_progress=False))
    return tokenizer


def with_added(*tokens, special=False, normalizer=None):
    tokenizer = with_bytes(pre_tokenizers.ByteLevel(add_prefix_space=False), trim_offsets=True)
    if normalizer:
        tokenizer.normalizer = normalizer
    (tokenizer.add_special_tokens if special else tokenizer.add_tokens)(list(tokens))
    return tokenizer


def cases():
    N, P, D = normalizers, pre_tokenizers, decoders
    for form in (N.NFC(), N.NFD(), N.NFKC(), N.NFKD(), N.Lowercase(), N.Strip(), N.Strip(left=False), N.StripAccents(),
                 N.Nmt(), N.Prepend("\u2581"), N.ByteLevel(), N.BertNormalizer(), N.BertNormalizer(lowercase=False),
                 N.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)):
        yield "normalizer " + type(form).__name__, with_normalizer(form)
    yield "replace text", with_normalizer(N.Replace("o", "0oo"))
    yield "replace regex", with_normalizer(N.Replace(Regex(r" {2,}|\p{Lu}+"), "_"))
    yield "replace empty matches", with_normalizer(N.Replace(Regex(r"x*"), "-"))
    yield "remove", with_normalizer(N.Replace(Regex(r"[aeiou]"), ""))
    yield "normalizers", with_normalizer(N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase(), N.Replace("l", "LL"), N.Strip()]))
    for rule in (P.Whitespace(), P.WhitespaceSplit(), P.BertPreTokenizer(), P.Digits(), P.Digits(individual_digits=True),
                 P.UnicodeScripts(), P.CharDelimiterSplit("o"), P.FixedLength(3)):
        yield "pre_tokenizer " + type(rule).__name__, with_pre_tokenizer(rule)
    for behavior in ("removed", "isolated", "merged_with_previous", "merged_with_next", "contiguous"):
        yield "punctuation " + behavior, with_pre_tokenizer(P.Punctuation(behavior))
        for invert in (False, True):
            yield f"split {behavior} {invert}", with_pre_tokenizer(P.Split(Regex(r"\w+|\s\s"), behavior, invert))
            yield f"split text {behavior} {invert}", with_pre_tokenizer(P.Split("l", behavior, invert))
    for scheme in ("always", "never", "first"):
        for split in (True, False):
            yield f"metaspace {scheme} {split}", with_pre_tokenizer(P.Metaspace("\u2581", scheme, split), D.Metaspace("\u2581", scheme, split))
    first = with_pre_tokenizer(P.Metaspace("\u2581", "first"), D.Metaspace("\u2581", "first"))
    first.add_special_tokens(["<s>", "</s>"])
    yield "metaspace first added", first
    yield "pre_tokenizers", with_pre_tokenizer(P.Sequence([P.WhitespaceSplit(), P.Punctuation(), P.Digits(True), P.Metaspace("_", "always")]))
    for space in (True, False):
        for regex in (True, False):
            yield f"bytes {space} {regex}", with_bytes(P.ByteLevel(add_prefix_space=space, use_regex=regex), trim_offsets=True, add_prefix_space=space)
    yield "bytes untrimmed", with_bytes(P.ByteLevel(add_prefix_space=True), trim_offsets=False)
    yield "bytes in the middle", with_bytes(P.Sequence([P.ByteLevel(add_prefix_space=False), P.Digits(True)]))
    patterns = {
        "llama 3": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "qwen 2": r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "gpt-4o": r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        "unknown": r"\d{1,2}|\p{Han}+| ?[\w']+|[^\w\s]|\s+",
    }
    for name, pattern in patterns.items():
        yield "pattern " + name, with_bytes(P.Sequence([P.Split(Regex(pattern), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)]))
    ignoring = with_bytes(P.ByteLevel(add_prefix_space=False))
    yield "ignore_merges", configured(ignoring, model__ignore_merges=True)
    yield "bytes of no UTF-8 missing", without_bytes([0xC0, 0xC1, *range(0xF5, 0x100)])
    yield "bytes missing", without_bytes([*b"lx", 0xC3, 0x81])
    for fuse in (False, True):
        yield f"bytes missing, unknown {fuse}", without_bytes([*b"lx", 0xC3, 0x81], unk_token="<unk>", fuse_unk=fuse)
    for fuse in (False, True):
        tokenizer = with_pre_tokenizer(P.WhitespaceSplit())
        vocabulary = json.loads(tokenizer.to_str())["model"]["vocab"]
        yield f"fuse_unk {fuse}", configured(tokenizer, model__fuse_unk=fuse)
        extended = {**vocabulary, **{f"<0x{b:02X}>": len(vocabulary) + b for b in range(256)}}
        yield f"byte_fallback {fuse}", configured(tokenizer, model__fuse_unk=fuse, model__byte_fallback=True, model__vocab=extended)
    yield "no unk", configured(with_pre_tokenizer(P.Whitespace()), model__unk_token=None)
    tokenizer, trainer = bpe(unk_token="<unk>", continuing_subword_prefix="##")
    tokenizer.pre_tokenizer = P.Whitespace()
    tokenizer.decoder = D.WordPiece()
    yield "continuing_subword_prefix", trained(tokenizer, trainer)
    tokenizer, trainer = bpe(unk_token="<unk>", end_of_word_suffix="</w>")
    tokenizer.pre_tokenizer = P.Whitespace()
    tokenizer.decoder = D.BPEDecoder()
    yield "end_of_word_suffix", trained(tokenizer, trainer)
    for options in ({}, {"lowercase": False}, {"strip_accents": False}):
        yield f"word pieces {options}", word_piece(**options)
    bert = word_piece()
    bert.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    yield "BertProcessing", bert
    yield "short words", configured(word_piece(), model__max_input_chars_per_word=6)
    for fallback in (False, True):
        yield f"unigram {fallback}", unigram(fallback)
    words = Tokenizer(models.WordLevel({"<unk>": 0, "hello": 1, "Hello": 2, "world": 3, ",": 4}, unk_token="<unk>"))
    words.pre_tokenizer = P.Whitespace()
    yield "words", words
    roberta = with_bytes(P.ByteLevel(add_prefix_space=True))
    roberta.add_special_tokens(["<s>", "</s>"])
    pair = (("</s>", roberta.token_to_id("</s>")), ("<s>", roberta.token_to_id("<s>")))
    roberta.post_processor = processors.RobertaProcessing(*pair, trim_offsets=True, add_prefix_space=True)
    yield "RobertaProcessing", roberta
    template = with_bytes(P.ByteLevel(add_prefix_space=False))
    template.add_special_tokens(["<s>", "</s>"])
    ids = [(t, template.token_to_id(t)) for t in ("<s>", "</s>")]
    marks = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $B:1 </s>:1 $A:2 </s>:2", special_tokens=ids)
    template.post_processor = marks
    yield "TemplateProcessing", template
    both = Tokenizer.from_str(template.to_str())
    both.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True, add_prefix_space=False), marks])
    yield "processors", both
    for name, base in (("BERT", bert), ("RoBERTa", roberta)):
        both = Tokenizer.from_str(base.to_str())
        both.post_processor = processors.Sequence([base.post_processor, processors.ByteLevel(trim_offsets=True)])
        yield f"processors, {name} first", both
    for direction in ("left", "right"):
        cut = Tokenizer.from_str(template.to_str())
        cut.enable_truncation(7, direction=direction)
        cut.enable_padding(direction=direction, length=9, pad_id=1, pad_type_id=3, pad_token="<s>")
        yield f"lengths {direction}", cut
    multiple = Tokenizer.from_str(template.to_str())
    multiple.enable_padding(pad_to_multiple_of=8, pad_id=2)
    yield "padding to a multiple", multiple
    A = AddedToken
    yield "added", with_added(A("World"), A("2016", single_word=True), A("or", single_word=True), A("[MASK]", lstrip=True), A("--", rstrip=True))
    yield "added special", with_added(A("[MASK]", lstrip=True, rstrip=True, normalized=False), A("<s>", normalized=False), A("</s>"), A("</s>special"), special=True)
    lower = with_added(A("HELLO", normalized=True), A("World", normalized=False), A("[MASK]", normalized=True, lstrip=True, rstrip=True), A("  ", normalized=False))
    lower.normalizer = N.Lowercase()
    yield "added normalized", lower
    spaces = [A("\n", lstrip=True, rstrip=True, normalized=False), A(" x", rstrip=True), A("d", rstrip=True, normalized=True)]
    yield "added in white space", with_added(*spaces)
    yield "added in white space, special", with_added(*spaces, special=True)
    yield "special normalized", with_added(A("HELLO", normalized=True), A("World"), A("l", normalized=True), special=True, normalizer=N.Lowercase())
    trimmed = unigram()
    trimmed.pre_tokenizer = P.FixedLength(9)
    trimmed.post_processor = processors.ByteLevel(trim_offsets=True, add_prefix_space=True)
    yield "unknown pieces with spaces", trimmed
    for behavior in ("isolated", "contiguous"):
        classes = Regex(r"\p{N}|[^\p{L}\s]|\p{Han}+|\p{Lu}|\P{Letter}\p{^M}")
        yield "classes " + behavior, with_pre_tokenizer(P.Split(classes, behavior))
    for name, base in (("template", template), ("RoBERTa", roberta), ("BERT", bert), ("nothing", trimmed)):
        for strategy in ("longest_first", "only_first", "only_second"):
            for direction in ("left", "right"):
                cut = Tokenizer.from_str(base.to_str())
                cut.enable_truncation(11, stride=2, strategy=strategy, direction=direction)
                yield f"overflow {name} {strategy} {direction}", cut
    short = Tokenizer.from_str(template.to_str())
    short.enable_truncation(1)
    yield "added tokens longer than the limit", short
    ctc = with_pre_tokenizer(P.WhitespaceSplit(), D.CTC("a", "o", True))
    yield "ctc", ctc
    yield "decoders", with_pre_tokenizer(P.Metaspace(), D.Sequence([D.Replace("\u2581", " "), D.Replace(Regex("[aeiou]"), "*"), D.Fuse(), D.Strip(" ", 1, 1)]))


def sequences(encoding):
    """The text of each token, or -1."""
    return [-1 if number is None else number for number in encoding.sequence_ids]


def main():
    result = []
    for name, tokenizer in cases():
        data = json.loads(tokenizer.to_str())
        tokenizer = Tokenizer.from_str(tokenizer.to_str())
        texts = [(text, None) for text in TEXTS] + [(TEXTS[0], TEXTS[4]), ("x", "")]
        if name.startswith("overflow"):
            # Pairs of long texts overflow in many pieces.
            texts = [(TEXTS[1], None), (TEXTS[6], None), (TEXTS[1], "Hello, World!"), ("x", TEXTS[1])]
        found = []
        for text, pair in texts:
            try:
                encoding = tokenizer.encode(text, pair)
                decoded = tokenizer.decode(encoding.ids) if encoding.ids else ""
                everything = tokenizer.decode(encoding.ids, skip_special_tokens=False) if encoding.ids else ""
            except BaseException as error:
                print(name, repr(text), error, file=sys.stderr)
                continue
            found.append({
                "text": text, "pair": pair, "ids": encoding.ids, "type_ids": encoding.type_ids,
                "offsets": [n for pair in encoding.offsets for n in pair], "special": encoding.special_tokens_mask,
                "sequences": sequences(encoding), "attention": encoding.attention_mask, "decoded": decoded,
                "everything": everything,
                "overflow": [
                    {"ids": o.ids, "type_ids": o.type_ids, "offsets": [n for pair in o.offsets for n in pair],
                     "special": o.special_tokens_mask, "sequences": sequences(o)}
                    for o in encoding.overflowing],
            })
        result.append({"name": name, "tokenizer": data, "cases": found})
        if len(sys.argv) > 2:
            path = os.path.join(sys.argv[2], "".join(c if c.isalnum() else "_" for c in name) + ".json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(data, file)
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in result) + "\n]\n")
    print(len(result), "tokenizers", os.path.getsize(sys.argv[1]), "bytes")


main()
