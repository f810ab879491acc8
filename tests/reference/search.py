"""Looks for a seed whose random model makes a case worth having. Not part of `make.py`: run it when a
case's sizes or dialogue change, and write the seed and the biases it prints into cases.py.

    venv/bin/python search.py CASE|tiny [SEEDS] [FIRST]
"""

import dataclasses
import sys
import tempfile
from pathlib import Path

import torch

from cases import CASES, TINY
from checkpoint import load
from make import dialogue, write_model
from streamo import Reference

MARGIN = 4e-3  # a decision closer than this would test the order of additions, not the model


def quality(reference: Reference, rounds: list) -> tuple[int, int, str]:
    """How many wishes a run fulfils, and a line to read."""
    max_tokens = reference.dialogue.max_tokens
    done = [r for r in rounds if r is not None]
    answers = [r for r in done if r.state == "response" and len(set(r.generated)) >= 4]
    cut = [r for r in answers if len(r.generated) == max_tokens]
    margin = min(min(r.margin, r.text_margin or r.margin) for r in done)
    wishes = [
        len({r.state for r in done} - {None}) == 3,
        len(answers) >= 2,
        any(len(set(r.generated)) >= 6 for r in answers),
        len(cut) >= 1,
        len(cut) < len(answers),
        margin > MARGIN,
        all(r.text.isprintable() and r.text.isascii() for r in done),
    ]
    if reference.dialogue.feedback == "text":  # the text must not come back as the very same ids
        wishes.append(any(reference.encode(reference.decode(a)) != a for a in reference.answers))
    states = " ".join((r.state or "none")[:3] for r in done)
    return sum(wishes), len(wishes), f"{sum(wishes)}/{len(wishes)} margin {margin:.4f} {states}\n   " + "\n   ".join(
        repr(r.text) for r in done if r.text
    )


def attempt(case, shape):
    """One run of the case with another shape."""
    tried = dataclasses.replace(case, shape=shape)
    with tempfile.TemporaryDirectory() as directory:
        write_model(tried, Path(directory))
        reference = Reference(*load(Path(directory)), dialogue(tried))
        return reference, reference.run()


def level(shape, reference, rounds):
    """The same shape with the states' biases moved so that no state wins on average."""
    logits = torch.stack([r.logits[list(reference.states.values())] for r in rounds if r is not None])
    gap = logits.mean(0) - logits.mean()
    return dataclasses.replace(
        shape, state_bias=[round(b - 0.6 * float(g), 2) for b, g in zip(shape.state_bias, gap)]
    )


def main() -> None:
    case = TINY if sys.argv[1] == "tiny" else CASES[sys.argv[1]]
    count, first = (int(a) for a in (sys.argv[2:] + ["40", "0"][len(sys.argv) - 2 :]))
    torch.set_num_threads(1)
    best = -1
    for seed in range(first, first + count):
        shape = dataclasses.replace(case.shape, seed=seed)
        for _ in range(4):
            reference, rounds = attempt(case, shape)
            score, full, line = quality(reference, rounds)
            if score > best:
                best = score
                print(f"seed={seed}, state_bias={shape.state_bias}: {line}", flush=True)
            if score == full:
                return
            shape = level(shape, reference, rounds)


if __name__ == "__main__":
    main()
