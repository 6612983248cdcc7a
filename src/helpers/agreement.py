"""Whom two policies would treat, and who the patients are on whom they differ (layer 5)."""
