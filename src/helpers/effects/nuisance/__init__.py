"""Cross-fitted nuisances, the doubly robust pseudo-outcome, and how to judge both."""
