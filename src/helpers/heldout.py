"""Evaluation on held-out annotated records whose true effects nobody knows (layer 5)."""
