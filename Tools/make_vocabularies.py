"""Writes vocabularies of every kind, learned from texts, for Tools/compare_vocabularies.py.

    python Tools/make_vocabularies.py FOLDER TEXT...

TEXT are text files, a sentence or paragraph a line.
"""

import base64
import json
import os
import random
import sys

import sentencepiece
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
BYTES = [f"<0x{b:02X}>" for b in range(256)]
OTHER_SCRIPTS = [
    "日本語のテキストとカタカナ、漢字かな交じり文。", "中文文本，没有空格。", "한국어 문장입니다.", "Русский текст с пробелами.",
    "Ελληνικό κείμενο με τόνους.", "नमस्ते दुनिया कैसे हैं", "مرحبا بالعالم", "שלום עולם", "ภาษาไทยไม่มีช่องว่าง", "Tiếng Việt có dấu",
    "😀 👍🏽 👨‍👩‍👧 🇩🇪 ❤️", "e\u0301 a\u0308 o\u0302", "½ ② ﬁ Ａ №",
]


def read(paths, count):
    lines = [l.strip("\n") for p in paths for l in open(p, encoding="utf-8")]
    lines = [l for l in lines if l.strip()]
    random.Random(1).shuffle(lines)
    return lines[:count] + OTHER_SCRIPTS * 40


def save(folder, name, tokenizer, change=None):
    data = json.loads(tokenizer.to_str())
    if change:
        change(data)
    text = json.dumps(data, ensure_ascii=False)
    Tokenizer.from_str(text)
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        file.write(text)


def byte_pairs(lines, pre, size, special):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=size, special_tokens=special, show_progress=False, initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return tokenizer


def fallback(lines, size):
    """Byte pairs of characters with a piece for each byte, as Llama 2 has them."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.train_from_iterator(lines, trainers.BpeTrainer(
        vocab_size=size, special_tokens=["<unk>", "<s>", "</s>", *BYTES], show_progress=False, limit_alphabet=300))
    return tokenizer


def llama(data, pre_tokenizer, normalizer):
    data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] not in BYTES]
    data["pre_tokenizer"] = pre_tokenizer
    data["normalizer"] = normalizer
    data["decoder"] = {"type": "Sequence", "decoders": [
        {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "}, {"type": "ByteFallback"}, {"type": "Fuse"},
        {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}


def tokenizer_json(folder, lines):
    P, N = pre_tokenizers, normalizers
    tokenizer = byte_pairs(lines, P.ByteLevel(add_prefix_space=True), 8000, ["<s>", "</s>", "<mask>"])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0), trim_offsets=True)
    save(folder, "bytes-prefix.json", tokenizer)
    pre = P.Sequence([P.Split(Regex(LLAMA3), "isolated"), P.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer = byte_pairs(lines, pre, 12000, ["<|begin_of_text|>", "<|end_of_text|>"])
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        "<|begin_of_text|> $A", "<|begin_of_text|> $A <|begin_of_text|>:1 $B:1", [("<|begin_of_text|>", 0)])])
    save(folder, "bytes-llama3.json", tokenizer, lambda d: d["model"].update(ignore_merges=True))

    prepend = {"type": "Sequence", "normalizers": [
        {"type": "Prepend", "prepend": "\u2581"}, {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}]}
    replace = {"type": "Replace", "pattern": {"String": " "}, "content": "\u2581"}
    tokenizer = fallback(lines, 8000)
    save(folder, "fallback-llama2.json", tokenizer, lambda d: llama(d, None, prepend))
    meta = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    save(folder, "fallback-mistral.json", tokenizer, lambda d: llama(d, meta, None))
    split = {"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious", "invert": False}
    save(folder, "fallback-gemma.json", tokenizer, lambda d: llama(d, split, replace))

    for name, lower in (("wordpiece-cased", False), ("wordpiece-lower", True)):
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = N.BertNormalizer(lowercase=lower)
        tokenizer.pre_tokenizer = P.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(cleanup=lower)
        special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        tokenizer.train_from_iterator(
            lines, trainers.WordPieceTrainer(vocab_size=9000, special_tokens=special, show_progress=False))
        tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
        save(folder, name + ".json", tokenizer)

    for name, bytes_too in (("unigram", False), ("unigram-bytes", True)):
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.normalizer = N.Sequence([N.Nmt(), N.NFKC(), N.Replace(Regex(" {2,}"), " ")])
        tokenizer.pre_tokenizer = P.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        special = ["<pad>", "</s>", "<unk>", *(BYTES if bytes_too else [])]
        tokenizer.train_from_iterator(lines, trainers.UnigramTrainer(
            vocab_size=8000, special_tokens=special, unk_token="<unk>", show_progress=False))

        def change(data, bytes_too=bytes_too):
            if bytes_too:
                data["added_tokens"] = [t for t in data["added_tokens"] if t["content"] not in BYTES]
                data["model"]["byte_fallback"] = True
                data["decoder"] = {"type": "Sequence", "decoders": [{"type": "ByteFallback"}, data["decoder"]]}
        save(folder, name + ".json", tokenizer, change)

    for name, pre in (("words", P.Whitespace()), ("words-split", P.WhitespaceSplit())):
        tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre
        tokenizer.normalizer = None if name == "words" else N.Sequence([N.NFD(), N.StripAccents(), N.Lowercase()])
        tokenizer.train_from_iterator(
            lines, trainers.WordLevelTrainer(vocab_size=10000, special_tokens=["<unk>", "<pad>", "<s>"], show_progress=False))
        save(folder, name + ".json", tokenizer)


MODELS = {
    "sp-unigram": dict(model_type="unigram", vocab_size=6000),
    "sp-unigram-bytes": dict(model_type="unigram", vocab_size=6000, byte_fallback=True, split_digits=True,
                             user_defined_symbols=["<sep>", "<cls>", "\u2581and", "xyz"], normalization_rule_name="identity"),
    "sp-unigram-suffix": dict(model_type="unigram", vocab_size=5000, treat_whitespace_as_suffix=True, normalization_rule_name="nfkc_cf"),
    "sp-unigram-raw": dict(model_type="unigram", vocab_size=5000, add_dummy_prefix=False, remove_extra_whitespaces=False,
                           allow_whitespace_only_pieces=True, normalization_rule_name="nmt_nfkc_cf"),
    "sp-bpe": dict(model_type="bpe", vocab_size=6000),
    "sp-bpe-bytes": dict(model_type="bpe", vocab_size=6000, byte_fallback=True, split_digits=True, remove_extra_whitespaces=False,
                         allow_whitespace_only_pieces=True, normalization_rule_name="identity", user_defined_symbols=["<sep>", "\n", "abc"]),
    "sp-bpe-raw": dict(model_type="bpe", vocab_size=5000, add_dummy_prefix=False, control_symbols=["<ctl>"], normalization_rule_name="nfkc"),
    "sp-bpe-suffix": dict(model_type="bpe", vocab_size=5000, treat_whitespace_as_suffix=True, split_by_whitespace=False),
}


def unused(source, target, seed):
    """A model of which a part of the pieces is not used."""
    from sentencepiece import sentencepiece_model_pb2 as pb

    model = pb.ModelProto()
    model.ParseFromString(open(source, "rb").read())
    rng = random.Random(seed)
    for piece in model.pieces:
        if piece.type == 1 and rng.random() < 0.3:
            piece.type = 5
    open(target, "wb").write(model.SerializeToString())


def sentencepieces(folder, lines):
    for name, options in MODELS.items():
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines), model_prefix=os.path.join(folder, name), character_coverage=0.9995,
            minloglevel=2, num_threads=1, hard_vocab_limit=False, **options)
        os.remove(os.path.join(folder, name + ".vocab"))
    for name in ("sp-unigram", "sp-bpe", "sp-bpe-bytes"):
        unused(os.path.join(folder, name + ".model"), os.path.join(folder, name + "-unused.model"), 7)


def ranks(folder, lines):
    """Ranks as tiktoken has them, of merges that the library learned."""
    pre = pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)])
    tokenizer = byte_pairs(lines, pre, 9000, [])
    data = json.loads(tokenizer.to_str())
    visible = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    table = {chr(b): b for b in visible}
    others = [b for b in range(256) if b not in visible]
    table |= {chr(256 + i): b for i, b in enumerate(others)}
    singles = [bytes([b]) for b in range(256)]
    merged = [bytes(table[c] for c in "".join(m)) for m in data["model"]["merges"]]
    order = list(dict.fromkeys(singles + merged))
    with open(os.path.join(folder, "learned_cl100k.tiktoken"), "wb") as file:
        for rank, token in enumerate(order):
            file.write(base64.b64encode(token) + b" %d\n" % rank)


def main():
    folder = sys.argv[1]
    os.makedirs(folder, exist_ok=True)
    lines = read(sys.argv[2:], 60000)
    tokenizer_json(folder, lines)
    sentencepieces(folder, lines)
    ranks(folder, lines)


main()
