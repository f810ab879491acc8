"""A tiny tokenizer with the structure of Qwen2.5's tokenizer.json, trained on made-up dialogue."""

import json
import random

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from streamo import STATES, UPSTREAM_PROMPT

BASE_VOCAB = 512

# Qwen2.5's own: contractions, words with one leading mark, single digits, punctuation, white space.
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)

SPECIALS = [
    "<|endoftext|>",
    "<|im_start|>",
    "<|im_end|>",
    "<|vision_start|>",
    "<|vision_end|>",
    "<|image_pad|>",
    "<|video_pad|>",
]


def corpus() -> list[str]:
    """Dialogue sentences from a fixed grammar: the tokenizer needs whole words, not meaning."""
    rng = random.Random(0)
    who = "the rabbit,a small bird,the squirrel,a person,the cat,someone,the red car,a dog".split(",")
    does = "walks,jumps,looks,waits,runs,eats,stands,sleeps,turns,comes,leaves,falls,opens".split(",")
    where = "near the tree,on the grass,in the river,under the sky,behind a stone,over the road".split(",")
    asks = "What is happening,Who is there,Is it done,What does it hold,When does it start".split(",")
    lines = [UPSTREAM_PROMPT]
    for i in range(400):
        a, b = rng.choice(who), rng.choice(who)
        lines.append(f"{rng.choice(asks)}?\n<{i}s-{i + 1}s>\n")
        lines.append(f" Now {a} {rng.choice(does)} {rng.choice(where)}, then {b} {rng.choice(does)}.")
        lines.append(f" {a.capitalize()} {rng.choice(does)} away {rng.choice(where)} and {b} follows.")
    return lines


def train() -> tuple[dict[str, int], list[list[str]]]:
    """The vocabulary and the merges (as pairs)."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel(add_prefix_space=False, trim_offsets=False, use_regex=False)
    tokenizer.train_from_iterator(
        corpus(),
        trainers.BpeTrainer(
            vocab_size=BASE_VOCAB,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
            show_progress=False,
        ),
    )
    model = json.loads(tokenizer.to_str())["model"]
    vocab = dict(sorted(model["vocab"].items(), key=lambda item: item[1]))
    return vocab, model["merges"]


def tokenizer_json(merges_as_pairs: bool, states_first: bool) -> str:
    """The file's text. Old files write a merge as "a b", new ones as ["a", "b"]. `states_first` moves
    every special token's id, so that nobody gets away with an id learnt by heart."""
    vocab, merges = train()
    order = list(STATES.values()) + SPECIALS if states_first else SPECIALS + list(STATES.values())
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False, "use_regex": False}
    added = [
        {
            "id": len(vocab) + i,
            "content": content,
            "single_word": False,
            "lstrip": False,
            "rstrip": False,
            "normalized": False,
            "special": True,
        }
        for i, content in enumerate(order)
    ]
    model = {
        "type": "BPE",
        "dropout": None,
        "unk_token": None,
        "continuing_subword_prefix": "",
        "end_of_word_suffix": "",
        "fuse_unk": False,
        "byte_fallback": False,
        "vocab": vocab,
        "merges": merges if merges_as_pairs else [" ".join(pair) for pair in merges],
    }
    if merges_as_pairs:
        model["ignore_merges"] = False  # newer files have this key too
    document = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": added,
        "normalizer": {"type": "NFC"},
        "pre_tokenizer": {
            "type": "Sequence",
            "pretokenizers": [
                {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Isolated", "invert": False},
                byte_level,
            ],
        },
        "post_processor": byte_level,
        "decoder": byte_level,
        "model": model,
    }
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
