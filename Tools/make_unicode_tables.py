"""Writes the character tables of HeedText from the behaviour of the `tokenizers` library.

A tokenizer.json means what that library does with it, so its Unicode versions are Heed's: canonical
normalization stops at Unicode 9.0, punctuation at 8.0, numbers are those of the library's compiler.
The tables are read off the library itself, character by character. What Unicode 14.0 (Python 3.11)
adds to the normalization is written apart.

    python Tools/make_unicode_tables.py Sources/HeedText/Unicode
"""

import sys
import unicodedata
from pathlib import Path

import tokenizers
from tokenizers import normalizers, pre_tokenizers

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


main()
