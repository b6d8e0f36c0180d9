"""Stands for torch, which no stub computes with: importing the real one takes as long as all their jobs."""
