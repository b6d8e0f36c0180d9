"""Verdicts as tables, sentences, figures and a page."""
