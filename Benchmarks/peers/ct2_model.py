"""Models for CTranslate2: with random weights, or those of a folder that Heed wrote."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
from ctranslate2.specs import TransformerSpec

from common import Preset

POSITIONS = 1024
END, PADDING = 0, 2

# Gives the tensor with a name and, where that is free to choose, a shape.
Weights = Callable[[str, tuple[int, ...]], np.ndarray]


def random_weights() -> Weights:
    """Weights of the usual sizes: the values do not matter for the speed."""
    numbers = np.random.default_rng(1)

    def weights(name: str, shape: tuple[int, ...]) -> np.ndarray:
        if "layer_norm" in name or name.endswith("bias"):
            return np.full(shape, 1.0 if name.endswith("norm.weight") else 0.0, np.float32)
        return numbers.normal(0, shape[-1] ** -0.5, shape).astype(np.float32)

    return weights


def folder_weights(folder: Path) -> Weights:
    """The weights of a Marian folder with one table for all."""
    # The arrays of NumPy have no bfloat16, which those of PyTorch have.
    from safetensors.torch import load_file

    tensors = load_file(folder / "model.safetensors")
    return lambda name, shape: tensors[name].float().numpy().reshape(shape)


def transformer(preset: Preset, tokens: list[str], weights: Weights) -> TransformerSpec:
    """A post-norm Transformer with the names of Marian's tensors."""
    spec = TransformerSpec.from_config(preset.layers, preset.heads, pre_norm=False)
    table = weights("model.shared.weight", (len(tokens), preset.width))
    sides = [
        ("model.encoder", spec.encoder, spec.encoder.embeddings[0]),
        ("model.decoder", spec.decoder, spec.decoder.embeddings),
    ]
    for prefix, side, embeddings in sides:
        embeddings.weight = table
        side.position_encodings.encodings = sinusoids(preset.width)
        for number, layer in enumerate(side.layer):
            fill_layer(layer, f"{prefix}.layers.{number}", preset, weights)
    spec.decoder.projection.weight = table
    # The padding token is never generated.
    spec.decoder.projection.bias = np.zeros(len(tokens), np.float32)
    spec.decoder.projection.bias[PADDING] = -1e9
    spec.register_source_vocabulary(tokens)
    spec.register_target_vocabulary(tokens)
    spec.config.eos_token = tokens[END]
    spec.config.decoder_start_token = tokens[PADDING]
    return spec


def fill_layer(layer, prefix: str, preset: Preset, weights: Weights) -> None:
    width, inner = preset.width, preset.inner

    def linear(spec, names: list[str], rows: int, columns: int) -> None:
        """One product, or several in one."""
        spec.weight = np.concatenate(
            [weights(f"{prefix}.{name}.weight", (rows, columns)) for name in names]
        )
        spec.bias = np.concatenate([weights(f"{prefix}.{name}.bias", (rows,)) for name in names])

    def norm(spec, name: str) -> None:
        spec.gamma = weights(f"{prefix}.{name}.weight", (width,))
        spec.beta = weights(f"{prefix}.{name}.bias", (width,))

    def attention(spec, name: str, parts: list[list[str]]) -> None:
        for product, projections in zip(spec.linear, [*parts, ["out_proj"]], strict=True):
            linear(product, [f"{name}.{part}" for part in projections], width, width)
        norm(spec.layer_norm, f"{name}_layer_norm")

    attention(layer.self_attention, "self_attn", [["q_proj", "k_proj", "v_proj"]])
    if hasattr(layer, "attention"):
        attention(layer.attention, "encoder_attn", [["q_proj"], ["k_proj", "v_proj"]])
    linear(layer.ffn.linear_0, ["fc1"], inner, width)
    linear(layer.ffn.linear_1, ["fc2"], width, inner)
    norm(layer.ffn.layer_norm, "final_layer_norm")


def sinusoids(width: int) -> np.ndarray:
    angles = np.arange(POSITIONS)[:, None] / 10000 ** (np.arange(0, width, 2) / width)
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)


def from_folder(folder: Path) -> TransformerSpec:
    """The model of a Marian folder with one table for all."""
    config = json.loads((folder / "config.json").read_text())
    expected = {
        "model_type": "marian",
        "normalize_before": False,
        "activation_function": "relu",
        "share_encoder_decoder_embeddings": True,
        "tie_word_embeddings": True,
        "eos_token_id": END,
        "decoder_start_token_id": PADDING,
        "decoder_layers": config["encoder_layers"],
        "decoder_ffn_dim": config["encoder_ffn_dim"],
    }
    for name, value in expected.items():
        if config[name] != value:
            raise ValueError(f"{folder}/config.json: {name} is {config[name]}, not {value}")
    preset = Preset(
        width=config["d_model"],
        layers=config["encoder_layers"],
        inner=config["encoder_ffn_dim"],
        heads=config["encoder_attention_heads"],
    )
    vocabulary = json.loads((folder / "tokenizer.json").read_text())["model"]["vocab"]
    tokens = [f"<unused{index}>" for index in range(config["vocab_size"])]
    for token, index in vocabulary.items():
        tokens[index] = token
    return transformer(preset, tokens, folder_weights(folder))


def save(spec: TransformerSpec, folder: Path, compute_type: str) -> None:
    """Writes the model with weights of this type into a new folder."""
    spec.validate()
    spec.optimize(quantization=compute_type)
    folder.mkdir(parents=True)
    spec.save(str(folder))
