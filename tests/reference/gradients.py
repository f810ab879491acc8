"""What training computes: losses, the gradient of every parameter, and AdamW's steps, by PyTorch."""

import json
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save

import pieces
from cases import SHORT_PROMPT
from checkpoint import Shape, load, write_checkpoint, write_weights
from streamo import Dialogue, Reference

SHAPE = Shape(
    seed=5, heads=4, kv_heads=2, head_dim=8, mrope=[1, 1, 2], mlp=48, layers=2,
    vision_heads=2, vision_head_dim=8, vision_mlp=24, depth=2, full_blocks=[1], vocab=532, tied=True,
)  # fmt: skip
MAX_PIXELS = 6720  # frames of 4 x 6 patches: one whole window and one cut one

LEARNT = 7  # steps that the model has learnt, so that it is neither lost nor certain

# A dialogue is a question at its first round, and what is to be said in each.
DIALOGUES = [
    {
        "question": "What is happening?",
        "frames": ["wide0.png", "wide1.png", "wide2.png"],
        "rounds": [["silence", ""], ["standby", ""], ["response", "The rabbit jumps."]],
    },
    {
        "question": "Who is there?",
        "frames": ["wide5.png", "wide6.png"],
        "rounds": [["response", "A dog, then the cat."], ["silence", ""]],
    },
]

STATES = ["silence", "standby", "response"]
GAMMA = 2.0
FIXED = [0.3, 1.3, 2.0]
LEVELS = 32  # steps of a pixel's value: so that eight bits hold it, the same in every arithmetic

ADAMW = {"betas": [0.9, 0.95], "epsilon": 1e-8, "weight_decay": 0.1}
STEPS = [[1e-3, 1.0], [2e-3, -0.5], [5e-4, 2.0]]  # a rate, and what the gradients are multiplied by
LARGEST = 256  # numbers of a parameter that is kept after the steps


class Lesson:
    """One dialogue as it is learnt from."""

    def __init__(self, model, tokenizer, script: dict, frames: Path):
        pictures = [Image.open(frames / name) for name in script["frames"]]
        dialogue = Dialogue(pictures, {0: script["question"]}, max_pixels=MAX_PIXELS, system_prompt=SHORT_PROMPT)
        reference = Reference(model, tokenizer, dialogue)
        end = tokenizer.token_to_id("<|im_end|>")
        self.targets = []  # row, token, state or -1
        for now, (state, text) in enumerate(script["rounds"]):
            start = len(reference.prompt(now))
            answer = [reference.states[state]] + (reference.encode(" " + text) if text else [])
            for place, token in enumerate([*answer, end]):
                kind = STATES.index(state) if place == 0 else -1
                self.targets.append([start + place - 1, token, kind])
            self.ids = reference.prompt(now) + answer + reference.encode("<|im_end|>\n")
            reference.answers.append(answer)
        self.grids = torch.tensor([image.grid for image in reference.images])
        self.positions = reference.positions(torch.tensor([self.ids]), self.grids)
        rows = torch.cat([image.rows for image in reference.images])
        self.levels = (rows * LEVELS).round().clamp(-127, 127).to(torch.int8)

    def logits(self, model) -> torch.Tensor:
        """The logits at the targets' rows."""
        out = model(
            input_ids=torch.tensor([self.ids]),
            position_ids=self.positions,
            pixel_values=self.levels.to(model.dtype) / LEVELS,
            image_grid_thw=self.grids,
            use_cache=False,
        )
        return out.logits[0, [row for row, _, _ in self.targets]]


def loss(logits: torch.Tensor, targets: list, weigh) -> torch.Tensor:
    """The mean over all targets of weight times cross-entropy, word by word as the paper has it."""
    total = 0
    for row, (_, token, state) in zip(logits, targets):
        log_p = row.log_softmax(0)[token]
        total = total - (1.0 if state < 0 else weigh(state, log_p.exp())) * log_p
    return total / len(targets)


def objectives(targets: list) -> dict:
    counts = [sum(1 for _, _, state in targets if state == kind) for kind in range(3)]
    alphas = [sum(counts) / (3 * count) for count in counts]
    return {
        "plain": lambda state, p: 1.0,
        "fixed": lambda state, p: FIXED[state],
        "focal": lambda state, p: alphas[state] * (1 - p) ** GAMMA,  # the gradient passes through it too
    }


def learn(model, lessons: list[Lesson]) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for _ in range(LEARNT):
        optimiser.zero_grad()
        targets = [target for lesson in lessons for target in lesson.targets]
        loss(torch.cat([lesson.logits(model) for lesson in lessons]), targets, lambda state, p: 1.0).backward()
        optimiser.step()


def after_adamw(model, gradients: dict[str, torch.Tensor], clip: float) -> dict[str, torch.Tensor]:
    """The small parameters after some steps of PyTorch's AdamW along the same gradients."""
    parameters = dict(model.named_parameters())
    groups = [
        {"params": [p for p in parameters.values() if p.ndim > 1], "weight_decay": ADAMW["weight_decay"]},
        {"params": [p for p in parameters.values() if p.ndim == 1], "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, betas=ADAMW["betas"], eps=ADAMW["epsilon"])
    for rate, factor in STEPS:
        for name, parameter in parameters.items():
            parameter.grad = gradients[name] * factor
        torch.nn.utils.clip_grad_norm_(parameters.values(), clip)
        for group in optimiser.param_groups:
            group["lr"] = rate
        optimiser.step()
    return {name: p.detach() for name, p in parameters.items() if p.numel() <= LARGEST}


def make(fixtures: Path) -> None:
    directory = fixtures / "gradients"
    about = "a tied bf16 model as small as may be, for gradients"
    streamo = {"about": about, "min_pixels": 3136, "max_pixels": MAX_PIXELS, "fps": 1, "system_prompt": SHORT_PROMPT}
    write_checkpoint(SHAPE, streamo, directory)
    model, tokenizer = load(directory)
    lessons = [Lesson(model, tokenizer, script, fixtures / "frames") for script in DIALOGUES]
    learn(model, lessons)
    write_weights(model, SHAPE, directory)
    model, _ = load(directory)  # as rounded in the file
    model = model.double()  # transformers itself goes down to float32 in norms, softmax and rotary angles

    targets = [target for lesson in lessons for target in lesson.targets]
    logits = torch.cat([lesson.logits(model) for lesson in lessons])
    losses = {name: loss(logits, targets, weigh) for name, weigh in objectives(targets).items()}
    losses["focal"].backward()
    gradients = {name: parameter.grad.clone() for name, parameter in model.named_parameters()}
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm().item()

    expected = {f"gradient.{name}": gradient.float() for name, gradient in gradients.items()}
    clip = 1.5 * norm  # the last step is clipped, and no other
    expected |= {f"adamw.{name}": tensor.float() for name, tensor in after_adamw(model, gradients, clip).items()}
    expected["logits"] = logits.detach().float()
    for index, lesson in enumerate(lessons):
        expected[f"{index}.ids"] = torch.tensor(lesson.ids, dtype=torch.int32)
        expected[f"{index}.positions"] = lesson.positions[:, 0].int()
        expected[f"{index}.targets"] = torch.tensor(lesson.targets, dtype=torch.int32)
        # Both moments of a patch show the same picture: one is enough.
        levels = lesson.levels.reshape(-1, 3, 2, 14 * 14)
        assert torch.equal(levels[:, :, 0], levels[:, :, 1])
        expected[f"{index}.levels"] = levels[:, :, 0]
    (directory / "expected.safetensors").write_bytes(save({name: t.contiguous() for name, t in expected.items()}))
    case = {
        "about": about,
        "levels": LEVELS,
        "grid": lessons[0].grids[0].tolist()[1:],
        "gamma": GAMMA,
        "fixed": FIXED,
        "losses": {name: value.item() for name, value in losses.items()},
        "norm": norm,
        "adamw": ADAMW | {"clip": clip},
        "steps": STEPS,
        "dialogues": DIALOGUES,
    }
    pieces.write(directory / "case.json", case)
    print("gradients:", json.dumps(case["losses"]), f"norm {norm:.3f}")
