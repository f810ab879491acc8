"""Tiny random checkpoints in the exact format of Qwen2.5-VL on the hub, old and new."""

import copy
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save
from tokenizers import Tokenizer
from transformers import Qwen2_5_VLConfig, Qwen2_5_VLForConditionalGeneration

import tokenizer as tiny_tokenizer
from streamo import STATES

DTYPES = {"bf16": torch.bfloat16, "f16": torch.float16, "f32": torch.float32}


@dataclass
class Shape:
    """The sizes of one tiny model. Text width = heads * head_dim, vision width likewise."""

    seed: int
    heads: int
    kv_heads: int
    head_dim: int
    mrope: list[int]  # sums to head_dim / 2
    mlp: int
    vision_heads: int
    vision_mlp: int
    layers: int = 3
    depth: int = 4
    vision_head_dim: int = 12
    full_blocks: list[int] = field(default_factory=lambda: [1, 3])
    window_size: int = 56
    vocab: int = 536  # more than the tokenizer has: the last rows are padding, as in the real models
    tied: bool = False
    dtype: str = "bf16"
    old_names: bool = False  # the hub's: visual.*, model.*, flat config
    shards: int = 1
    merges_as_pairs: bool = True
    states_first: bool = False
    state_bias: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])  # silence, standby, response

    @property
    def hidden(self) -> int:
        return self.heads * self.head_dim

    @property
    def vision_hidden(self) -> int:
        return self.vision_heads * self.vision_head_dim


def old_config(shape: Shape, ids: dict[str, int]) -> dict:
    """config.json as the hub has it for the 3B and 7B models."""
    return {
        "architectures": ["Qwen2_5_VLForConditionalGeneration"],
        "attention_dropout": 0.0,
        "bos_token_id": ids["<|endoftext|>"],
        "eos_token_id": ids["<|im_end|>"],
        "vision_start_token_id": ids["<|vision_start|>"],
        "vision_end_token_id": ids["<|vision_end|>"],
        "image_token_id": ids["<|image_pad|>"],
        "video_token_id": ids["<|video_pad|>"],
        "hidden_act": "silu",
        "hidden_size": shape.hidden,
        "initializer_range": 0.02,
        "intermediate_size": shape.mlp,
        "max_position_embeddings": 32768,
        "max_window_layers": shape.layers,
        "model_type": "qwen2_5_vl",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "num_key_value_heads": shape.kv_heads,
        "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0,
        "rope_scaling": {"type": "mrope", "mrope_section": shape.mrope},
        "sliding_window": 32768,
        "tie_word_embeddings": shape.tied,
        "torch_dtype": {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}[shape.dtype],
        "use_cache": True,
        "use_sliding_window": False,
        "vocab_size": shape.vocab,
        "vision_config": {
            "depth": shape.depth,
            "hidden_act": "silu",
            "hidden_size": shape.vision_hidden,
            "intermediate_size": shape.vision_mlp,
            "num_heads": shape.vision_heads,
            "in_chans": 3,
            "out_hidden_size": shape.hidden,
            "patch_size": 14,
            "spatial_merge_size": 2,
            "spatial_patch_size": 14,
            "window_size": shape.window_size,
            "fullatt_block_indexes": shape.full_blocks,
            "tokens_per_second": 2,
            "temporal_patch_size": 2,
        },
    }


# Channels of the residual stream that are not left to chance, so that a random model says words and ends.
BIAS, TURN, END = 0, 1, 2
WORD, STOP = 3.0, 5.0  # what a whole word and the end of a turn are favoured by


def token_biases(shape: Shape, tok: Tokenizer) -> torch.Tensor:
    """How much each token is favoured: whole words and the end most, markers and padding rows least."""
    words = set(re.findall(r"[A-Za-z]+", " ".join(tiny_tokenizer.corpus())))
    bias = torch.zeros(shape.vocab)
    bias[tok.get_vocab_size() :] = -2 * WORD
    for marker in tiny_tokenizer.SPECIALS:
        bias[tok.token_to_id(marker)] = -2 * WORD
    for token, index in tok.get_vocab().items():
        if token.startswith("Ġ") and token[1:] in words and len(token) > 3:
            bias[index] = WORD
    bias[tok.token_to_id("<|im_end|>")] = STOP
    for name, extra in zip(STATES, shape.state_bias):
        bias[tok.token_to_id(STATES[name])] = extra
    return bias


def fill(model, shape: Shape, tok: Tokenizer) -> None:
    """Lively random weights, rounded to the file's type but held in float32."""
    rng = np.random.default_rng(shape.seed)
    dtype = DTYPES[shape.dtype]
    for name, tensor in sorted(model.named_parameters()):
        normal = torch.from_numpy(rng.standard_normal(tuple(tensor.shape))).float()
        if name.endswith("norm.weight") or re.search(r"norm\d\.weight|ln_q\.weight|layernorm\.weight", name):
            value = 1 + 0.2 * normal
        elif name.endswith("bias"):
            value = 0.2 * normal
        elif "embed_tokens" in name:
            value = (0.2 if shape.tied else 1.0) * normal  # tied and large, a token would repeat itself
        elif "lm_head" in name:
            value = 0.35 * normal
        elif "patch_embed" in name:
            value = 0.05 * normal
        elif re.search(r"q_proj|k_proj", name):
            value = 1.5 * normal / tensor.shape[1] ** 0.5  # so that attention picks, not averages
        elif re.search(r"o_proj|down_proj", name) and "visual" not in name:
            value = 1.6 * normal / tensor.shape[1] ** 0.5  # so that a token's own embedding does not drown them
        else:
            value = normal / tensor.shape[1] ** 0.5
        tensor.data.copy_(value)
    steer(model, shape, tok)
    for tensor in model.parameters():
        tensor.data.copy_(tensor.data.to(dtype).float())


def steer(model, shape: Shape, tok: Tokenizer) -> None:
    """The few weights that are set on purpose (see BIAS, TURN, END)."""
    embed, head = model.model.language_model.embed_tokens.weight.data, model.lm_head.weight.data
    bias = token_biases(shape, tok)
    states = [tok.token_to_id(token) for token in STATES.values()]
    for layer in model.model.language_model.layers:  # the channel must survive the layers
        for writer in (layer.self_attn.o_proj, layer.mlp.down_proj):
            writer.weight.data[BIAS] *= 0.1
    model.model.visual.merger.mlp[2].weight.data[BIAS] *= 0.1
    if shape.tied:  # one matrix: the bias column is also what a token writes, so all but the markers are positive
        model.model.language_model.norm.weight.data *= 3
        embed[:, BIAS] = 0.5 * (bias + 2)
        embed[tok.token_to_id("Ċ"), BIAS] = 0.5 * (WORD + 2)
        embed[states, BIAS] += 0.5
        return
    embed[:, BIAS] = 2.0
    head[:, BIAS] = bias - WORD
    head[states] *= 1.3
    # The header of the answer ends in a newline: there a state is likely; after two of them, the end.
    embed[:, TURN], head[:, TURN] = 0.0, 0.0
    embed[tok.token_to_id("Ċ"), TURN] = 3.0
    head[states, TURN] = 3.5
    embed[:, END], head[:, END] = 0.0, 0.0
    embed[states[:2], END] = 4.0
    head[tok.token_to_id("<|im_end|>"), END] = 5.0


def old_name(name: str) -> str:
    """transformers 5 -> the hub's names."""
    return name.replace("model.visual.", "visual.").replace("model.language_model.", "model.")


def write_weights(model, shape: Shape, directory: Path) -> None:
    tensors = {n: t.detach().to(DTYPES[shape.dtype]).contiguous() for n, t in model.named_parameters()}
    if shape.old_names:
        tensors = {old_name(n): t for n, t in tensors.items()}
    if shape.shards == 1:
        (directory / "model.safetensors").write_bytes(save(tensors, metadata={"format": "pt"}))
        return
    names, weight_map = sorted(tensors), {}
    for number in range(shape.shards):  # every n-th tensor: a layer's parts lie in different shards
        file = f"model-{number + 1:05}-of-{shape.shards:05}.safetensors"
        part = {name: tensors[name] for name in names[number :: shape.shards]}
        (directory / file).write_bytes(save(part, metadata={"format": "pt"}))
        weight_map.update(dict.fromkeys(part, file))
    total = sum(t.numel() * t.element_size() for t in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": dict(sorted(weight_map.items()))}
    write_json(directory / "model.safetensors.index.json", index)


def write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_checkpoint(shape: Shape, streamo: dict, directory: Path) -> None:
    """A complete Hugging Face directory."""
    directory.mkdir(parents=True, exist_ok=True)
    text = tiny_tokenizer.tokenizer_json(shape.merges_as_pairs, shape.states_first)
    (directory / "tokenizer.json").write_text(text, encoding="utf-8")
    tok = Tokenizer.from_str(text)
    assert tok.get_vocab_size() < shape.vocab
    config = old_config(shape, tok.get_vocab())
    if not shape.old_names:  # keys that are no longer written
        del config["vision_config"]["in_chans"], config["vision_config"]["spatial_patch_size"]
    model = Qwen2_5_VLForConditionalGeneration(Qwen2_5_VLConfig(**copy.deepcopy(config))).float()
    fill(model, shape, tok)
    if shape.old_names:
        write_json(directory / "config.json", config)
    else:
        model.config.dtype = DTYPES[shape.dtype]
        model.config.save_pretrained(directory)
    write_weights(model, shape, directory)
    write_json(
        directory / "generation_config.json",  # sampling and penalty as in the real file: to be ignored
        {
            "bos_token_id": tok.token_to_id("<|endoftext|>"),
            "pad_token_id": tok.token_to_id("<|endoftext|>"),
            "do_sample": True,
            "eos_token_id": [tok.token_to_id("<|im_end|>"), tok.token_to_id("<|endoftext|>")],
            "repetition_penalty": 1.05,
            "temperature": 0.000001,
        },
    )
    write_json(
        directory / "preprocessor_config.json",  # the pixel bounds here give way to streamo.json's
        {
            "min_pixels": 3136,
            "max_pixels": 12845056,
            "patch_size": 14,
            "temporal_patch_size": 2,
            "merge_size": 2,
            "image_mean": [0.48145466, 0.4578275, 0.40821073],
            "image_std": [0.26862954, 0.26130258, 0.27577711],
            "image_processor_type": "Qwen2VLImageProcessor",
            "processor_class": "Qwen2_5_VLProcessor",
        },
    )
    write_json(directory / "streamo.json", streamo)


def load(directory: Path):
    """The checkpoint as `transformers` itself reads it from the files, in float32 with eager attention."""
    model, info = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        directory, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
    )
    assert not any(info.values()), info  # a name that does not fit would leave weights at their start values
    return model.eval(), Tokenizer.from_file(str(directory / "tokenizer.json"))
