"""Imported by nothing."""

UNUSED = 1
