"""Intervals over patients: influence functions and half-samples (layer 5)."""
