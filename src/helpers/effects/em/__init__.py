"""EM over the confounders that nobody annotated, and a test of the assumption it makes."""
