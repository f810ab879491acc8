"""The conformance cases: a model each, and how its stream is run."""

from dataclasses import dataclass

from checkpoint import Shape

WIDE = [f"wide{i}.png" for i in range(8)]
SQUARE, TALL = "square.png", "tall.png"

SHORT_PROMPT = (
    "\nYou watch a stream, one frame a second. \n"
    "Say </Silence> when nothing matters,  \n"
    "</Standby> while it is under way, \n"
    "</Response> and the answer when it is complete.\n"
)


@dataclass
class Case:
    about: str
    shape: Shape
    frames: list[str | int]  # one a round: a file of fixtures/frames, or a second of the clip
    questions: dict[int, str]
    max_pixels: int
    layers_round: int
    min_pixels: int = 3136
    decision: str = "states"
    feedback: str = "ids"
    max_tokens: int = 10
    memory: str = "full"
    window: int | None = None
    system_prompt: str | None = SHORT_PROMPT  # None: upstream's


CASES = {
    "tied": Case(
        about="tied head, new names, bf16, query heads 3 to 1, upstream's prompt",
        shape=Shape(
            seed=34, state_bias=[2.58, -1.99, -0.6], heads=3, kv_heads=1, head_dim=20, mrope=[2, 4, 4], mlp=84, layers=2,
            vision_heads=2, vision_mlp=52, tied=True,
        ),
        frames=WIDE,
        questions={0: "What is happening?"},
        max_pixels=112 * 84,
        layers_round=3,
        system_prompt=None,
    ),
    "sharded-f32": Case(
        about="untied head, hub names and flat config, f32 in 3 shards, a key head for every query head, free "
        "decoding, text feedback, frames of three shapes",
        shape=Shape(
            seed=7, state_bias=[0.0, 0.0, 0.0], heads=2, kv_heads=2, head_dim=16, mrope=[2, 3, 3], mlp=54, layers=2,
            vision_heads=2, vision_mlp=36, depth=2, full_blocks=[1], window_size=112,
            dtype="f32", old_names=True, shards=3, vocab=532,
        ),
        frames=[WIDE[0], SQUARE, WIDE[2], TALL, WIDE[4], WIDE[5]],
        questions={0: "Who is there?"},
        max_pixels=84 * 84,
        layers_round=3,
        decision="free",
        feedback="text",
        max_tokens=8,
    ),
    "late-question": Case(
        about="f16, hub names, merges as strings, other special ids, query heads 2 to 1, tall frames, first question "
        "at round 2, text feedback",
        shape=Shape(
            seed=19, state_bias=[1.94, -1.76, -0.18], heads=4, kv_heads=2, head_dim=12, mrope=[2, 2, 2], mlp=60, layers=2,
            vision_heads=2, vision_mlp=44, depth=3, full_blocks=[2],
            dtype="f16", old_names=True, merges_as_pairs=False, states_first=True,
        ),
        frames=[TALL, WIDE[1], TALL, SQUARE, WIDE[4], TALL, WIDE[6], SQUARE, WIDE[7]],
        questions={2: "Is it done?", 5: "And what does the 2nd bird hold?"},
        max_pixels=56 * 112,
        layers_round=5,
        feedback="text",
        max_tokens=8,
    ),
    "window-ids": Case(
        about="exact memory of 4 rounds over 10 with two questions, bf16 in 2 shards, tied under hub names",
        shape=Shape(
            seed=1, state_bias=[0.17, -2.5, 2.33], heads=6, kv_heads=2, head_dim=8, mrope=[1, 1, 2], mlp=76,
            vision_heads=2, vision_mlp=40, tied=True, old_names=True, shards=2, merges_as_pairs=False,
        ),
        frames=WIDE + [WIDE[3], WIDE[0]],
        questions={0: "Tell me when the rabbit jumps.", 3: "Who follows?"},
        max_pixels=112 * 84,
        layers_round=7,
        memory="exact",
        window=4,
    ),
    "window-text": Case(
        about="exact memory of 3 rounds with text feedback, the second question asked after the first has left, "
        "f16, new names, 2 shards",
        shape=Shape(
            seed=16, state_bias=[1.8, -1.59, -0.21], heads=2, kv_heads=1, head_dim=20, mrope=[2, 4, 4], mlp=72, layers=2,
            vision_heads=2, vision_mlp=28, vision_head_dim=16, dtype="f16", shards=2, states_first=True,
        ),
        frames=[SQUARE, SQUARE, *WIDE[1:7]],
        questions={1: "What is it?", 5: "Where is the cat?"},
        max_pixels=84 * 84,
        layers_round=6,
        feedback="text",
        max_tokens=9,
        memory="exact",
        window=3,
    ),
    "free-windows": Case(
        about="15 visual tokens a frame in 6 windows with partial edges, free decoding, ids feedback, bf16, new names",
        shape=Shape(
            seed=8, state_bias=[0.0, 0.0, 0.0], heads=2, kv_heads=1, head_dim=24, mrope=[2, 5, 5], mlp=90, layers=2,
            vision_heads=2, vision_mlp=44, full_blocks=[2], states_first=True, vocab=540,
        ),
        frames=WIDE[:7],
        questions={0: "Where does it go?", 4: "Now?"},
        max_pixels=168 * 112,
        layers_round=2,
        decision="free",
        max_tokens=12,
    ),
}

# The model that ships with the crate, so that the first run needs no download.
TINY = Case(
    about="Random weights: this model decides and speaks at random. It shows that everything runs, and knows "
    "nothing. Made by tests/reference/make.py of this project; MIT OR Apache-2.0.",
    shape=Shape(
        seed=2, state_bias=[-2.8, 0.03, 2.76], heads=3, kv_heads=1, head_dim=16, mrope=[2, 3, 3], mlp=80,
        vision_heads=2, vision_mlp=40, window_size=112,
    ),
    frames=[0, 1, 2, 3, 4, 5],
    questions={0: "What is happening?"},
    max_pixels=100352,
    layers_round=0,
    max_tokens=12,
    system_prompt=None,
)
