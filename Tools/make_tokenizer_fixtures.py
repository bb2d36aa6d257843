"""Writes small tokenizers of the `tokenizers` library with what it makes of some texts.

The tests of HeedText read them, and compare ids, offsets and decoded texts.

    python Tools/make_tokenizer_fixtures.py OUTPUT.json
"""

import json
import random
import sys
import unicodedata

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

MERGES = "▁ a,a n,▁a n,an d,▁ t,▁t h,▁th e,e r,i n,in g,l l,▁ H,▁H u,n d,▁Hu nd,e n,s s,▁s ss,é n,ü ber,b er,ü ber"
TEXTS = [
    "", " ", "  ", "a", " a", "a ", "the and ", "Hund über Straße", "2016, 3.5 (x)", "▁", "a▁b ▁▁ c",
    "\u0387 \u00b7 \u037e ;", "</s> <unk> <pad> <0xE2>", "e\u0301n \u0301 a\u0301\u0323", "각 \u1100\u1161\u11a8",
    "\0\n\t\r\u00a0\u2028", "👨\u200d👩\u200d👧 e\u0323\u0301", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxllllllll", "日本語、テスト。",
    "\u212b\u212a\u2126 \u0344 \u0958", "\ufeff\ufffd\U0010ffff", "thethethe thethe", "@@ </w> a</w>b",
]


def raw():
    vocabulary = {name: i for i, name in enumerate(("</s>", "<unk>", "<pad>"))}
    for byte in range(256):
        vocabulary[f"<0x{byte:02X}>"] = len(vocabulary)
    for character in "▁aénderthilgsHuübL.,0123456789l":
        vocabulary.setdefault(character, len(vocabulary))
    merges = []
    for left, right in (m.split(" ") for m in MERGES.split(",")):
        if left in vocabulary and right in vocabulary and (left, right) not in merges:
            vocabulary.setdefault(left + right, len(vocabulary))
            merges.append((left, right))
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, byte_fallback=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace("▁", "\u0387"), normalizers.Prepend("▁")])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Metaspace("▁", "never"), pre_tokenizers.Punctuation(),
         pre_tokenizers.Digits(individual_digits=True)])
    tokenizer.decoder = decoders.Sequence(
        [decoders.ByteFallback(), decoders.Fuse(), decoders.Replace("▁", " "),
         decoders.Replace("\u0387", "▁"), decoders.Strip(" ", 1, 0)])
    return tokenizer


def pretokenized():
    pieces = ["</s>", "<unk>", "<pad>"] + list("thean") + [c + "</w>" for c in "thean"]
    merges = [("t", "h"), ("th", "e</w>"), ("a", "n"), ("an", "t</w>"), ("th", "an")]
    vocabulary = {piece: i for i, piece in enumerate(pieces)}
    for left, right in merges:
        vocabulary.setdefault(left + right, len(vocabulary))
    tokenizer = Tokenizer(
        models.BPE(vocab=vocabulary, merges=merges, unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.decoder = decoders.BPEDecoder(suffix="</w>")
    return tokenizer


def words():
    names = ["</s>", "<unk>", "<pad>", "the", "and", "Hund", "über", "a", "3.5", "2016,", "ae\u0301", "</w>"]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(name, "<unk>") for name in ("</s>", "<pad>")])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return tokenizer


def finished(tokenizer, fuse):
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", pair="$A </s> $B </s>", special_tokens=[("</s>", 0)])
    if fuse is None:
        # An unknown word is shown: it is no special token.
        tokenizer.add_special_tokens(["</s>", "<pad>"])
    else:
        tokenizer.add_special_tokens(["</s>", "<unk>", "<pad>"])
        tokenizer.model.fuse_unk = fuse
    tokenizer.encode_special_tokens = True
    return tokenizer


def main():
    rng = random.Random(5)
    texts = list(TEXTS)
    for _ in range(60):
        texts.append("".join(rng.choice(TEXTS) [:6] + rng.choice(" ae\u0301▁") for _ in range(rng.randrange(6))))
    fixtures = []
    for tokenizer, fuse in ((raw(), False), (pretokenized(), False), (pretokenized(), True), (words(), None)):
        tokenizer = finished(tokenizer, fuse)
        cases = []
        for text in texts:
            encoding = tokenizer.encode(text)
            cases.append({
                "text": text, "ids": encoding.ids, "tokens": encoding.tokens,
                "offsets": [x for pair in encoding.offsets for x in pair],
                "decoded": tokenizer.decode(encoding.ids),
                "nfc": unicodedata.normalize("NFC", text),
                "decoded_all": tokenizer.decode(encoding.ids, skip_special_tokens=False),
            })
        fixtures.append({"tokenizer": json.loads(tokenizer.to_str()), "cases": cases})
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(fixtures, file, separators=(",", ":"))
        file.write("\n")


main()
