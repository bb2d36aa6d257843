"""A text that llama.cpp continues, as `heed bench generate` does it."""

import argparse
import ctypes
import json
import resource
import statistics
import time

import llama_cpp
import numpy as np

from common import WARMUP_SECONDS

KIBIBYTE = 1024


class Text:
    """A model with one text, through llama.cpp's own functions."""

    def __init__(self, options: argparse.Namespace) -> None:
        model = llama_cpp.llama_model_default_params()
        model.use_mmap = not options.copied
        self.model = llama_cpp.llama_load_model_from_file(options.model.encode(), model)
        context = llama_cpp.llama_context_default_params()
        context.n_ctx = options.prompt_length + options.tokens
        context.n_batch = context.n_ubatch = min(options.batch, context.n_ctx)
        context.n_threads = context.n_threads_batch = options.threads
        context.flash_attn_type = 1 if options.flash else 0
        context.no_perf = True
        self.context = llama_cpp.llama_new_context_with_model(self.model, context)
        if not self.context:
            raise SystemExit(f"{options.model} could not be opened")
        self.batch = options.batch
        vocabulary = llama_cpp.llama_model_get_vocab(self.model)
        self.vocabulary = llama_cpp.llama_vocab_n_tokens(vocabulary)

    def clear(self) -> None:
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(self.context), False)

    def append(self, tokens: list[int]) -> int:
        """Feeds tokens and returns the most probable next one."""
        for start in range(0, len(tokens), self.batch):
            piece = tokens[start : start + self.batch]
            array = (llama_cpp.llama_token * len(piece))(*piece)
            batch = llama_cpp.llama_batch_get_one(array, len(piece))
            status = llama_cpp.llama_decode(self.context, batch)
            if status != 0:
                raise SystemExit(f"llama_decode returned {status}")
        logits = llama_cpp.llama_get_logits_ith(self.context, -1)
        address = ctypes.cast(logits, ctypes.POINTER(ctypes.c_float))
        return int(np.ctypeslib.as_array(address, (self.vocabulary,)).argmax())


def peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KIBIBYTE


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def first_token(options: argparse.Namespace, prompt: list[int]) -> dict:
    """From a file to the first token; what Python took before that does not count."""
    before = resident_bytes()
    start = time.perf_counter()
    Text(options).append(prompt)
    seconds = time.perf_counter() - start
    return {
        "median_s": seconds,
        "items_per_s": 1 / seconds,
        "peak_rss_bytes": peak_bytes() - before,
    }


def speed(options: argparse.Namespace, prompt: list[int]) -> dict:
    text = Text(options)
    reading, decoding = [], []

    def run() -> None:
        text.clear()
        start = time.perf_counter()
        token = text.append(prompt)
        middle = time.perf_counter()
        for _ in range(1, max(options.tokens, 2)):
            token = text.append([token])
        reading.append(middle - start)
        decoding.append(time.perf_counter() - middle)

    start = time.perf_counter()
    runs = 0
    while runs < 2 or time.perf_counter() - start < WARMUP_SECONDS:
        run()
        runs += 1
    reading.clear()
    decoding.clear()
    for _ in range(options.repeat):
        run()
    whole = statistics.median(map(sum, zip(reading, decoding, strict=True)))
    return {
        "median_s": whole,
        "items_per_s": (len(prompt) + options.tokens) / whole,
        "prefill_tokens_per_s": len(prompt) / statistics.median(reading),
        "decode_tokens_per_s": (max(options.tokens, 2) - 1) / statistics.median(decoding),
        "first_token_s": statistics.median(reading),
        "peak_rss_bytes": peak_bytes(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("--prompt-length", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--batch", type=int, default=512, help="tokens read at a time")
    parser.add_argument("--flash", action="store_true", help="attention in blocks")
    parser.add_argument("--copied", action="store_true", help="read the file, do not map it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--first-token", action="store_true", help="once, from the file on")
    options = parser.parse_args()
    silent = llama_cpp.llama_log_callback(lambda *_: None)
    llama_cpp.llama_log_set(silent, ctypes.c_void_p(0))
    llama_cpp.llama_backend_init()
    prompt = [number * 7919 % 32_000 for number in range(options.prompt_length)]
    measured = first_token if options.first_token else speed
    print(json.dumps(measured(options, prompt)))


if __name__ == "__main__":
    main()
