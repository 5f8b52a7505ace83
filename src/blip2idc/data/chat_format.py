"""What prompts and captions are as tokens where a model is spoken to in turns: a chat template around image and words.

In: the Jinja template of a checkpoint and what its family writes in place of an image. Out: a `ChatFormat`, which
`collate` uses like the `TextFormat` of BLIP-2. What stands before a caption and what ends it is read off the template:
the same conversation is written with and without an answer, and what the answer adds is compared.

Shapes: none; token ids as plain lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blip2idc.errors import ModelError

_ANSWER = "Caption"  # any word; where it stands in the text shows what is before and after an answer


@dataclass(frozen=True)
class ChatFormat:
    """Prompts and captions of a chat model.

    Attributes:
        template: The chat template, Jinja.
        placeholder: What the template writes for an image.
        image_text: What stands in its place, with one image token for each vector of the image.
        images: How many images a prompt holds: the joint image, or two.
        image_token_id: Stands for one vector of an image.
        end_token_id: Ends a caption: the end of the model's turn.
        pad_token_id: Fills batches.
        before_caption: Text between the prompt and the first word (SmolVLM: a space).
    """

    template: str
    placeholder: str
    image_text: str
    images: int
    image_token_id: int
    end_token_id: int
    pad_token_id: int
    before_caption: str = ""

    decoder_start_token_id: None = None
    encoder_decoder: bool = False

    def prompt_text(self, prompt: str, tokenizer: Any) -> str:
        """The whole prompt as text: the user's turn with images and question, and the beginning of the answer."""
        text = rendered(tokenizer, self.template, prompt, self.images)
        if text.count(self.placeholder) != self.images:
            raise ModelError(
                f"chat template: writes {self.placeholder} {text.count(self.placeholder)} times for {self.images}"
                " images; give a checkpoint whose template and tokens belong together"
            )
        return text.replace(self.placeholder, self.image_text)

    def prompt_tokens(self, prompt: str, tokenizer: Any) -> list[int]:
        """Tokens of the whole prompt."""
        return list(tokenizer(self.prompt_text(prompt, tokenizer), add_special_tokens=False)["input_ids"])

    def caption_tokens(self, caption: str, tokenizer: Any, *, after_prompt: bool = False) -> list[int]:
        """Tokens of a caption with the end token.

        Args:
            caption: The text; white space around it is dropped.
            tokenizer: Of the language model.
            after_prompt: Makes no difference: the answer always stands in a turn of its own.
        """
        text = self.before_caption + caption.strip()
        return [*tokenizer(text, add_special_tokens=False)["input_ids"], self.end_token_id]


def rendered(tokenizer: Any, template: str, prompt: str, images: int, answer: str | None = None) -> str:
    """A conversation as text.

    Args:
        tokenizer: Its special tokens are known to the template.
        template: Jinja.
        prompt: The question after the images.
        images: How many there are.
        answer: What the model said; None for the beginning of an answer.
    """
    content: list[dict[str, str]] = [{"type": "image"}] * images + [{"type": "text", "text": prompt}]
    conversation: list[dict[str, Any]] = [{"role": "user", "content": content}]
    if answer is not None:
        conversation.append({"role": "assistant", "content": [{"type": "text", "text": answer}]})
    text: str = tokenizer.apply_chat_template(
        conversation, chat_template=template, tokenize=False, add_generation_prompt=answer is None
    )
    return text


def around_answer(tokenizer: Any, template: str) -> tuple[str, int]:
    """What the template puts between the prompt and an answer, and the token that ends it.

    Raises:
        ModelError: An answer does not continue the prompt, or no single special token ends it.
    """
    begun = rendered(tokenizer, template, "?", 1)
    whole = rendered(tokenizer, template, "?", 1, _ANSWER)
    if not whole.startswith(begun.rstrip()) or _ANSWER not in whole[len(begun.rstrip()) :]:
        raise ModelError(
            "chat template: what it writes for an answer does not continue what it writes to ask for one, so that no"
            " caption can be trained; give a checkpoint with a plain template"
        )
    before, _, after = whole[len(begun.rstrip()) :].partition(_ANSWER)
    ending = tokenizer(after.lstrip(), add_special_tokens=False)["input_ids"]
    if not ending or ending[0] not in tokenizer.added_tokens_decoder:
        raise ModelError(
            f"chat template: ends an answer with {after!r}, which does not begin with a special token, so that a"
            " caption would have no end; give a checkpoint with a plain template"
        )
    given = begun[len(begun.rstrip()) :]  # what the prompt ends with already
    if before.startswith(given):
        return before.removeprefix(given), int(ending[0])
    return "" if not before.strip() else before, int(ending[0])
