"""The first loss of wgan: huge only with the code's initial weights and its penalty."""

import json

import torch

from matwidgets.features import occupancy
from matwidgets.papers.wgan import CHECKPOINT
from matwidgets.papers.wgan_losses import first_loss, loss_claims


def rows() -> torch.Tensor:
    formulas = [
        f"{a}{n}{b}{m}"
        for a in ("Li", "Na", "Fe", "Sr")
        for b in ("O", "S", "Cl")
        for n in (1, 2)
        for m in (1, 3)
    ]
    return torch.as_tensor(occupancy.encode(formulas).counts)


def test_weights_of_deviation_one_and_the_penalty_make_it_huge():
    counts = rows()
    assert first_loss(counts) > 1e8 > 1e4 > abs(first_loss(counts, usual=True))
    assert abs(first_loss(counts, "paper")) < 1e3
    assert first_loss(counts, seed=1) == first_loss(counts, seed=1) != first_loss(counts, seed=2)


def test_it_is_a_sum_over_batches():
    counts = rows()
    twice = first_loss(torch.cat([counts] * 20), seed=0) / first_loss(torch.cat([counts] * 10), seed=0)
    assert 1.5 < twice < 2.7


def test_the_claim_is_a_power_of_ten_beside_the_usual_start():
    found = loss_claims(rows(), seeds=(0,))["first_loss"]
    assert found.here > found.control + 5 and "N(0, 1)" in found.why


def test_what_was_not_run_to_the_end_says_so():
    found = loss_claims(rows(), seeds=(0,))["last_loss"]
    card = json.loads((CHECKPOINT.parent / "wgan-paper.card.json").read_text("utf-8"))["card"]
    assert found.here is None and f"after {card['iterations']:,} of them" in found.why
    assert card["planned"] == 100_000 and card["measured"]["legible"] == card["measured"]["critic_loss"] == 0
