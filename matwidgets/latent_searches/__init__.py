"""Search a joint latent space of compositions and patterns for materials with the best predicted property."""

from matwidgets.latent_searches.objective import Conditions, LatentAim, LatentObjective
from matwidgets.latent_searches.proposals import Known, LatentResult, Proposal
from matwidgets.latent_searches.search import NothingFeasible, decoded_at, search_latent

__all__ = [
    "Conditions",
    "Known",
    "LatentAim",
    "LatentObjective",
    "LatentResult",
    "NothingFeasible",
    "Proposal",
    "decoded_at",
    "search_latent",
]
