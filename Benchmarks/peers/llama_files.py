"""Writes a Llama with numbers that look random, as a folder that Heed opens and as a GGUF file for llama.cpp."""

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np

EPSILON = 1e-5
CONTEXT = 2048
# Numbers that are repeated: what they are does not matter to the time.
PATTERN = 1 << 16


@dataclass(frozen=True)
class Sizes:
    layers: int
    width: int
    heads: int
    key_value_heads: int
    inner: int
    vocabulary: int


def tensors(sizes: Sizes) -> Iterator[tuple[str, str, tuple[int, ...]]]:
    """The name in the folder, the name in the GGUF file, and the shape of each tensor."""
    width, inner = sizes.width, sizes.inner
    keys = width // sizes.heads * sizes.key_value_heads
    yield "model.embed_tokens", "token_embd", (sizes.vocabulary, width)
    for layer in range(sizes.layers):
        here, there = f"model.layers.{layer}", f"blk.{layer}"
        yield f"{here}.input_layernorm", f"{there}.attn_norm", (width,)
        yield f"{here}.self_attn.q_proj", f"{there}.attn_q", (width, width)
        yield f"{here}.self_attn.k_proj", f"{there}.attn_k", (keys, width)
        yield f"{here}.self_attn.v_proj", f"{there}.attn_v", (keys, width)
        yield f"{here}.self_attn.o_proj", f"{there}.attn_output", (width, width)
        yield f"{here}.post_attention_layernorm", f"{there}.ffn_norm", (width,)
        yield f"{here}.mlp.gate_proj", f"{there}.ffn_gate", (inner, width)
        yield f"{here}.mlp.up_proj", f"{there}.ffn_up", (inner, width)
        yield f"{here}.mlp.down_proj", f"{there}.ffn_down", (width, inner)
    yield "model.norm", "output_norm", (width,)
    yield "lm_head", "output", (sizes.vocabulary, width)


def values(shape: tuple[int, ...]) -> np.ndarray:
    """bfloat16 numbers as their bits: near 1 for norms, else with a deviation of 0.02."""
    if len(shape) == 1:
        numbers = np.ones(shape, np.float32)
    else:
        numbers = np.random.default_rng(1).normal(0, 0.02, PATTERN).astype(np.float32)
        numbers = np.resize(numbers, shape)
    return (numbers.view(np.uint32) >> 16).astype(np.uint16)


def write_folder(folder: Path, sizes: Sizes) -> None:
    header, end = {}, 0
    for name, _, shape in tensors(sizes):
        size = 2 * int(np.prod(shape))
        header[f"{name}.weight"] = {
            "dtype": "BF16",
            "shape": shape,
            "data_offsets": [end, end + size],
        }
        end += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 64)
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _, _, shape in tensors(sizes):
            file.write(values(shape))
    configuration = {
        "model_type": "llama",
        "vocab_size": sizes.vocabulary,
        "hidden_size": sizes.width,
        "num_hidden_layers": sizes.layers,
        "num_attention_heads": sizes.heads,
        "num_key_value_heads": sizes.key_value_heads,
        "intermediate_size": sizes.inner,
        "max_position_embeddings": CONTEXT,
        "rms_norm_eps": EPSILON,
        "rope_theta": 10000.0,
        "hidden_act": "silu",
        "tie_word_embeddings": False,
        "torch_dtype": "bfloat16",
        "eos_token_id": None,
        "bos_token_id": None,
    }
    (folder / "config.json").write_text(json.dumps(configuration))
    tokenizer = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "WordLevel",
            "vocab": {f"w{token}": token for token in range(sizes.vocabulary)},
            "unk_token": "w0",
        },
    }
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def write_gguf(path: Path, sizes: Sizes) -> None:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(sizes.width)
    writer.add_block_count(sizes.layers)
    writer.add_feed_forward_length(sizes.inner)
    writer.add_head_count(sizes.heads)
    writer.add_head_count_kv(sizes.key_value_heads)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_rope_dimension_count(sizes.width // sizes.heads)
    writer.add_vocab_size(sizes.vocabulary)
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_BF16)
    writer.add_tokenizer_model("no_vocab")
    for _, name, shape in tensors(sizes):
        bits = values(shape)
        if len(shape) == 1:
            data = (bits.astype(np.uint32) << 16).view(np.float32)
            writer.add_tensor(f"{name}.weight", data)
        else:
            writer.add_tensor(
                f"{name}.weight",
                bits.view(np.uint8),
                raw_dtype=gguf.GGMLQuantizationType.BF16,
            )
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    for name in ("layers", "width", "heads", "kv-heads", "feed-forward", "vocabulary"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    sizes = Sizes(
        options.layers,
        options.width,
        options.heads,
        options.kv_heads,
        options.feed_forward,
        options.vocabulary,
    )
    options.folder.mkdir(parents=True, exist_ok=True)
    write_folder(options.folder, sizes)
    write_gguf(options.folder / "model.gguf", sizes)


if __name__ == "__main__":
    main()
