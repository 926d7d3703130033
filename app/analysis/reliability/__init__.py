"""How far a panel agrees, and how far its scores can be relied on."""

from app.analysis.reliability.alpha import ALPHA_METHOD, krippendorff_alpha
from app.analysis.reliability.panel import PanelReliability, panel_reliability

__all__ = ["ALPHA_METHOD", "PanelReliability", "krippendorff_alpha", "panel_reliability"]
