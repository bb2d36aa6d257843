#!/usr/bin/env python3
"""Makes Marian and Pegasus model folders with random weights, and what transformers computes with them.

    Tools/make_model_folders.py --output DIR [--tiny] [--only NAME...]

Besides `config.json`, `generation_config.json` and `model.safetensors` each folder holds

- `inputs.safetensors`: int64 `input_ids` and `attention_mask` [B, S], `decoder_input_ids` and
  `decoder_attention_mask` [B, T], padded at the end;
- `expected.safetensors`: float32 `logits`, `encoder_hidden_states.N`, `decoder_hidden_states.N` (0 is what enters the
  first layer, the last is the stack's output, after its final norm where there is one), `encoder_attentions.N`,
  `decoder_attentions.N`, `cross_attentions.N` [B, H, queries, keys]. Padding is zero: rows of padded positions in
  states and logits, rows of padded queries and columns of padded keys in attentions;
- `generated.safetensors`: for each decoding NAME int64 `NAME.sequences` [B, K, length], with the start token and
  padding at the end, and float32 `NAME.scores` [B, K]; its settings are strings in `__metadata__`.

`--tiny` writes the three folders that are committed under Tests/Fixtures/models.
"""

import argparse
import os
import pathlib

os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch
import transformers

from fixtures.files import write_fixture

MAXIMUM_LENGTH = 16
# Seed, gain of the layers and bias of the end mark. The committed models have these because with them the decodings
# differ from each other, end at different lengths, and no two hypotheses of a beam are close to a tie.
CHOSEN = {
    "marian_tiny": (2020, 2.0, 3.0),
    "marian_separate_tiny": (2080, 2.0, 2.0),
    "pegasus_tiny": (2100, 2.5, 2.0),
}
DECODINGS = {
    "greedy": dict(num_beams=1),
    "beam": dict(num_beams=4, length_penalty=1.0, early_stopping=False),
    "beam_early": dict(num_beams=4, length_penalty=1.0, early_stopping=True),
    "beam_never": dict(num_beams=4, length_penalty=1.0, early_stopping="never"),
    "beam_short": dict(num_beams=3, length_penalty=0.0, early_stopping=False),
    "beam_long": dict(num_beams=5, length_penalty=2.0, early_stopping=False),
}


def sizes(width, encoder_layers, decoder_layers, encoder_heads, decoder_heads, encoder_hidden, decoder_hidden):
    return dict(
        d_model=width, encoder_layers=encoder_layers, decoder_layers=decoder_layers,
        encoder_attention_heads=encoder_heads, decoder_attention_heads=decoder_heads,
        encoder_ffn_dim=encoder_hidden, decoder_ffn_dim=decoder_hidden)


def tokens(vocabulary, padding, end, **rest):
    return dict(vocab_size=vocabulary, pad_token_id=padding, decoder_start_token_id=padding, eos_token_id=end, **rest)


MARIAN, PEGASUS = "marian", "pegasus"
TINY = {
    "marian_tiny": (MARIAN, sizes(8, 2, 1, 2, 4, 12, 20), tokens(23, 22, 0), dict(
        activation_function="swish", scale_embedding=True, max_position_embeddings=64,
        static_position_embeddings=True, forced_eos_token_id=0)),
    "marian_separate_tiny": (MARIAN, sizes(12, 1, 2, 3, 2, 20, 16), tokens(29, 18, 3, decoder_vocab_size=19), dict(
        activation_function="relu", scale_embedding=False, share_encoder_decoder_embeddings=False,
        tie_word_embeddings=False, max_position_embeddings=64)),
    "pegasus_tiny": (PEGASUS, sizes(16, 1, 2, 4, 2, 24, 20), tokens(31, 0, 1), dict(
        activation_function="gelu_new", scale_embedding=True, max_position_embeddings=48, forced_eos_token_id=1)),
}
LARGER = {
    "marian_gelu": (MARIAN, sizes(64, 3, 2, 4, 8, 96, 160), tokens(211, 210, 0), dict(
        activation_function="gelu", scale_embedding=True, forced_eos_token_id=0)),
    "marian_relu": (MARIAN, sizes(96, 1, 4, 6, 6, 200, 200), tokens(501, 0, 1), dict(
        activation_function="relu", scale_embedding=False)),
    "marian_odd_width": (MARIAN, sizes(15, 2, 2, 3, 5, 31, 17), tokens(37, 36, 35), dict(
        activation_function="gelu_new", scale_embedding=True)),
    "marian_separate": (MARIAN, sizes(48, 2, 3, 3, 4, 80, 64), tokens(173, 130, 2, decoder_vocab_size=131), dict(
        activation_function="swish", scale_embedding=True, share_encoder_decoder_embeddings=False)),
    "marian_untied": (MARIAN, sizes(48, 2, 2, 3, 4, 80, 64), tokens(173, 0, 2), dict(
        activation_function="swish", scale_embedding=True, tie_word_embeddings=False)),
    "marian_base": (MARIAN, sizes(512, 6, 6, 8, 8, 2048, 2048), tokens(2000, 1999, 0), dict(
        activation_function="swish", scale_embedding=True, static_position_embeddings=True, forced_eos_token_id=0)),
    "pegasus_relu": (PEGASUS, sizes(64, 2, 3, 8, 4, 128, 96), tokens(211, 0, 1), dict(
        activation_function="relu", scale_embedding=True, forced_eos_token_id=1)),
    "pegasus_gelu": (PEGASUS, sizes(96, 4, 1, 6, 3, 100, 300), tokens(301, 300, 7), dict(
        activation_function="gelu", scale_embedding=False, forced_eos_token_id=None)),
    "pegasus_untied": (PEGASUS, sizes(40, 2, 2, 5, 4, 64, 64), tokens(97, 0, 1), dict(
        activation_function="swish", scale_embedding=True, tie_word_embeddings=False, forced_eos_token_id=1)),
}


def build_model(kind, settings, seed, gain, end_bias):
    """A model whose every tensor is random: biases, norms and `final_logits_bias` too."""
    if kind == MARIAN:
        config = transformers.MarianConfig(**settings)
        model = transformers.MarianMTModel._from_config(config, attn_implementation="eager")
    else:
        config = transformers.PegasusConfig(**settings)
        model = transformers.PegasusForConditionalGeneration._from_config(config, attn_implementation="eager")
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            if "embed_positions" in name:
                continue
            noise = torch.randn(parameter.shape, generator=generator)
            if "layer_norm.weight" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.2 * noise)
            elif "embed_tokens" in name or "shared" in name or "lm_head" in name:
                parameter.copy_(noise * parameter.shape[1] ** -0.5)
            else:
                # Above 1, so that layers count for more than the embedding that a tied output would only repeat.
                parameter.copy_(gain * noise * parameter.shape[1] ** -0.5)
        bias = torch.randn(model.final_logits_bias.shape, generator=generator)
        # Hypotheses of every length: the end is likely enough to come before the limit.
        bias[0, config.eos_token_id] += end_bias
        model.final_logits_bias.copy_(bias)
    return model.eval()


def random_inputs(config, generator):
    """Four ragged pairs, padded at the end; one source and one target have a single token."""
    source_lengths, target_lengths = [7, 1, 12, 5], [4, 9, 1, 6]
    vocabulary = getattr(config, "decoder_vocab_size", config.vocab_size)

    def ids(lengths, count, first):
        rows, mask = torch.full((len(lengths), max(lengths)), config.pad_token_id), torch.zeros(
            len(lengths), max(lengths), dtype=torch.int64)
        for row, length in enumerate(lengths):
            values = torch.randint(0, count - 1, (length,), generator=generator)
            # Padding is never a word: ids from it on move up by one.
            rows[row, :length] = values + (values >= config.pad_token_id).long()
            mask[row, :length] = 1
            if first is not None:
                rows[row, 0] = first
        return rows, mask

    input_ids, attention_mask = ids(source_lengths, config.vocab_size, None)
    decoder_input_ids, decoder_mask = ids(target_lengths, vocabulary, config.decoder_start_token_id)
    return dict(input_ids=input_ids, attention_mask=attention_mask, decoder_input_ids=decoder_input_ids,
                decoder_attention_mask=decoder_mask)


def expected_outputs(model, inputs):
    with torch.no_grad():
        found = model(**inputs, output_attentions=True, output_hidden_states=True, use_cache=False)
    source, target = inputs["attention_mask"].float(), inputs["decoder_attention_mask"].float()
    tensors = {"logits": found.logits * target[..., None]}
    for name, mask in [("encoder_hidden_states", source), ("decoder_hidden_states", target)]:
        for index, value in enumerate(getattr(found, name)):
            tensors[f"{name}.{index}"] = value * mask[..., None]
    for name, queries, keys in [
        ("encoder_attentions", source, source), ("decoder_attentions", target, target),
        ("cross_attentions", target, source),
    ]:
        for index, value in enumerate(getattr(found, name)):
            tensors[f"{name}.{index}"] = value * queries[:, None, :, None] * keys[:, None, None, :]
    return tensors


def generated(model, inputs):
    """What each decoding gives, with the settings that it ran with."""
    config, tensors = model.config, {}
    settings = {"max_length": MAXIMUM_LENGTH, "never_generated": config.pad_token_id,
                "forced_eos_token_id": getattr(config, "forced_eos_token_id", None)}
    for name, options in DECODINGS.items():
        beams = options["num_beams"]
        with torch.no_grad():
            found = model.generate(
                input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"], do_sample=False,
                max_length=MAXIMUM_LENGTH, bad_words_ids=[[config.pad_token_id]], num_return_sequences=beams,
                forced_eos_token_id=settings["forced_eos_token_id"], return_dict_in_generate=True,
                output_scores=True, **options)
        if beams == 1:
            scores = greedy_scores(found, config)
        else:
            scores = found.sequences_scores
        rows = inputs["input_ids"].shape[0]
        tensors[f"{name}.sequences"] = padded_after_end(found.sequences, config).reshape(rows, beams, -1)
        tensors[f"{name}.scores"] = scores.reshape(rows, beams)
        settings.update({f"{name}.{key}": value for key, value in options.items()})
    return tensors, settings


def padded_after_end(sequences, config):
    """Beam search fills with the end mark where padding is token 0; here padding always follows the first end."""
    ended = (sequences == config.eos_token_id).int().cumsum(dim=-1)
    after = (ended >= 1) & ~((ended == 1) & (sequences == config.eos_token_id))
    return sequences.masked_fill(after, config.pad_token_id)


def greedy_scores(found, config):
    """The sum of the log-probabilities of the tokens up to and with the end mark.

    Greedy search masks the logits before softmax, where beam search masks log-probabilities: here the distribution is
    over the tokens that may come.
    """
    logits = torch.stack(found.scores, dim=1)
    chosen = padded_after_end(found.sequences, config)[:, 1:]
    logs = torch.log_softmax(logits.double(), dim=-1).gather(-1, chosen[..., None])[..., 0]
    return torch.where(chosen == config.pad_token_id, 0.0, logs).sum(dim=1).float()


def make_model(name, kind, shape, ids, rest, seed):
    seed, gain, end_bias = CHOSEN.get(name, (seed, 2.0, 2.0))
    settings = {"max_position_embeddings": 1024, "forced_eos_token_id": None, **shape, **ids, **rest}
    model = build_model(kind, settings, seed, gain, end_bias)
    return model, random_inputs(model.config, torch.Generator().manual_seed(seed + 1))


def write_folder(directory, name, kind, shape, ids, rest, seed):
    folder = directory / name
    print(f"{name}:")
    model, inputs = make_model(name, kind, shape, ids, rest, seed)
    model.save_pretrained(folder)
    write_fixture(folder / "inputs.safetensors", inputs, {})
    write_fixture(folder / "expected.safetensors", expected_outputs(model, inputs), {})
    write_fixture(folder / "generated.safetensors", *generated(model, inputs))


def main():
    default = pathlib.Path(__file__).resolve().parent.parent / "Tests" / "Fixtures" / "models"
    parser = argparse.ArgumentParser(description="Makes model folders with random weights and their outputs.")
    parser.add_argument("--output", type=pathlib.Path)
    parser.add_argument("--tiny", action="store_true", help="only the committed ones, into Tests/Fixtures/models")
    parser.add_argument("--only", nargs="+", choices=[*TINY, *LARGER])
    arguments = parser.parse_args()
    if not arguments.tiny and arguments.output is None:
        parser.error("--output is needed without --tiny")
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    chosen = TINY if arguments.tiny else {**TINY, **LARGER}
    for index, (name, recipe) in enumerate({**TINY, **LARGER}.items()):
        if name in chosen and (arguments.only is None or name in arguments.only):
            write_folder(arguments.output or default, name, *recipe, seed=1000 + 10 * index)


if __name__ == "__main__":
    main()
