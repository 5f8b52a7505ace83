"""How sure a captioner is of its sentence, read from what the language model reads of the images.

In: the prefix of a joint image and the log-odds of change. Out: the probability that the greedy caption is right. The
likelihood of a caption does not tell it: a captioner that knows many wordings of everything spreads its probability
over them where it is right as where it is wrong. What the images look like does: a logistic curve over the prefix, with
a penalty on its weights, is fitted on held-out pairs, on captions that were judged by the pairs' own references.

The file `adapter_confidence.safetensors` beside an adapter holds it; adapters without one state no confidence.

Shapes: B pairs, Q image tokens, D width of the language model, F = Q * D + 1 features.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from blip2idc.errors import ModelError
from blip2idc.model.language import Prefix
from blip2idc.runs.files import atomic_path

FILE_NAME = "adapter_confidence.safetensors"
_LARGEST = 20.0  # log-odds beyond which a change is as sure as it can be
_STEPS = 200


@dataclass(frozen=True, eq=False)
class Confidence:
    """A logistic curve over the features of a pair.

    Attributes:
        weights: Float32 [F].
        bias: Added to the weighted sum.
        pairs: Number of held-out views that it was fitted on.
    """

    weights: torch.Tensor
    bias: float
    pairs: int = 0

    def of(self, features: torch.Tensor) -> list[float]:
        """Probability that the caption is right, of each pair.

        Args:
            features: From `features_of`, [B, F].

        Raises:
            ModelError: The features are those of another model.
        """
        if features.shape[1] != len(self.weights):
            raise ModelError(
                f"{FILE_NAME}: made for {len(self.weights)} features, this model has {features.shape[1]}; it belongs to"
                " another backbone"
            )
        found: list[float] = torch.sigmoid(features @ self.weights + self.bias).tolist()
        return found


def features_of(prefix: Prefix, log_odds: torch.Tensor) -> torch.Tensor:
    """What the confidence is read from, float32 [B, F]: the prefix, and how sure a change is.

    Args:
        prefix: Of B pairs.
        log_odds: Of change, [B].
    """
    read = prefix.embeddings.float().flatten(1).cpu()
    return torch.cat([read, log_odds.float().cpu().clamp(-_LARGEST, _LARGEST)[:, None]], dim=1)


def fit_confidence(features: torch.Tensor, right: Sequence[bool], penalty: float = 3e-3) -> Confidence:
    """Fit the curve on judged captions.

    Args:
        features: [N, F].
        right: Whether the caption of each was right.
        penalty: On the squares of the weights of standardised features.
    """
    truth = torch.tensor([float(value) for value in right])
    middle, spread = features.mean(0), features.std(0).clamp(min=1e-4)
    scaled = (features - middle) / spread
    weights = torch.zeros(features.shape[1], requires_grad=True)
    bias = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.LBFGS([weights, bias], max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.binary_cross_entropy_with_logits(scaled @ weights + bias, truth)
        value = value + penalty * weights.square().sum()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(loss)  # type: ignore[no-untyped-call]
    plain = (weights / spread).detach()
    return Confidence(plain, float(bias.detach() - middle @ plain), len(truth))


def save_confidence(confidence: Confidence, folder: Path) -> None:
    """Write it beside an adapter, whole or not at all."""
    from safetensors.torch import save_file

    with atomic_path(folder / FILE_NAME) as partial:
        tensors = {"weights": confidence.weights.contiguous(), "bias": torch.tensor([confidence.bias])}
        save_file(tensors, partial, metadata={"blip2idc": json.dumps({"pairs": confidence.pairs})})


def read_confidence(folder: Path) -> Confidence | None:
    """Read it from an adapter's folder; None where there is none.

    Raises:
        ModelError: The file holds something else.
    """
    from safetensors import SafetensorError, safe_open

    path = folder / FILE_NAME
    if not path.is_file():
        return None
    try:
        with safe_open(path, framework="pt") as file:
            weights, bias = file.get_tensor("weights").float(), file.get_tensor("bias").float()
            pairs = int(json.loads((file.metadata() or {}).get("blip2idc", "{}")).get("pairs", 0))
    except (SafetensorError, ValueError, TypeError, AttributeError) as error:
        raise ModelError(
            f"{path}: no confidence of an adapter ({str(error)[:80]}); delete it or fetch it anew"
        ) from None
    fits = weights.ndim == 1 and bias.shape == (1,)
    if not fits or not bool(torch.isfinite(weights).all() and torch.isfinite(bias).all()):
        raise ModelError(f"{path}: expected finite weights and one bias; delete it or fetch it anew")
    return Confidence(weights, float(bias), pairs)
