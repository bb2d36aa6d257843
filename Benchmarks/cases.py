"""What is measured: for each case the modes of Heed, those of the peer, and what is compared."""

import dataclasses
import fnmatch
import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

PEERS = Path(__file__).parent / "peers"
TUNED_ALLOCATOR = {
    "GLIBC_TUNABLES": "glibc.malloc.mmap_threshold=4294967296"
    ":glibc.malloc.trim_threshold=8589934592:glibc.malloc.hugetlb=1"
}
PAIRS_OF_A_BATCH = 128
BATCHES = 16


@dataclass(frozen=True)
class Mode:
    """One way to run a workload, in a process of its own."""

    name: str
    precision: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict, hash=False)
    # What it writes, to be compared with what others write.
    output: Path | None = None
    # The figure of its report that is compared: seconds, or so many a second.
    figure: str = "median_s"
    # Whether a process of a case that times whole ones says itself how long it took.
    reports: bool = False


@dataclass(frozen=True)
class Comparison:
    """The best modes of Heed and of the peer, among those of some precisions (all if None)."""

    name: str
    heed: frozenset[str] | None = None
    peer: frozenset[str] | None = None
    bar: str = ""

    def includes(self, mode: Mode) -> bool:
        """Whether a mode of Heed's is one of those that are compared."""
        return self.heed is None or mode.precision in self.heed


@dataclass(frozen=True)
class Case:
    name: str
    heed: list[Mode]
    peer_name: str
    peers: list[Mode]
    comparisons: list[Comparison]
    # Whether the time is that of whole processes, which print no figures of their own.
    whole_process: bool = False
    # Makes the files that its processes read.
    prepare: tuple[str, ...] = ()

    def with_modes(self, heed: str, peer: str) -> "Case":
        """The case with those modes alone whose names match patterns."""
        chosen = [
            [mode for mode in modes if fnmatch.fnmatch(mode.name, pattern)]
            for modes, pattern in ((self.heed, heed), (self.peers, peer))
        ]
        comparisons = [
            comparison
            for comparison in self.comparisons
            if any(comparison.includes(mode) for mode in chosen[0])
        ]
        return dataclasses.replace(
            self, heed=chosen[0], peers=chosen[1], comparisons=comparisons
        )


@dataclass(frozen=True)
class Settings:
    """What the user gives."""

    heed: str
    python: str
    work: Path
    threads: int
    repeat: int
    model: str | None = None
    text: Path | None = None
    tokenizer: str | None = None
    lengths: Path | None = None

    def bench(
        self, workload: str, sizes: list[str], precisions: list[str], figure: str = "median_s"
    ) -> list[Mode]:
        """The modes of `heed bench`."""
        common = ["--threads", str(self.threads), "--repeat", str(self.repeat), "--json"]
        return [
            Mode(
                precision,
                precision,
                (self.heed, "bench", workload, *sizes, "--precision", precision, *common),
                figure=figure,
            )
            for precision in precisions
        ]

    def script(self, name: str, *arguments: str) -> tuple[str, ...]:
        return (self.python, str(PEERS / name), *arguments)


def all_cases(settings: Settings) -> Iterator[Case]:
    """Every case for which there is what it needs."""
    yield training_case(settings, "train-tiny", ["--preset", "tiny"], bar="≥ 2.3 ×")
    yield training_case(settings, "train-base", ["--preset", "base"], bar="≥ 1.6 ×")
    if settings.lengths:
        sizes = ["--preset", "tiny", "--lengths", str(settings.lengths)]
        yield training_case(settings, "train-real", sizes, bar="≥ 3 ×")
    for beam in (4, 1):
        yield decoding_case(settings, beam)
    if settings.model and settings.text:
        yield translation_case(settings, settings.model, settings.text)
    yield sentence_case(settings)
    if settings.tokenizer and settings.text:
        for whole, threads in ((True, 1), (False, 1), (False, settings.threads)):
            yield tokenizing_case(settings, settings.tokenizer, settings.text, whole, threads)
    for length, head_size, causal in itertools.product(
        (32, 256, 1024, 4096, 8192), (32, 64, 128), (False, True)
    ):
        yield attention_case(settings, length, head_size, causal)
    yield from language_model_cases(settings)


def training_case(
    settings: Settings,
    name: str,
    sizes: list[str],
    bar: str,
    workload: str = "train-translation",
    script: str = "torch_train.py",
) -> Case:
    peers = []
    for precision, compiled, tuned in itertools.product(
        ("bfloat16", "float32"), (False, True), (False, True)
    ):
        options = ["--precision", precision, *(["--compile"] if compiled else [])]
        options += ["--threads", str(settings.threads), "--repeat", str(settings.repeat)]
        peers.append(
            Mode(
                f"{precision}, {'compile' if compiled else 'eager'}"
                f", {'tuned' if tuned else 'default'} allocator",
                precision,
                settings.script(script, *sizes, *options),
                TUNED_ALLOCATOR if tuned else {},
            )
        )
    return Case(
        name,
        settings.bench(workload, sizes, ["bfloat16", "float32"]),
        "PyTorch",
        peers,
        [Comparison("best", bar=bar), *same_precision("bfloat16", "float32")],
    )


def same_precision(*precisions: str) -> list[Comparison]:
    return [
        Comparison(precision, frozenset([precision]), frozenset([precision]))
        for precision in precisions
    ]


def ct2_modes() -> Iterator[tuple[str, str, list[str]]]:
    """The name, precision and options of each mode of CTranslate2."""
    for precision, (inter, intra), batch in itertools.product(
        ("int8", "float32"), ((1, 2), (2, 1)), (16, 32, 64)
    ):
        options = ["--precision", precision, "--inter", str(inter), "--intra", str(intra)]
        name = f"{precision}, inter {inter} · intra {intra}, batch {batch}"
        yield name, precision, [*options, "--batch", str(batch)]


def decoding_case(settings: Settings, beam: int) -> Case:
    sizes = ["--preset", "base", "--beam", str(beam)]
    peers = [
        Mode(
            name,
            precision,
            settings.script(
                "ct2_decode.py", *sizes, *options, "--repeat", str(settings.repeat)
            ),
        )
        for name, precision, options in ct2_modes()
    ]
    return Case(
        f"decode-beam{beam}",
        settings.bench("decode-translation", sizes, ["bfloat16", "int8", "float32"]),
        "CTranslate2",
        peers,
        [
            Comparison("best", bar="≥ 1.1 ×"),
            Comparison("int8", frozenset(["int8"]), bar="≥ 1.3 ×"),
            *same_precision("float32"),
        ],
    )


def translation_case(settings: Settings, model: str, text: Path) -> Case:
    """Translates a file with the same weights; `prepare_translation` writes the peer's model."""
    heed = []
    for precision in ("bfloat16", "int8", "float32"):
        output = settings.work / f"translation-heed-{precision}"
        command = [settings.heed, "translate", "--model", model, "--input", str(text)]
        command += ["--output", str(output), "--precision", precision, "--beam", "5"]
        command += ["--threads", str(settings.threads)]
        heed.append(Mode(precision, precision, tuple(command), output=output))
    peers = []
    for name, precision, options in ct2_modes():
        output = settings.work / f"translation-peer-{precision}"
        files = ["--model", str(settings.work / f"ct2-{precision}")]
        files += ["--tokenizer", f"{model}/tokenizer.json", "--input", str(text)]
        command = settings.script(
            "ct2_translate.py", *files, "--output", str(output), "--beam", "5", *options
        )
        peers.append(Mode(name, precision, command, output=output))
    return Case(
        "translate",
        heed,
        "CTranslate2",
        peers,
        [Comparison("best", bar="≥ 1.3 ×"), *same_precision("int8", "float32")],
        whole_process=True,
    )


def sentence_case(settings: Settings) -> Case:
    command = (settings.heed, "translate", "Ein Hund läuft über die Wiese.")
    return Case(
        "translate-one",
        [Mode("default", "default", command)],
        "",
        [],
        [Comparison("best", bar="≤ 80 ms")],
        whole_process=True,
    )


def attention_case(settings: Settings, length: int, head_size: int, causal: bool) -> Case:
    batch = 128 if length == 32 else max(1, 4096 // length)
    sizes = ["--length", str(length), "--head-size", str(head_size), "--batch", str(batch)]
    sizes += ["--heads", str(512 // head_size), "--backward", *(["--causal"] if causal else [])]
    peers = [
        Mode(
            precision,
            precision,
            settings.script(
                "torch_attention.py",
                *sizes,
                *("--precision", precision, "--threads", str(settings.threads)),
                *("--repeat", str(settings.repeat)),
            ),
        )
        for precision in ("bfloat16", "float32")
    ]
    return Case(
        f"attention-{length}-{head_size}-{'causal' if causal else 'full'}",
        settings.bench("attention", sizes, ["bfloat16", "float32"]),
        "PyTorch",
        peers,
        [Comparison("best", bar="≥ 4 ×" if length == 32 else "≥ 1.6 ×")],
    )


LLAMAS = {
    "1b": {
        "layers": 22,
        "width": 2048,
        "heads": 32,
        "kv-heads": 4,
        "feed-forward": 5632,
        "vocabulary": 32_000,
    },
    "124m": {
        "layers": 12,
        "width": 768,
        "heads": 12,
        "kv-heads": 12,
        "feed-forward": 2048,
        "vocabulary": 32_000,
    },
}


def language_model_cases(settings: Settings) -> Iterator[Case]:
    for name, tokens in (("1b", 24), ("124m", 64)):
        yield generation_case(settings, "decode", name, (16, tokens), "≥ 1 ×")
    for name, bar in (("1b", "≥ 1.4 ×"), ("124m", "")):
        yield generation_case(settings, "prefill", name, (512, 2), bar)
    yield first_token_case(settings, "1b")
    blocks = ["--layers", "4", "--width", "128", "--heads", "4", "--vocabulary", "65"]
    blocks += ["--length", "64", "--batch", "12"]
    for name, sizes, bar in (("gpt2", [], "≥ 1.3 ×"), ("nanogpt", blocks, "≥ 2.5 ×")):
        yield training_case(
            settings,
            f"train-{name}",
            sizes,
            bar,
            workload="train-language-model",
            script="torch_language_model.py",
        )


def llama_files(settings: Settings, name: str) -> tuple[Path, list[str], tuple[str, ...]]:
    """The folder of a Llama, its sizes as options, and what writes it."""
    folder = settings.work / f"llama-{name}"
    sizes = [text for size, value in LLAMAS[name].items() for text in (f"--{size}", str(value))]
    command = settings.script("llama_files.py", str(folder), *sizes)
    return folder, sizes, () if (folder / "model.gguf").exists() else command


def llama_peers(
    settings: Settings, folder: Path, options: list[str], figure: str, reports: bool = False
) -> list[Mode]:
    peers = []
    for flash, copied in itertools.product((False, True), (False, True)):
        command = [str(folder / "model.gguf"), *options, "--threads", str(settings.threads)]
        command += ["--flash"] * flash + ["--copied"] * copied
        attention = "flash attention" if flash else "attention"
        # Copied weights lie in huge pages, as those of Heed do where they are not a file's.
        place = "copied, tuned allocator" if copied else "mapped"
        peers.append(
            Mode(
                f"bfloat16, {attention}, {place}",
                "bfloat16",
                settings.script("llama_generate.py", *command),
                TUNED_ALLOCATOR if copied else {},
                figure=figure,
                reports=reports,
            )
        )
    return peers


def generation_case(
    settings: Settings, part: str, name: str, lengths: tuple[int, int], bar: str
) -> Case:
    """Tokens that follow one by one, or a prompt."""
    folder, sizes, command = llama_files(settings, name)
    options = ["--prompt-length", str(lengths[0]), "--tokens", str(lengths[1])]
    figure = f"{part}_tokens_per_s"
    return Case(
        f"{part}-{name}",
        settings.bench("generate", [*sizes, *options], ["bfloat16"], figure),
        "llama.cpp",
        llama_peers(
            settings, folder, [*options, "--repeat", str(settings.repeat)], figure
        ),
        [Comparison("best", bar=bar)],
        prepare=command,
    )


def first_token_case(settings: Settings, name: str) -> Case:
    """A process that opens a model, reads 64 tokens, and writes one more."""
    folder, _, command = llama_files(settings, name)
    prompt = " ".join(f"w{token * 7919 % 32_000}" for token in range(64))
    generate = [settings.heed, "generate", "--model", str(folder), "--prompt", prompt]
    generate += ["--max-length", "1", "--threads", str(settings.threads)]
    options = ["--prompt-length", "64", "--tokens", "1", "--first-token"]
    return Case(
        f"first-token-{name}",
        [Mode("bfloat16", "bfloat16", tuple(generate))],
        "llama.cpp",
        llama_peers(settings, folder, options, "median_s", reports=True),
        [Comparison("best", bar="≥ 1 ×")],
        whole_process=True,
        prepare=command,
    )


def tokenizing_case(
    settings: Settings, tokenizer: str, text: Path, whole: bool, threads: int
) -> Case:
    """A tokenizer.json and a text, as a whole or a line at a time."""
    files = ["--file", tokenizer, "--input", str(text), *(["--whole"] if whole else [])]
    common = ["--threads", str(threads), "--repeat", str(settings.repeat)]
    heed = [
        Mode(name, name, (settings.heed, "bench", "tokenize", *files, *common, "--json", *flags))
        for name, flags in (("ids", []), ("offsets", ["--offsets"]))
    ]
    parallel = {
        "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false",
        "RAYON_NUM_THREADS": str(threads),
    }
    peers = [
        Mode(
            f"{name}, {call}",
            name,
            settings.script("tokenizers_encode.py", *files, "--call", call, *common),
            parallel,
        )
        for name, call in (
            ("ids", "encode_batch_fast"),
            ("offsets", "encode_batch"),
            ("offsets", "encode"),
        )
    ]
    return Case(
        f"tokenize-{'text' if whole else 'lines'}-{threads}",
        heed,
        "tokenizers",
        peers,
        [
            Comparison("best", bar="≥ 1 ×"),
            *same_precision("offsets"),
        ],
    )


def batches_of_lengths(pairs: list[tuple[int, int]]) -> str:
    """Some batches of pairs of similar length, the shortest first, as --lengths reads them."""
    ordered = sorted(pairs, key=lambda pair: (max(pair), pair))
    batches = [
        ordered[start : start + PAIRS_OF_A_BATCH]
        for start in range(0, len(ordered), PAIRS_OF_A_BATCH)
    ]
    step = max(1, math.ceil(len(batches) / BATCHES))
    return "\n".join(
        "".join(f"{source} {target}\n" for source, target in batch) for batch in batches[::step]
    )
