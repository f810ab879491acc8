"""Holds what `streamo watch --dump FILE` wrote against `transformers`, for any checkpoint that fits in memory.

    streamo watch clip.mp4 --model DIR --dump dump.safetensors
    python compare.py DIR dump.safetensors

For every round, the tokens and visual tokens of the dump go through transformers' decoder in one pass without a cache, in
float32; its positions and logits must be the dump's. Holds until the window is full: with rolling memory the kept
tokens have seen what has left, which no single pass can repeat.
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import Qwen2_5_VLForConditionalGeneration


def grid_of(visual_tokens: int, positions: torch.Tensor) -> list[int]:
    """An image's patches, read off the span of its tokens' height and width positions."""
    rows, columns = (int(axis.max() - axis.min()) + 1 for axis in positions[1:])
    assert rows * columns == visual_tokens, "a frame's positions do not make a grid"
    return [1, 2 * rows, 2 * columns]


@torch.no_grad()
def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=Path)
    parser.add_argument("dump", type=Path)
    args = parser.parse_args()
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(
        args.model, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    pad = Tokenizer.from_file(str(args.model / "tokenizer.json")).token_to_id("<|image_pad|>")
    dump = load_file(args.dump)
    seen: list[torch.Tensor] = []
    for name in sorted(key.removesuffix(".input_ids") for key in dump if key.endswith(".input_ids")):
        ids, positions = dump[f"{name}.input_ids"], dump[f"{name}.position_ids"]
        seen.append(dump[f"{name}.vision_out"])
        visual = (ids == pad).nonzero().flatten()
        sizes = [len(frame) for frame in seen]
        assert len(visual) == sum(sizes), f"{name}: frames have left, the window was full"
        grids = [grid_of(n, positions[:, where]) for n, where in zip(sizes, visual.split(sizes))]
        expected, _ = model.model.get_rope_index(ids[None], (ids == pad)[None].int(), image_grid_thw=torch.tensor(grids))
        embeds = model.get_input_embeddings()(ids)
        embeds[visual] = torch.cat(seen)
        logits = model(inputs_embeds=embeds[None], position_ids=expected, use_cache=False, logits_to_keep=1).logits[0, -1]
        error = (logits - dump[f"{name}.decision_logits"]).abs().max() / logits.abs().max()
        line = {
            "round": int(name[1:]),
            "tokens": len(ids),
            "positions_equal": bool((expected[:, 0] == positions).all()),
            "relative_error": float(error),
            "same_best_token": int(logits.argmax()) == int(dump[f"{name}.decision_logits"].argmax()),
        }
        print(json.dumps(line), flush=True)


if __name__ == "__main__":
    main()
