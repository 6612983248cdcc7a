"""How far the estimates lean on overlap, nuisance learners and unrecorded confounders (layer 5)."""
