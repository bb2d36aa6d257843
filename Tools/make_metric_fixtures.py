"""Writes sacreBLEU's scores of generated corpora, which the tests of HeedText compare with theirs.

    python Tools/make_metric_fixtures.py CORPORA SEED OUTPUT.json
"""

import json
import random
import sys

import sacrebleu
from sacrebleu.metrics import BLEU, CHRF

WORDS = (
    "a the man Hund läuft , . ... 3.5 1,000 well-known 5-6 (x) \"quoted\" &amp; &quot; &lt;b&gt; <skipped> "
    "don't ΟΔΟΣ ΣΑΣ İstanbul STRASSE É e\u0301 中文 日本 \u00a0 \u2003 \x1c \u200b x, y. .5 5. U.S. $5 %"
).split(" ")


def sentence(rng):
    words = [rng.choice(WORDS) for _ in range(rng.randrange(0, 14))]
    text = rng.choice((" ", " ", " ", "", "\t")).join(words)
    return rng.choice(("", " ")) + text + rng.choice(("", ".", " ", " .", "\n", "-\nx"))


def disturbed(rng, text):
    kind = rng.randrange(5)
    if kind == 0:
        return sentence(rng)
    if kind == 1:
        return text
    words = text.split(" ")
    for _ in range(rng.randrange(3)):
        words[rng.randrange(len(words))] = rng.choice(WORDS)
    if kind == 2:
        rng.shuffle(words)
    if kind == 3:
        words = words[: rng.randrange(len(words) + 1)]
    return " ".join(words)


def corpus(rng):
    size = rng.choice((1, 1, 1, 2, 5, 20))
    hypotheses = [sentence(rng) for _ in range(size)]
    references = [
        [disturbed(rng, h) for h in hypotheses] for _ in range(rng.choice((1, 1, 2, 3)))
    ]
    case = {"hyp": hypotheses, "refs": references, "lc": rng.random() < 0.4}
    if rng.random() < 0.5:
        case |= {"metric": "bleu", "tok": rng.choice(("13a", "none")), "eff": rng.random() < 0.4}
        metric = BLEU(
            lowercase=case["lc"], tokenize=case["tok"], effective_order=case["eff"], force=True
        )
    else:
        case |= {"metric": "chrf", "nw": rng.choice((0, 0, 2)), "ws": rng.random() < 0.3}
        metric = CHRF(word_order=case["nw"], lowercase=case["lc"], whitespace=case["ws"])
    score = metric.corpus_score(hypotheses, references)
    signature = str(metric.get_signature())
    line = score.format(signature=signature).replace(f"version:{sacrebleu.__version__}", "version:V")
    return case | {"score": score.score, "line": line}


def main():
    rng = random.Random(int(sys.argv[2]))
    cases = [corpus(rng) for _ in range(int(sys.argv[1]))]
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(c, ensure_ascii=True) for c in cases) + "\n]\n")


main()
