"""Typed reading and writing of every result file."""
