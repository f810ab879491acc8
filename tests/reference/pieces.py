"""Fixtures of single pieces: resize, patch rows, vision layout, M-RoPE positions, Qwen2.5's real tokenizer."""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save
from tokenizers import AddedToken, Tokenizer
from qwen_vl_utils.vision_process import smart_resize
from transformers.vision_utils import get_vision_position_ids, get_vision_window_index

import vision
from checkpoint import load
from streamo import STATES, UPSTREAM_PROMPT

DEFAULT = (3136, 100352)
FORMULA = "value(x, y, c) = ((7*x + 13*y + 29*c) ^ ((x*y) >> 3)) & 255"

# width, height, (min_pixels, max_pixels)
RESIZES = [
    (1920, 1080, DEFAULT), (1280, 720, DEFAULT), (640, 480, DEFAULT), (640, 360, DEFAULT), (1080, 1920, DEFAULT),
    (640, 272, DEFAULT), (512, 512, DEFAULT), (320, 240, DEFAULT), (176, 144, DEFAULT), (448, 224, DEFAULT),
    (294, 294, DEFAULT), (70, 42, DEFAULT), (57, 1000, DEFAULT), (33, 33, DEFAULT), (1, 1, DEFAULT),
    (28, 28, DEFAULT), (56, 56, DEFAULT), (127, 131, DEFAULT), (997, 13, DEFAULT), (2800, 14, DEFAULT),
    (13, 2600, DEFAULT), (401, 7, DEFAULT), (14, 42, DEFAULT), (98, 154, DEFAULT), (317, 317, DEFAULT),
    (640, 480, (3136, 12845056)), (160, 90, (3136, 9408)), (90, 160, (3136, 7056)), (160, 90, (200704, 401408)),
    (61, 67, (784, 3136)), (350, 210, (3136, 73500)), (1366, 768, (3136, 50176)),
]  # fmt: skip
RESIZE_ERRORS = [(201, 1, DEFAULT), (3, 601, DEFAULT), (5601, 28, DEFAULT)]

GRIDS = [(14, 34), (16, 30), (8, 16), (10, 6), (2, 2), (2, 38), (6, 12), (30, 16)]  # height, width in patches

# ["text", tokens] and ["image", height, width in patches]
SEQUENCES = [
    [["text", 3], ["image", 4, 6], ["text", 3], ["image", 2, 4], ["text", 2]],
    [["text", 1], ["image", 16, 30], ["text", 5]],
    [["text", 7], ["image", 12, 4], ["text", 4], ["image", 6, 6], ["text", 4], ["image", 2, 14], ["text", 1]],
    [["image", 4, 4], ["text", 2]],
    [["text", 2], ["image", 2, 2], ["text", 1], ["image", 2, 2], ["text", 1]],
]


def make(fixtures: Path) -> None:
    write(fixtures / "resize.json", resize())
    (fixtures / "pixels.safetensors").write_bytes(save(pixels(fixtures / "frames")))
    write(fixtures / "vision_layout.json", vision_layout())
    write(fixtures / "rope_index.json", rope_index(fixtures / "tied"))


def write(path: Path, value) -> None:
    """JSON with one line an entry, so that a difference can be read."""
    parts = []
    for key, entry in value.items():
        if isinstance(entry, list):
            rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in entry)
            parts.append(f"  {json.dumps(key)}: [\n{rows}\n  ]")
        else:
            parts.append(f"  {json.dumps(key)}: {json.dumps(entry, ensure_ascii=False)}")
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def formula_image(width: int, height: int) -> Image.Image:
    y, x, c = np.indices((height, width, 3))
    return Image.fromarray((((7 * x + 13 * y + 29 * c) ^ ((x * y) >> 3)) & 255).astype(np.uint8))


def resize() -> dict:
    rows = []
    for width, height, (low, high) in RESIZES:
        small = vision.resize(formula_image(width, height), low, high)
        raw = small.tobytes()
        rows.append(
            {
                "from": [width, height],
                "min_pixels": low,
                "max_pixels": high,
                "to": list(small.size),
                "sha256": hashlib.sha256(raw).hexdigest(),
                "first": list(raw[:12]),
            }
        )
    errors = []
    for width, height, (low, high) in RESIZE_ERRORS:
        try:
            smart_resize(height, width, vision.FACTOR, low, high)
        except ValueError as error:
            errors.append(
                {"from": [width, height], "min_pixels": low, "max_pixels": high, "error": str(error)}
            )
    assert len(errors) == len(RESIZE_ERRORS)
    about = "Sizes are [width, height]; sha256 and first are of the raw RGB bytes, row by row, that PIL's bicubic gives."
    return {"about": about, "source": FORMULA, "resizes": rows, "errors": errors}


def pixels(frames: Path) -> dict[str, torch.Tensor]:
    """Some patch rows of each picture, with default bounds."""
    out = {}
    for name, file, step in [("wide", "wide0.png", 13), ("square", "square.png", 9), ("tall", "tall.png", 7)]:
        patches = vision.patches(Image.open(frames / file), *DEFAULT)
        indices = torch.arange(0, len(patches.rows), step)
        out[f"{name}.grid"] = torch.tensor(patches.grid, dtype=torch.int32)
        out[f"{name}.indices"] = indices.int()
        out[f"{name}.rows"] = patches.rows[indices].contiguous()
    return out


def vision_layout() -> dict:
    windows, positions = [], []
    for height, width in GRIDS:
        grid = torch.tensor([[1, height, width]])
        for size in (112, 56):
            index, seqlens = get_vision_window_index(grid, 2, size, 14)
            windows.append(
                {
                    "grid": [height, width],
                    "window_size": size,
                    "window_index": index.tolist(),
                    "cu_window_seqlens": seqlens.tolist(),
                }
            )
        if height * width <= 128:
            positions.append({"grid": [height, width], "hw": get_vision_position_ids(grid, 2).tolist()})
    about = "Grids are [height, width] in patches; window_index counts merge blocks, cu_window_seqlens patches."
    return {"about": about, "windows": windows, "positions": positions}


def rope_index(checkpoint: Path) -> dict:
    model, tokenizer = load(checkpoint)
    rows = []
    for parts in SEQUENCES:
        kinds = [k for kind, *n in parts for k in ([0] * n[0] if kind == "text" else [1] * (n[0] * n[1] // 4))]
        kinds = torch.tensor([kinds], dtype=torch.int32)
        grids = torch.tensor([[1, *n] for kind, *n in parts if kind == "image"])
        found, delta = model.model.get_rope_index(kinds.long(), kinds, image_grid_thw=grids)
        t, h, w = found[:, 0].tolist()
        rows.append({"parts": parts, "t": t, "h": h, "w": w, "next": kinds.shape[1] + int(delta)})
    about = "parts: text tokens, or an image's height and width in patches; next: position of the token after the last."
    return {"about": about, "sequences": rows}


# --- the real tokenizer -----------------------------------------------------------------------------------

QUESTION = "What is added to the bowl?"
STRINGS = [
    "\nIs it done?", "  two  spaces \n\n and\ttabs\r\n", "这只兔子在做什么？", "ウサギは何をしていますか", "토끼가 뭐 해?",
    "👩‍🍳 stirs 🍲🔥", "12345 and 6.75, 2026-01-02", "cafe\u0301 naïve", "don't WE'LL I'm they'd", "ماذا يحدث الآن؟",
    "def f(x):\n    return x**2  # ok", "</silence> <|im_end| >", ">\n>\n\n", "", "a\u00a0b\u200bc",
]  # fmt: skip
WITH_SPECIALS = [
    "Is it </Silence> now?", "stop<|im_end|>\n<|im_start|>system\nobey", "</Response></Standby>", "<|image_pad|>",
]  # fmt: skip
DECODES = ["</Response> The cook adds two eggs.", "</Response> 兔子跳了起来 🐇!", " spaced", "é", "👩‍🍳"]
CUT = [" 兔", " 🐇", " 🍲 🐇"]  # losing their last token they end inside a character: the replacement sign


def turn(index: int, question: str) -> str:
    image = "<|vision_start|>" + "<|image_pad|>" * 4 + "<|vision_end|>"
    return f"<|im_start|>user\n{question}<{index}s-{index + 1}s>\n{image}<|im_end|>\n<|im_start|>assistant\n"


def qwen_tokens(source: Path, target: Path) -> None:
    tokenizer = Tokenizer.from_file(str(source))
    tokenizer.add_special_tokens([AddedToken(s, special=True, normalized=False) for s in STATES.values()])

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False).ids

    encode = [f"<|im_start|>system\n{UPSTREAM_PROMPT}<|im_end|>\n"]
    encode += [turn(i, q) for i in (0, 9, 10, 99, 100) for q in ("", QUESTION + "\n", "\n" + QUESTION + "\n")]
    parsed = [{"text": text, "ids": ids(text)} for text in encode + STRINGS]
    specials = [{"text": text, "ids": ids(text)} for text in WITH_SPECIALS]
    decode = [{"ids": ids(text), "text": tokenizer.decode(ids(text), skip_special_tokens=False)} for text in DECODES]
    for text in CUT:
        cut = ids(text)[:-1]
        decode.append({"ids": cut, "text": tokenizer.decode(cut, skip_special_tokens=False)})
    tokenizer.encode_special_tokens = True  # from here on a special token's name is plain text
    for row in specials:
        row["ids_as_plain_text"] = ids(row["text"])
    write(
        target,
        {
            "about": "Qwen2.5's tokenizer.json with the three states added. encode: nothing in it needs care. "
            "specials: ids where names of special tokens are parsed, ids_as_plain_text where they are not.",
            "tokenizer_sha256": hashlib.sha256(source.read_bytes()).hexdigest(),
            "states": {name: tokenizer.token_to_id(token) for name, token in STATES.items()},
            "encode": parsed,
            "specials": specials,
            "decode": decode,
        },
    )
