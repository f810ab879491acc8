"""GGUF files of the tiny models, as llama.cpp's convert_hf_to_gguf.py would write them, and blocks of every format.

    venv/bin/pip install -r requirements.txt
    venv/bin/python gguf_fixtures.py               # fixtures/gguf, from the fixtures of make.py

Names come from the tables of the gguf package, which are the converter's; the keys and what is done to the vision part
follow its TextModel, MmprojModel and Qwen2VLVisionModel.
"""

import json
import shutil
from pathlib import Path

import gguf
import numpy as np
from gguf import GGMLQuantizationType as Type
from gguf import GGUFWriter, TokenType
from safetensors.numpy import load_file, save

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
TARGET = FIXTURES / "gguf"

# A case, the type of its matrices, and into how many files the language model is cut.
CASES = [("late-question", Type.F16, 1), ("sharded-f32", Type.F32, 3)]

# Every format that streamo reads, and bytes of a block that are f16 scales.
FORMATS = {
    Type.F32: [], Type.F16: [], Type.BF16: [], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q4_K: [0, 2], Type.Q5_0: [0],
    Type.Q6_K: [208], Type.Q8_0: [0],
}  # fmt: skip
ROWS, COLUMNS = 5, 512


def weights(directory: Path) -> dict[str, np.ndarray]:
    """Every tensor under its name on the hub."""
    tensors = {}
    for file in sorted(directory.glob("model*.safetensors")):
        tensors.update(load_file(file))
    return tensors


def flat(config: dict) -> dict:
    return config | config.get("text_config", {})


def add(writer: GGUFWriter, name: str, data: np.ndarray, matrices: Type) -> None:
    """One axis stays f32, as in the converter."""
    kind = np.float32 if data.ndim == 1 or matrices == Type.F32 else np.float16
    writer.add_tensor(name, np.ascontiguousarray(data.astype(kind)))


def close(writer: GGUFWriter) -> None:
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def vocabulary(writer: GGUFWriter, directory: Path, size: int) -> None:
    tokenizer = json.loads((directory / "tokenizer.json").read_text(encoding="utf-8"))
    tokens, kinds = [f"[PAD{i}]" for i in range(size)], [TokenType.UNUSED] * size
    for token, index in tokenizer["model"]["vocab"].items():
        tokens[index], kinds[index] = token, TokenType.NORMAL
    for added in tokenizer["added_tokens"]:
        tokens[added["id"]] = added["content"]
        kinds[added["id"]] = TokenType.CONTROL if added["special"] else TokenType.USER_DEFINED
    merges = tokenizer["model"]["merges"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(tokens)
    writer.add_token_types(kinds)
    writer.add_token_merges([merge if isinstance(merge, str) else " ".join(merge) for merge in merges])
    writer.add_eos_token_id(tokens.index("<|im_end|>"))
    writer.add_pad_token_id(tokens.index("<|endoftext|>"))
    writer.add_add_bos_token(False)
    writer.add_chat_template("{% for message in messages %}{{ message.content }}{% endfor %}")


def language(directory: Path, path: Path, matrices: Type, files: int) -> None:
    config, tensors = flat(json.loads((directory / "config.json").read_text())), weights(directory)
    tensors = {n: t for n, t in tensors.items() if "visual." not in n}
    per_file = -(-len(tensors) // files) if files > 1 else 0
    writer = GGUFWriter(path, "qwen2vl", split_max_tensors=per_file)
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name("tiny")
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_sections([*config["rope_scaling"]["mrope_section"], 0])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16 if matrices == Type.F16 else gguf.LlamaFileType.ALL_F32)
    vocabulary(writer, directory, config["vocab_size"])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.QWEN2VL, config["num_hidden_layers"])
    for name, data in tensors.items():
        mapped = names.get_name(name.replace("language_model.", ""), try_suffixes=(".weight", ".bias"))
        add(writer, mapped, data, matrices)
    close(writer)


def vision(directory: Path, path: Path, matrices: Type) -> None:
    config = flat(json.loads((directory / "config.json").read_text()))
    pixels = json.loads((directory / "preprocessor_config.json").read_text())
    own, full = config["vision_config"], config["vision_config"]["fullatt_block_indexes"]
    pattern = full[0] + 1
    assert all(after - before == pattern for before, after in zip(full, full[1:]))
    writer = GGUFWriter(path, "clip")
    writer.add_type(gguf.GGUFType.MMPROJ)
    writer.add_clip_has_vision_encoder(True)
    writer.add_clip_projector_type(gguf.VisionProjectorType.QWEN25VL)
    writer.add_vision_projection_dim(own["out_hidden_size"])
    writer.add_vision_image_size(560)
    writer.add_vision_patch_size(own["patch_size"])
    writer.add_vision_embedding_length(own["hidden_size"])
    writer.add_vision_feed_forward_length(own["intermediate_size"])
    writer.add_vision_block_count(own["depth"])
    writer.add_vision_head_count(own["num_heads"])
    writer.add_vision_image_mean(pixels["image_mean"])
    writer.add_vision_image_std(pixels["image_std"])
    writer.add_vision_use_silu(True)
    writer.add_vision_n_wa_pattern(pattern)
    if own["window_size"] != 112:  # the converter takes Qwen's own for granted
        writer.add_uint32(gguf.Keys.ClipVision.WINDOW_SIZE, own["window_size"])
    writer.add_vision_attention_layernorm_eps(config["rms_norm_eps"])
    # The merger's layers 0 and 2 are counted as blocks there.
    names = gguf.get_tensor_name_map(gguf.MODEL_ARCH.MMPROJ, max(own["depth"], 3))

    def put(name: str, data: np.ndarray) -> None:
        add(writer, names.get_name(name, try_suffixes=(".weight", ".bias")), data, matrices)

    for name, data in weights(directory).items():
        if "visual." not in name:
            continue
        name = name.replace("model.visual.", "visual.")
        if ".qkv." in name:
            for which, part in zip("qkv", np.split(data, 3)):
                put(name.replace("qkv", which), part)
        elif "patch_embed.proj.weight" in name:
            add(writer, "v.patch_embd.weight", data[:, :, 0], matrices)
            add(writer, "v.patch_embd.weight.1", data[:, :, 1], matrices)
        else:
            put(name, data)
    close(writer)


def formats() -> None:
    """Random blocks of every format, all bits of them, and the numbers that the gguf package makes of them."""
    rng = np.random.default_rng(0)
    writer = GGUFWriter(TARGET / "formats.gguf", "qwen2vl")
    expected = {}
    for layer, (kind, scales) in enumerate(FORMATS.items()):
        numbers, size = gguf.GGML_QUANT_SIZES[kind]
        if scales:
            blocks = rng.integers(0, 256, (ROWS * COLUMNS // numbers, size), dtype=np.uint8)
            for at in scales:
                scale = rng.standard_normal((len(blocks), 1)).astype(np.float16)
                blocks[:, at : at + 2] = scale.view(np.uint8)
            data = blocks.reshape(ROWS, -1)
        else:
            data = gguf.quantize(rng.standard_normal((ROWS, COLUMNS)).astype(np.float32), kind)
        name = f"blk.{layer}.attn_q.weight"
        writer.add_tensor(name, data, raw_dtype=kind)
        expected[f"{layer}.{kind.name}"] = gguf.dequantize(data, kind)
    close(writer)
    (TARGET / "formats.safetensors").write_bytes(save(expected))


def main() -> None:
    shutil.rmtree(TARGET, ignore_errors=True)
    for case, matrices, files in CASES:
        source, target = FIXTURES / case, TARGET / case
        target.mkdir(parents=True)
        language(source, target / f"tiny-{matrices.name}.gguf", matrices, files)
        vision(source, target / f"mmproj-tiny-{matrices.name}.gguf", matrices)
        shutil.copy(source / "streamo.json", target)
    formats()


if __name__ == "__main__":
    main()
