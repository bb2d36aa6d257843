"""Writes the character tables of HeedText from the behaviour of the `tokenizers` library.

A tokenizer.json means what that library does with it, so its Unicode versions are Heed's: canonical
normalization stops at Unicode 9.0, punctuation at 8.0, numbers are those of the library's compiler,
and what a pattern of properties matches is Unicode 16.0. The tables are read off the library itself,
character by character. What Unicode 14.0 (Python 3.11) adds to the normalization is written apart.

    python Tools/make_unicode_tables.py Sources/HeedText/Unicode
"""

import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import Regex, normalizers, pre_tokenizers

SCALARS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]
NFC, NFD = normalizers.NFC(), normalizers.NFD()


def is_hangul(c):
    return 0xAC00 <= c <= 0xD7A3


def ranges(wanted):
    """Closed ranges of the scalars for which wanted(c) is the same true value."""
    found = []
    for c in SCALARS:
        value = wanted(c)
        if not value:
            continue
        if found and found[-1][1] == c - 1 and found[-1][2] == value:
            found[-1][1] = c
        else:
            found.append([c, c, value])
    return found


def later_class(c):
    """The class of a character that has one, but none that the library knows."""
    return 0 if combining_class(c) else unicodedata.combining(chr(c))


def combining_class(c):
    """The class if the library knows it, else 0: compare both orders with marks of other classes."""
    value = unicodedata.combining(chr(c))
    if value == 0:
        return 0
    for mark in "\u0334\u0301\u0316":
        for text in ("a" + chr(c) + mark, "a" + mark + chr(c)):
            if NFD.normalize_str(text) != unicodedata.normalize("NFD", text):
                return 0
    return value


def decompositions(later):
    """One step of each canonical decomposition, `c:a+b` if it is undone by composition."""
    for c in SCALARS:
        fields = unicodedata.decomposition(chr(c)).split()
        if not fields or fields[0].startswith("<") or is_hangul(c):
            continue
        if (NFD.normalize_str(chr(c)) == chr(c)) != later:
            continue
        parts = [int(f, 16) for f in fields]
        composes = len(parts) == 2 and unicodedata.normalize("NFC", chr(c)) == chr(c)
        yield f"{c:X}:" + ("+" if composes else "-").join(f"{p:X}" for p in parts)


def span(low, high):
    return f"{low:X}" if low == high else f"{low:X}-{high:X}"


def wrap(words):
    lines, line = [], ""
    for word in words:
        if len(line) + len(word) + 1 > 90:
            lines.append(line)
            line = ""
        line += (" " if line else "") + word
    return lines + [line]


def constant(name, comment, words):
    text = "\n".join("        " + line + " \\" for line in wrap(list(words)))[:-2]
    return f'    /// {comment}\n    static let {name} = """\n{text}\n        """\n'


def write(path, type_name, comment, constants):
    head = f"// Written by Tools/make_unicode_tables.py from tokenizers {tokenizers.__version__}.\n\n"
    body = head + f"/// {comment}\nenum {type_name} {{\n" + "\n".join(constants) + "}\n"
    path.write_text(body, encoding="utf-8")


ALL = "".join(map(chr, SCALARS))
# The categories that split patterns name: not those of controls and of what is no character.
CATEGORIES = "Lu Ll Lt Lm Lo Mn Mc Me Nd Nl No Pc Pd Ps Pe Pi Pf Po Sm Sc Sk So Zs Zl Zp".split()


def matched(pattern):
    """The scalars that a pattern of one character matches."""
    split = pre_tokenizers.Split(Regex(pattern), "removed", invert=True)
    return {ord(c) for text, _ in split.pre_tokenize_str(ALL) for c in text}


def spans(wanted):
    return (span(a, b) for a, b, _ in ranges(lambda c: c in wanted))


def removed(normalizer):
    """The scalars that a normalizer takes away."""
    # What stands first in a text may be treated otherwise.
    return {c for c in SCALARS if normalizer.normalize_str("a" + chr(c)) == "a"}


def mapped(pairs):
    """`c:t` for a scalar that becomes others, `first-last>t` for neighbours that become neighbours."""
    found = []
    for c, target in pairs:
        target = [ord(t) for t in target]
        if found and len(target) == 1 and found[-1][1] == c - 1 and len(found[-1][2]) == 1:
            first, last, base = found[-1]
            if base[0] + c - first == target[0]:
                found[-1][1] = c
                continue
        found.append([c, c, target])
    for first, last, target in found:
        words = "+".join(f"{t:X}" for t in target)
        yield f"{first:X}:{words}" if first == last else f"{first:X}-{last:X}>{words}"


def compatibility():
    """The full compatibility decomposition where it is not the canonical one."""
    nfkd = normalizers.NFKD()
    for c in SCALARS:
        text = nfkd.normalize_str(chr(c))
        if text != NFD.normalize_str(chr(c)):
            yield c, text


def lowercase():
    lower = normalizers.Lowercase()
    for c in SCALARS:
        text = lower.normalize_str(chr(c))
        if text != chr(c):
            yield c, text


def scripts():
    """`first-last=number` for runs of scalars of one script; those that join all scripts are left out."""
    cutter = pre_tokenizers.UnicodeScripts()
    known = []

    def joins(a, b):
        return len(cutter.pre_tokenize_str(a + b)) == 1

    def number(c):
        text = chr(c)
        if joins("a", text) and joins("\u03b1", text):
            return 0
        last = number.last
        if last and joins(known[last - 1], text):
            return last
        for n, other in enumerate(known, 1):
            if joins(other, text):
                number.last = n
                return n
        known.append(text)
        number.last = len(known)
        return number.last

    number.last = 0
    return (f"{span(a, b)}={v:X}" for a, b, v in ranges(number))


def write_more(folder):
    write(
        folder / "CategoryData.swift",
        "CategoryData",
        "General categories of Unicode 16.0, and what counts as a word there.",
        [constant(f"category{name}", f"`first-last` of {name}.", spans(matched(r"\p{%s}" % name)))
         for name in CATEGORIES],
    )
    whitespace = pre_tokenizers.Whitespace()
    word = set()
    for c in SCALARS:
        if len(whitespace.pre_tokenize_str(f"a{chr(c)}a")) == 1:
            word.add(c)
    bert = dict(handle_chinese_chars=False, lowercase=False)
    controls = removed(normalizers.BertNormalizer(clean_text=True, strip_accents=False, **bert))
    marks = removed(normalizers.BertNormalizer(clean_text=False, strip_accents=True, **bert))
    write(
        folder / "WordData.swift",
        "WordData",
        "What the library takes for parts of words, controls and marks.",
        [
            constant("word", "`\\w` of Unicode 16.0, as Rust's regular expressions have it.", spans(word)),
            constant("controls", "What BERT's cleaning takes away: C* of Unicode 8.0.", spans(controls)),
            constant("nonspacing", "Mn of Unicode 8.0, behind form D.", spans(marks)),
            constant("combining", "M* of Unicode 9.0.", spans(removed(normalizers.StripAccents()))),
        ],
    )
    write(
        folder / "CompatibilityData.swift",
        "CompatibilityData",
        "Full compatibility decompositions of Unicode 9.0 that are not canonical.",
        [constant("decompositions", "`c:t+t`, and `first-last>t` for neighbours.", mapped(compatibility()))],
    )
    write(
        folder / "CaseData.swift",
        "CaseData",
        "Small letters of the library's compiler (Unicode 17.0).",
        [constant("lowercase", "`c:t+t`, and `first-last>t` for neighbours.", mapped(lowercase()))],
    )
    write(
        folder / "ScriptData.swift",
        "ScriptData",
        "Scripts as UnicodeScripts tells them apart, numbered; what is missing joins all of them.",
        [constant("scripts", "`first-last=number`.", scripts())],
    )
    write(
        folder / "PatternScriptData.swift",
        "PatternScriptData",
        "Scripts of Unicode 16.0 that patterns ask for and that have grown since.",
        [constant(name.lower(), f"`first-last` of {name}.", spans(matched(r"\p{%s}" % name)))
         for name in ("Han", "Latin", "Cyrillic")],
    )


def main():
    folder = Path(sys.argv[1])
    classes = ranges(combining_class)
    write(
        folder / "CanonicalData.swift",
        "CanonicalData",
        "Canonical combining classes and decompositions of Unicode 9.0, in hexadecimal.",
        [
            constant("combiningClasses", "`first-last=class`.",
                     (f"{span(a, b)}={v:X}" for a, b, v in classes)),
            constant("decompositions",
                     "`c:a+b` for a pair that composes to c, `c:a-b` for one that does not.",
                     decompositions(later=False)),
            constant("laterCombiningClasses", "What Unicode 10.0 to 14.0 add to `combiningClasses`.",
                     (f"{span(a, b)}={v:X}" for a, b, v in ranges(later_class))),
            constant("laterDecompositions", "What Unicode 10.0 to 14.0 add to `decompositions`.",
                     decompositions(later=True)),
        ],
    )
    punctuation, digits = pre_tokenizers.Punctuation(), pre_tokenizers.Digits(individual_digits=True)

    def stands_alone(pre_tokenizer):
        return lambda c: len(pre_tokenizer.pre_tokenize_str(f"a{chr(c)}a")) == 3

    write(
        folder / "CharacterData.swift",
        "CharacterData",
        "Punctuation (categories P* of Unicode 8.0, ASCII symbols) and numbers (N* of Unicode 17.0).",
        [
            constant("punctuation", "`first-last`, in hexadecimal.",
                     (span(a, b) for a, b, _ in ranges(stands_alone(punctuation)))),
            constant("numbers", "`first-last`, in hexadecimal.",
                     (span(a, b) for a, b, _ in ranges(stands_alone(digits)))),
        ],
    )
    write_more(folder)


main()
