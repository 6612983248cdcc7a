"""Encoders that learn from annotations: readers of words, of sentences, and tuned ones."""
