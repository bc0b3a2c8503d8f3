"""What was claimed, and what we got: one record, one experiment and one notebook a paper."""

from matwidgets.papers.claims import Claim, Deviation, Finding
from matwidgets.papers.ledger import Ledger, verdict
from matwidgets.papers.registry import Paper, load_papers, paper

__all__ = ["Claim", "Deviation", "Finding", "Ledger", "Paper", "load_papers", "paper", "verdict"]
