"""CrabNet, a compositionally restricted attention network, with fractions one can differentiate through.

Letters in shape comments: B compositions, k element slots (0 = padding), d width of the model, h heads, t outputs.

Sources: A. R. Falkowski, S. K. Kauwe, T. D. Sparks, "Optimizing Fractional Compositions To Achieve Extraordinary
Properties" (2021), section 2, for the differentiable fractions; A. Y.-T. Wang et al., npj Comput. Mater. 7, 77 (2021),
for the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

SMALLEST_FRACTION = (
    1e-6  # below one atom in a million the logarithmic code is constant, so its slope stays finite
)


@dataclass(frozen=True)
class CrabNetConfig:
    """Sizes and choices of one network; the defaults are the original's (Wang et al. 2021 and its code)."""

    d_table: int = 200  # width of the element table: mat2vec has 200 columns
    d_model: int = 512  # Wang et al., "Methods"
    layers: int = 3  # Wang et al., "Methods"
    heads: int = 4  # Wang et al., "Methods"
    d_feedforward: int = 2048  # as in the authors' code
    head: tuple[int, ...] = (1024, 512, 256, 128)  # as in the authors' code
    dropout: float = 0.1  # as in the authors' code
    resolution: float = (
        5000.0  # highest phase of the fraction code; 5000 makes gradient ascent fail, see the README
    )
    pooling: Literal["mean", "fraction"] = (
        "mean"  # mean over the elements present (original) or weighted by fraction
    )
    attention: Literal["softmax", "fraction"] = (
        "softmax"  # "fraction": a key weighs as much as its element is present
    )
    outputs: int = 1  # properties predicted by one trunk; the original has one
    element_rows: int = 119  # atomic numbers 1 to 118 and the padding

    def __post_init__(self) -> None:
        if self.d_model % (4 * self.heads):
            raise ValueError(
                f"d_model is {self.d_model}; it must be a multiple of 4 * heads = {4 * self.heads}: choose another"
            )
        if self.pooling not in ("mean", "fraction") or self.attention not in ("softmax", "fraction"):
            raise ValueError(
                f"pooling {self.pooling!r}, attention {self.attention!r}: allowed are mean | fraction and "
                "softmax | fraction"
            )

    @classmethod
    def compact(cls, **changes: object) -> Self:
        """About 150 thousand weights, continuous in the fractions: trains in half a minute on one core."""
        small: dict[str, object] = dict(
            d_model=64, d_feedforward=128, head=(128, 64), dropout=0.1, resolution=20.0,
            pooling="fraction", attention="fraction",
        )  # fmt: skip
        return cls(**(small | changes))  # type: ignore[arg-type]

    @classmethod
    def mean_pooled(cls, **changes: object) -> Self:
        """The compact sizes with the original's attention and unweighted mean, for comparison."""
        original: dict[str, object] = dict(resolution=50.0, pooling="mean", attention="softmax")
        return cls.compact(**(original | changes))

    @classmethod
    def paper(cls, **changes: object) -> Self:
        """The original sizes: 12 million weights."""
        return cls(**changes)  # type: ignore[arg-type]


class CrabNetOutput(NamedTuple):
    """What the network says, on the standardised scale of its targets; with several outputs t comes last.

    Attributes
    ----------
    value : Tensor, shape (B,) or (B, t)
        Predicted property.
    log_sigma : Tensor, shape (B,) or (B, t)
        Logarithm of the Laplace scale times sqrt(2) (robust L1 loss).
    contributions : Tensor, shape (B, k) or (B, k, t)
        Share of each element; the sum over k is ``value``.
    weights : Tensor, shape (B, k)
        Pooling weight of each element; the sum over k is 1.
    attention : Tensor, shape (layers, B, h, k, k), or None
        Attention of each element (row) to every element (column), if asked for.
    """

    value: Tensor
    log_sigma: Tensor
    contributions: Tensor
    weights: Tensor
    attention: Tensor | None


class Dropout(nn.Module):
    """Dropout that may draw from a generator of its own, so that a training can be resumed bit by bit."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p
        self.generator: torch.Generator | None = None

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        kept = torch.rand(x.shape, generator=self.generator, device=x.device) >= self.p
        return x * kept / (1 - self.p)


class FractionEncoding(nn.Module):
    """Sine and cosine expansion of a fraction, half of it on a linear and half on a logarithmic scale.

    Computed on request instead of looked up, "such that the gradient is preserved" (Falkowski et al., section 2).
    """

    def __init__(self, width: int, resolution: float) -> None:
        super().__init__()
        self.resolution = resolution
        self.rates: Tensor
        rates = 50.0 ** -torch.linspace(0, 1, width // 4)  # base 50: as in the authors' code
        self.register_buffer("rates", rates, persistent=False)

    def forward(self, fractions: Tensor) -> tuple[Tensor, Tensor]:  # (B, k) -> twice (B, k, d/2)
        logarithmic = 1 - 0.0025 * torch.log2(fractions.clamp(min=SMALLEST_FRACTION)) ** 2
        return self._expand(fractions), self._expand(logarithmic)

    def _expand(self, x: Tensor) -> Tensor:
        phase = (self.resolution * x).unsqueeze(-1) * self.rates  # (B, k, d/4)
        return torch.cat([phase.sin(), phase.cos()], dim=-1)


class SelfAttention(nn.Module):
    """Multi-head attention whose weights are returned rather than thrown away."""

    def __init__(self, config: CrabNetConfig) -> None:
        super().__init__()
        self.heads, self.by_fraction = config.heads, config.attention == "fraction"
        self.project_in = nn.Linear(config.d_model, 3 * config.d_model)
        self.project_out = nn.Linear(config.d_model, config.d_model)
        nn.init.xavier_uniform_(self.project_in.weight)
        nn.init.zeros_(self.project_in.bias)

    def forward(self, x: Tensor, fractions: Tensor, absent: Tensor) -> tuple[Tensor, Tensor]:
        batch, k, d = x.shape
        query, key, value = (
            t.reshape(batch, k, self.heads, d // self.heads).transpose(1, 2)
            for t in self.project_in(x).chunk(3, -1)
        )  # each (B, h, k, d/h)
        logits = query @ key.transpose(-1, -2) / math.sqrt(d // self.heads)  # (B, h, k, k)
        if self.by_fraction:
            # A key counts in proportion to its fraction times a bounded preference (e^-2 to e^2): continuous, with a
            # finite slope, when an element vanishes. The original's softmax lets 0.01 at.% speak as loud as 50 at.%.
            preference = torch.exp(2 * torch.tanh(logits / 2)) * fractions[:, None, None, :]
            weights = preference / preference.sum(-1, keepdim=True)
        else:
            weights = logits.masked_fill(absent[:, None, None, :], -torch.inf).softmax(-1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, k, d)
        return self.project_out(mixed), weights


class EncoderLayer(nn.Module):
    """Post-norm transformer encoder layer."""

    def __init__(self, config: CrabNetConfig) -> None:
        super().__init__()
        d = config.d_model
        self.attention = SelfAttention(config)
        self.feedforward = nn.Sequential(
            nn.Linear(d, config.d_feedforward),
            nn.ReLU(),
            Dropout(config.dropout),
            nn.Linear(config.d_feedforward, d),
        )
        self.norm1, self.norm2, self.dropout = nn.LayerNorm(d), nn.LayerNorm(d), Dropout(config.dropout)

    def forward(self, x: Tensor, fractions: Tensor, absent: Tensor) -> tuple[Tensor, Tensor]:
        update, weights = self.attention(x, fractions, absent)
        x = self.norm1(x + self.dropout(update))
        return self.norm2(x + self.dropout(self.feedforward(x))), weights


class ResidualHead(nn.Module):
    """Fully connected residual network applied to every element: prediction, log sigma and gate."""

    def __init__(self, d_in: int, widths: tuple[int, ...], d_out: int) -> None:
        super().__init__()
        sizes = list(zip((d_in, *widths), widths, strict=False))
        self.steps = nn.ModuleList(nn.Linear(a, b) for a, b in sizes)
        self.shortcuts = nn.ModuleList(nn.Linear(a, b, bias=False) for a, b in sizes)
        self.out = nn.Linear(widths[-1], d_out)

    def forward(self, x: Tensor) -> Tensor:
        for step, shortcut in zip(self.steps, self.shortcuts, strict=True):
            x = functional.leaky_relu(step(x)) + shortcut(x)
        return self.out(x)


class CrabNet(nn.Module):
    """From elements and fractions to a property.

    Parameters
    ----------
    config : CrabNetConfig
    element_table : Tensor, shape (119, d_table), optional
        Frozen element properties, row = atomic number, row 0 = padding; rows of NaN are elements the table lacks.
        A trained linear map takes them to ``d_model`` (the original). Without it the network has one trained
        embedding, which is what a folded checkpoint holds.
    """

    def __init__(self, config: CrabNetConfig, element_table: Tensor | None = None) -> None:
        super().__init__()
        self.config = config
        d = config.d_model
        self.element_table: Tensor
        self.embedding: nn.Module
        if element_table is None:
            self.embedding = nn.Embedding(config.element_rows, d)
        else:
            if tuple(element_table.shape) != (config.element_rows, config.d_table):
                raise ValueError(
                    f"element_table has shape {tuple(element_table.shape)}; "
                    f"this configuration needs ({config.element_rows}, {config.d_table}): pass that table"
                )
            self.register_buffer("element_table", element_table.nan_to_num(0.0), persistent=False)
            self.embedding = nn.Linear(config.d_table, d)
        self.fraction_encoding = FractionEncoding(d, config.resolution)
        # Learned scales of the element code and of the two fraction codes (as in the authors' code).
        self.scales = nn.Parameter(torch.ones(3))
        self.layers = nn.ModuleList(EncoderLayer(config) for _ in range(config.layers))
        self.head = ResidualHead(d, config.head, 3 * config.outputs)

    @property
    def folded(self) -> bool:
        """Whether the element table has been folded into one trained embedding."""
        return isinstance(self.embedding, nn.Embedding)

    def draw_from(self, generator: torch.Generator | None) -> None:
        """Let every dropout draw from this generator (None: torch's global one)."""
        for module in self.modules():
            if isinstance(module, Dropout):
                module.generator = generator

    def forward(self, numbers: Tensor, fractions: Tensor, *, need_attention: bool = False) -> CrabNetOutput:
        """Predict.

        Parameters
        ----------
        numbers : LongTensor, shape (B, k)
            Atomic numbers, 0 = padding.
        fractions : Tensor, shape (B, k)
            Atomic fractions; rows sum to 1; 0 where ``numbers`` is 0.
        """
        absent = (numbers == 0) | (fractions <= 0)  # (B, k)
        x = self._describe(numbers, fractions)  # (B, k, d)
        seen = []
        for layer in self.layers:
            x, weights = layer(x, fractions, absent)
            if need_attention:
                seen.append(weights)
        each = self.head(x)  # (B, k, 3 t)
        if self.config.pooling == "fraction":
            share = fractions
        else:
            present = (~absent).to(fractions.dtype)
            share = present / present.sum(-1, keepdim=True)
        pooled = (each * share.unsqueeze(-1)).sum(1)  # (B, 3 t)
        gate = torch.sigmoid(pooled[:, 2::3])  # (B, t)
        value, log_sigma = pooled[:, 0::3] * gate, pooled[:, 1::3]
        contributions = share.unsqueeze(-1) * each[..., 0::3] * gate.unsqueeze(1)  # (B, k, t)
        if self.config.outputs == 1:
            value, log_sigma, contributions = value[:, 0], log_sigma[:, 0], contributions[..., 0]
        return CrabNetOutput(
            value=value,
            log_sigma=log_sigma,
            contributions=contributions,
            weights=share,
            attention=torch.stack(seen) if need_attention else None,
        )

    def _describe(self, numbers: Tensor, fractions: Tensor) -> Tensor:
        """The elemental descriptor matrix: element code plus fraction codes, (B, k, d)."""
        elements = self.embedding(numbers if self.folded else self.element_table[numbers])
        linear, logarithmic = self.fraction_encoding(fractions)
        codes = torch.cat([self.scales[1] * linear, self.scales[2] * logarithmic], dim=-1)
        return self.scales[0] * elements + codes

    def fold(self) -> CrabNet:
        """The same function with table and projection folded into one embedding: needs no table to predict."""
        if self.folded:
            return self
        folded = CrabNet(self.config).to(self.scales.device)
        assert isinstance(self.embedding, nn.Linear) and isinstance(folded.embedding, nn.Embedding)
        state = {k: v for k, v in self.state_dict().items() if not k.startswith("embedding.")}
        state["embedding.weight"] = self.embedding(self.element_table).detach()
        folded.load_state_dict(state)
        return folded.train(self.training)

    def only(self, output: int) -> CrabNet:
        """The same function for one of several outputs, folded: a network of its own."""
        folded = self.fold()
        single = CrabNet(replace(self.config, outputs=1)).to(self.scales.device)
        rows = slice(3 * output, 3 * output + 3)
        state = {k: v[rows] if k.startswith("head.out.") else v for k, v in folded.state_dict().items()}
        single.load_state_dict(state)
        return single.train(self.training)
