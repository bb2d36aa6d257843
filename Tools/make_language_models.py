#!/usr/bin/env python3
"""Makes folders of language models with random weights, and what transformers computes with them.

    Tools/make_language_models.py --output DIR [--only NAME...]
    Tools/make_language_models.py --tiny

Besides `config.json`, `generation_config.json` and the weights each folder holds

- `inputs.safetensors`: int64 `input_ids` and `attention_mask` [B, T], the last row padded at its beginning, the others
  at their end;
- `expected.safetensors`: float32 `logits` and `hidden_states.N` (0 is what enters the first layer, the last is after the
  final norm), as each row gives them alone; padding is zero;
- `generated.safetensors`: int64 `greedy.I` and `beam.I`, the 64 tokens that follow row I when no token ends a text, and
  `ended.I`, a beam search that the end mark may end, with float32 `beam.I.score` and `ended.I.score`. At each step of the
  greedy search the two largest logits are at least 0.001 apart.

`--tiny` writes the folders that are committed under Tests/Fixtures/models.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
import transformers

from fixtures.files import write_fixture

NEW_TOKENS = 64
CLOSEST = 1e-3


def llama(**rest):
    return dict(vocab_size=37, hidden_size=16, intermediate_size=24, num_hidden_layers=2, num_attention_heads=4,
                num_key_value_heads=2, max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=None,
                **rest)


def scaled(kind, theta=10000.0, **rest):
    return dict(rope_parameters=dict(rope_type=kind, rope_theta=theta, **rest))


def larger(**rest):
    """Longer and wider, with 3 heads for each of keys and values, and sizes that are no powers of two."""
    sizes = dict(vocab_size=503, hidden_size=144, intermediate_size=344, num_hidden_layers=3, num_attention_heads=6,
                 num_key_value_heads=2, max_position_embeddings=256, bos_token_id=1, eos_token_id=2, pad_token_id=None)
    return {**sizes, **rest}


SHORT, LONG = [1.0, 1.1, 1.3, 1.7], [1.5, 2.0, 5.0, 9.0]
# Kind, settings, the type of the weights in the file, bytes of a shard.
TINY = {
    "gpt2_tiny": ("GPT2", dict(vocab_size=37, n_embd=15, n_layer=2, n_head=3, n_positions=128, n_inner=26,
                               bos_token_id=36, eos_token_id=36), "float32", None),
    "llama_tiny": ("Llama", {**llama(tie_word_embeddings=True), "max_position_embeddings": 128}, "float32", None),
    "llama_linear_tiny": ("Llama", llama(attention_bias=True, mlp_bias=True, **scaled("linear", factor=3.0)),
                          "float32", None),
    "llama_dynamic_tiny": ("Llama", {**llama(**scaled("dynamic", factor=2.0)), "max_position_embeddings": 16},
                           "float32", None),
    "llama_llama3_tiny": ("Llama", llama(head_dim=6, **scaled(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
        "float32", None),
    "llama_yarn_tiny": ("Llama", llama(head_dim=8, **scaled(
        "yarn", factor=4.0, original_max_position_embeddings=16)), "float32", None),
    "mistral_tiny": ("Mistral", llama(sliding_window=7), "bfloat16", None),
    "qwen2_tiny": ("Qwen2", llama(use_sliding_window=True, sliding_window=9, max_window_layers=1), "float32", 12_000),
    "qwen3_tiny": ("Qwen3", llama(head_dim=10, attention_bias=True, tie_word_embeddings=True), "float32", None),
    "phi3_tiny": ("Phi3", {**llama(sliding_window=33), "num_attention_heads": 2, "num_key_value_heads": 1,
                           "original_max_position_embeddings": 16, "max_position_embeddings": 96, **dict(
        rope_parameters=dict(rope_type="longrope", rope_theta=10000.0, short_factor=SHORT, long_factor=LONG))},
        "float16", None),
}
LARGER = {
    "gpt2_small": ("GPT2", dict(vocab_size=503, n_embd=96, n_layer=4, n_head=8, n_positions=256), "float32", None),
    "gpt2_odd": ("GPT2", dict(vocab_size=211, n_embd=65, n_layer=3, n_head=5, n_positions=256, activation_function="relu",
                              tie_word_embeddings=False, scale_attn_by_inverse_layer_idx=True), "float32", None),
    "llama_grouped": ("Llama", larger(), "float32", 200_000),
    "llama_one_group": ("Llama", larger(num_key_value_heads=1, tie_word_embeddings=True, head_dim=20), "float32", None),
    "llama_all_groups": ("Llama", larger(num_key_value_heads=6, head_dim=26, attention_bias=True), "bfloat16", None),
    "llama_linear": ("Llama", larger(max_position_embeddings=48, **scaled("linear", factor=4.0)), "float32", None),
    "llama_dynamic": ("Llama", larger(max_position_embeddings=48, **scaled("dynamic", 500000.0, factor=3.0)), "float32",
                      None),
    "llama_llama3": ("Llama", larger(max_position_embeddings=192, **scaled(
        "llama3", 500000.0, factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=48)),
        "float32", None),
    "llama_yarn": ("Llama", larger(max_position_embeddings=192, **scaled(
        "yarn", 1e6, factor=4.0, original_max_position_embeddings=48, beta_fast=16.0, beta_slow=2.0)), "float32", None),
    "llama_yarn_scales": ("Llama", larger(max_position_embeddings=192, **scaled(
        "yarn", factor=4.0, original_max_position_embeddings=48, mscale=0.7, mscale_all_dim=0.4, truncate=False)),
        "float32", None),
    "llama_longrope": ("Llama", larger(max_position_embeddings=192, **scaled(
        "longrope", short_factor=[1 + 0.02 * i for i in range(12)], long_factor=[1 + 0.7 * i for i in range(12)],
        original_max_position_embeddings=48)), "float32", None),
    "mistral_window": ("Mistral", larger(sliding_window=16, head_dim=32), "float32", None),
    "mistral_plain": ("Mistral", larger(sliding_window=None), "bfloat16", 150_000),
    "qwen2_plain": ("Qwen2", larger(tie_word_embeddings=True), "float32", None),
    "qwen2_windows": ("Qwen2", larger(use_sliding_window=True, sliding_window=11, max_window_layers=1), "float32", None),
    "qwen2_yarn": ("Qwen2", larger(max_position_embeddings=48, **scaled(
        "yarn", 1e6, factor=4.0, original_max_position_embeddings=48)), "float32", None),
    "qwen3_plain": ("Qwen3", larger(head_dim=32), "float32", None),
    "qwen3_windows": ("Qwen3", larger(head_dim=24, tie_word_embeddings=True, use_sliding_window=True, sliding_window=13,
                                      layer_types=["sliding_attention", "full_attention", "sliding_attention"]),
                      "float32", None),
    "phi3_plain": ("Phi3", larger(), "float16", None),
    "phi3_window": ("Phi3", larger(sliding_window=21), "float32", None),
    "phi3_longrope": ("Phi3", larger(
        original_max_position_embeddings=48, max_position_embeddings=192, rope_parameters=dict(
            rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75,
            short_factor=[1 + 0.05 * i for i in range(9)], long_factor=[1.5 + i for i in range(9)])), "float32", None),
}


def build_model(kind, settings, seed, gain):
    """A model whose every tensor is random: biases and norms too."""
    config = getattr(transformers, f"{kind}Config")(**settings)
    name = "GPT2LMHeadModel" if kind == "GPT2" else f"{kind}ForCausalLM"
    model = getattr(transformers, name)._from_config(config, attn_implementation="eager")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                is_scale = name.endswith("norm.weight") or ".ln_" in name and name.endswith("weight")
                parameter.copy_(1 + 0.2 * noise if is_scale else 0.2 * noise)
            elif "wpe" in name:
                parameter.copy_(0.5 * noise)
            elif any(part in name for part in ["wte", "embed_tokens", "lm_head"]):
                # Larger than a layer's input would need, so that the largest logit stands out.
                parameter.copy_(2.5 * noise * parameter.shape[1] ** -0.5)
            else:
                inputs = parameter.shape[0] if kind == "GPT2" else parameter.shape[1]
                parameter.copy_(gain * noise * inputs ** -0.5)
    return model.eval()


def forget_lengths(model):
    """Puts back what a longer text has changed: the frequencies depend on the longest one that was seen."""
    rotary = getattr(model.base_model, "rotary_emb", None)
    if rotary is not None and rotary.rope_type in ("dynamic", "longrope"):
        rotary.inv_freq = rotary.original_inv_freq.clone()
        rotary.max_seq_len_cached = rotary.original_max_seq_len


def random_inputs(config, lengths, seed):
    """Ragged rows; the last is padded at its beginning, where ids mean nothing."""
    generator = torch.Generator().manual_seed(seed)
    width = max(lengths)
    ids = torch.randint(0, config.vocab_size, (len(lengths), width), generator=generator)
    mask = torch.zeros(len(lengths), width, dtype=torch.int64)
    for row, length in enumerate(lengths):
        if row == len(lengths) - 1:
            mask[row, width - length:] = 1
        else:
            mask[row, :length] = 1
    return {"input_ids": ids, "attention_mask": mask}


def rows_of(inputs):
    return [ids[mask == 1] for ids, mask in zip(inputs["input_ids"], inputs["attention_mask"])]


def expected_outputs(model, inputs):
    tensors = {}
    for row, ids in enumerate(rows_of(inputs)):
        forget_lengths(model)
        with torch.no_grad():
            found = model(input_ids=ids[None], output_hidden_states=True, use_cache=False)
        values = {"logits": found.logits}
        values.update({f"hidden_states.{index}": value for index, value in enumerate(found.hidden_states)})
        for name, value in values.items():
            shape = (*inputs["input_ids"].shape, value.shape[-1])
            whole = tensors.setdefault(name, torch.zeros(shape))
            whole[row, inputs["attention_mask"][row] == 1] = value[0].float()
    return tensors


def generate(model, ids, ends=None, **options):
    forget_lengths(model)
    # None would mean the model's own end marks.
    model.generation_config.eos_token_id = ends
    with torch.no_grad():
        return model.generate(
            input_ids=ids[None], attention_mask=torch.ones_like(ids)[None], do_sample=False, max_new_tokens=NEW_TOKENS,
            pad_token_id=0, return_dict_in_generate=True, output_scores=True, **options)


def generated(model, inputs):
    """What follows each row, and how near to each other the two best tokens came."""
    tensors, closest = {}, float("inf")
    ends = model.config.eos_token_id
    for row, ids in enumerate(rows_of(inputs)):
        found = generate(model, ids)
        best = torch.stack(found.scores, dim=1)[0].topk(2, dim=-1).values
        closest = min(closest, (best[:, 0] - best[:, 1]).min().item())
        tensors[f"greedy.{row}"] = found.sequences[0, len(ids):]
        for name, marks in [("beam", None), ("ended", ends)]:
            if name == "ended" and ends is None:
                continue
            found = generate(model, ids, marks, num_beams=4, length_penalty=1.0, early_stopping=False)
            tensors[f"{name}.{row}"] = found.sequences[0, len(ids):]
            tensors[f"{name}.{row}.score"] = found.sequences_scores
    model.generation_config.eos_token_id = ends
    return tensors, closest


def make_model(name, seed):
    """A model none of whose greedy choices is close."""
    kind, settings, dtype, _ = {**TINY, **LARGER}[name]
    lengths = [5, 1, 20, 3] if name in TINY else [7, 90, 1, 33, 12]
    while True:
        model = build_model(kind, settings, seed, 2 if name in TINY else 1)
        # What is computed with must be what the file can hold.
        for parameter in model.parameters():
            # Not the whole model: frequencies would be rounded, too.
            parameter.data = parameter.data.to(getattr(torch, dtype)).to(torch.float32)
        inputs = random_inputs(model.config, lengths, seed + 1)
        found, closest = generated(model, inputs)
        if closest >= CLOSEST:
            return model, inputs, found
        seed += 1000


def write_folder(directory, name, seed):
    folder = directory / name
    print(f"{name}:")
    model, inputs, found = make_model(name, seed)
    _, _, dtype, shard = {**TINY, **LARGER}[name]
    expected = expected_outputs(model, inputs)
    if name in TINY:
        expected = {key: value for key, value in expected.items() if key in ("logits", "hidden_states.1")}
    model.to(getattr(torch, dtype)).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    write_fixture(folder / "inputs.safetensors", inputs, {})
    write_fixture(folder / "expected.safetensors", expected, {})
    write_fixture(folder / "generated.safetensors", found, {})


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "models"
    parser = argparse.ArgumentParser(description="Makes folders of language models with random weights.")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--tiny", action="store_true", help="only the committed ones, into Tests/Fixtures/models")
    parser.add_argument("--only", nargs="+", choices=[*TINY, *LARGER])
    arguments = parser.parse_args()
    if not arguments.tiny and arguments.output is None:
        parser.error("--output is needed without --tiny")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    chosen = TINY if arguments.tiny else {**TINY, **LARGER}
    for index, name in enumerate({**TINY, **LARGER}):
        if name in chosen and (arguments.only is None or name in arguments.only):
            write_folder(arguments.output or default, name, seed=3000 + 10 * index)


if __name__ == "__main__":
    main()
