"""Scans made from physics, with their truth."""
