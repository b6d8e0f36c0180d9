"""Colours of lines, safe for colour-blind readers (Okabe & Ito 2008, jfly.uni-koeln.de/color)."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31", "#888888", "#6A3D9A")
