"""The reference dialogue: Streamo's protocol (arXiv 2512.21334) spelled out over `transformers`.

One round is one second of video:

    user       [question\\n]<{i}s-{i+1}s>\\n<image>
    assistant  </Silence> | </Standby> | </Response> and the answer

Every round is one full forward pass over the whole conversation, in float32, with eager attention and no
cache. It is slow, and that is the point: nothing here can be stale.
"""

from dataclasses import dataclass, field

import torch

import vision

UPSTREAM_PROMPT = """
You are a helpful assistant specializing in streaming video analysis.\x20
You will receive input frame by frame, each labeled with absolute time intervals\x20
in the exact format <Xs-Ys> (e.g., <0s-1s>). Follow these rules precisely:

1. Use </Silence> when:
   - No relevant event has started, OR
   - The current input is irrelevant to the given question.\x20\x20

2. Use </Standby> when:
   - An event is in progress but has not yet completed, OR
   - The current input is relevant but the question cannot yet be answered.\x20\x20

3. Use </Response> only when:
   - An event has fully concluded, OR
   - The available information is sufficient to fully answer the question.
   Provide a complete description at this point.\x20\x20

Do not provide partial answers or speculate beyond the given information.\x20\x20
Whenever you deliver an answer, begin with </Response>.
"""

STATES = {"silence": "</Silence>", "standby": "</Standby>", "response": "</Response>"}


@dataclass
class Dialogue:
    """How a stream is run; the fields are those of case.json."""

    frames: list  # PIL images, one a round
    questions: dict[int, str]  # round -> question
    decision: str = "states"  # "states": argmax over the three states; "free": greedy over the vocabulary
    feedback: str = "ids"  # what stands in history: the generated ids, or their text, tokenised anew
    max_tokens: int = 10  # generated tokens a round, the state token included
    memory: str = "full"  # "exact": only the last `window` rounds stay, read afresh every round
    window: int | None = None
    system_prompt: str = UPSTREAM_PROMPT
    min_pixels: int = 3136
    max_pixels: int = 100352


@dataclass
class Round:
    """What one consulted round gave."""

    index: int
    input_ids: list[int]
    new_rows: int  # rows of the prompt that the round before had not seen
    positions: torch.Tensor  # (3, T)
    vision: torch.Tensor  # (visual tokens, hidden) of this round's frame
    logits: torch.Tensor  # (vocab) at the last prompt row
    generated: list[int] = field(default_factory=list)
    state: str | None = None
    text: str = ""
    margin: float = 0.0  # between the two best logits of the decision
    text_margin: float | None = None  # the smallest such margin over the tokens after the first


class Reference:
    """A checkpoint and its tokenizer, running one dialogue."""

    def __init__(self, model, tokenizer, dialogue: Dialogue):
        self.model, self.tokenizer, self.dialogue = model, tokenizer, dialogue
        self.states = {name: tokenizer.token_to_id(token) for name, token in STATES.items()}
        self.eos = [tokenizer.token_to_id("<|im_end|>"), tokenizer.token_to_id("<|endoftext|>")]
        self.image_pad = tokenizer.token_to_id("<|image_pad|>")
        self.images = [vision.patches(f, dialogue.min_pixels, dialogue.max_pixels) for f in dialogue.frames]
        self.answers: list[list[int]] = []  # what each past round generated, without the final eos

    def encode(self, text: str) -> list[int]:
        return self.tokenizer.encode(text, add_special_tokens=False).ids

    def decode(self, ids: list[int]) -> str:
        return self.tokenizer.decode(ids, skip_special_tokens=False)

    # --- the prompt -------------------------------------------------------------------------------------

    def oldest(self, now: int) -> int:
        """The oldest round that still stands in the prompt of round `now`."""
        if self.dialogue.memory == "full":
            return 0
        return max(0, now - self.dialogue.window + 1)

    def user_turn(self, index: int, oldest: int) -> str:
        """The round's user turn and the header of the answer. A question whose own round has left the
        window stands in the oldest kept round, before that round's own."""
        asked = self.dialogue.questions
        due = [r for r in sorted(asked) if r == index or (index == oldest and r < oldest)]
        questions = "".join(asked[r] + "\n" for r in due)
        pads = "<|image_pad|>" * self.images[index].visual_tokens
        image = f"<|vision_start|>{pads}<|vision_end|>"
        user = f"<|im_start|>user\n{questions}<{index}s-{index + 1}s>\n{image}<|im_end|>\n"
        return user + "<|im_start|>assistant\n"

    def prompt(self, now: int) -> list[int]:
        """All token ids up to the place where round `now` is decided."""
        oldest = self.oldest(now)
        system = f"<|im_start|>system\n{self.dialogue.system_prompt}<|im_end|>\n"
        pieces: list[str | list[int]] = [system]
        for index in range(oldest, now + 1):
            pieces.append(self.user_turn(index, oldest))
            if index < now:
                pieces += [self.answers[index], "<|im_end|>\n"]
        if self.dialogue.feedback == "text":  # upstream: one text, tokenised anew every round
            return self.encode("".join(p if isinstance(p, str) else self.decode(p) for p in pieces))
        return [token for p in pieces for token in (self.encode(p) if isinstance(p, str) else p)]

    # --- the model --------------------------------------------------------------------------------------

    def positions(self, ids: torch.Tensor, grids: torch.Tensor) -> torch.Tensor:
        kinds = (ids == self.image_pad).int()
        return self.model.model.get_rope_index(ids, kinds, image_grid_thw=grids)[0]

    @torch.no_grad()
    def logits(self, ids: list[int], now: int) -> torch.Tensor:
        """The logits after the last of `ids`."""
        images = self.images[self.oldest(now) : now + 1]
        grids = torch.tensor([image.grid for image in images])
        tokens = torch.tensor([ids])
        out = self.model(
            input_ids=tokens,
            position_ids=self.positions(tokens, grids),
            pixel_values=torch.cat([image.rows for image in images]),
            image_grid_thw=grids,
            use_cache=False,
            logits_to_keep=1,
        )
        return out.logits[0, -1]

    @torch.no_grad()
    def see(self, index: int) -> torch.Tensor:
        """The visual tokens of one frame."""
        image = self.images[index]
        return self.model.model.visual(image.rows, torch.tensor([image.grid])).pooler_output

    # --- one round --------------------------------------------------------------------------------------

    def decide(self, logits: torch.Tensor) -> tuple[int, float]:
        """The first token and the margin by which it won."""
        if self.dialogue.decision == "free":
            return greedy(logits)
        ids = list(self.states.values())
        best, margin = greedy(logits[ids])
        return ids[best], margin

    def new_rows(self, now: int) -> int:
        """The last answer, its end, and this round's user turn with the header of the answer."""
        turn = self.encode(self.user_turn(now, self.oldest(now)))
        if now == 0:
            return len(self.prompt(0))
        end = self.encode(self.decode(self.answers[-1])) if self.dialogue.feedback == "text" else self.answers[-1]
        return len(end) + len(self.encode("<|im_end|>\n")) + len(turn)

    def round(self, now: int) -> Round | None:
        """One second. None before the first question: then upstream asks nobody and writes `</Silence>`."""
        if now < min(self.dialogue.questions):
            self.answers.append([self.states["silence"]])
            return None
        ids = self.prompt(now)
        grids = torch.tensor([image.grid for image in self.images[self.oldest(now) : now + 1]])
        logits = self.logits(ids, now)
        first, margin = self.decide(logits)
        done = Round(
            index=now,
            input_ids=ids,
            new_rows=self.new_rows(now),
            positions=self.positions(torch.tensor([ids]), grids)[:, 0],
            vision=self.see(now),
            logits=logits,
            generated=[first],
            margin=margin,
        )
        done.state = next((name for name, token in self.states.items() if token == first), None)
        if self.dialogue.decision == "free" or done.state == "response":
            self.continue_text(done)
        words = done.generated[:-1] if done.generated[-1] in self.eos else done.generated
        self.answers.append(words)
        done.text = self.decode(words[1:] if self.dialogue.decision == "states" else words)
        return done

    def continue_text(self, done: Round) -> None:
        """Greedy decoding up to an end token or `max_tokens`."""
        while done.generated[-1] not in self.eos and len(done.generated) < self.dialogue.max_tokens:
            token, margin = greedy(self.logits(done.input_ids + done.generated, done.index))
            done.generated.append(token)
            done.text_margin = min(margin, done.text_margin or margin)

    def run(self) -> list[Round | None]:
        return [self.round(now) for now in range(len(self.images))]

    # --- looking inside ---------------------------------------------------------------------------------

    def layers(self, done: Round) -> dict[str, torch.Tensor]:
        """What goes through the model in one round: every vision block's output for this round's frame
        (rows in the processor's patch order), and for the prompt's last `new_rows` rows the decoder's
        input and every decoder layer's output."""
        seen: dict[str, torch.Tensor] = {}
        order = vision.rows_in_window_order(self.images[done.index].grid, self.model.config.vision_config)

        def keep_block(name):
            def hook(module, inputs, output):
                seen[name] = torch.empty_like(output)
                seen[name][order] = output

            return hook

        def keep_tail(name):
            def hook(module, inputs, output):
                seen[name] = output[0, -done.new_rows :].clone()

            return hook

        def keep_input(module, inputs, kwargs):
            seen["layers.text.embed"] = kwargs["inputs_embeds"][0, -done.new_rows :].clone()

        visual, language = self.model.model.visual, self.model.model.language_model
        blocks = [b.register_forward_hook(keep_block(f"layers.vision.{k}")) for k, b in enumerate(visual.blocks)]
        self.see(done.index)
        for hook in blocks:
            hook.remove()
        texts = [b.register_forward_hook(keep_tail(f"layers.text.{k}")) for k, b in enumerate(language.layers)]
        texts.append(language.register_forward_pre_hook(keep_input, with_kwargs=True))
        self.logits(done.input_ids, done.index)
        for hook in texts:
            hook.remove()
        return seen


def greedy(logits: torch.Tensor) -> tuple[int, float]:
    """The best index and how far it is ahead of the second."""
    values, indices = logits.topk(2)
    return int(indices[0]), float(values[0] - values[1])
