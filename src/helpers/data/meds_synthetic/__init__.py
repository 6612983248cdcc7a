"""Generated shards of MEDS in the shape of MIMIC-IV: known effects, confounders that only notes tell, late notes."""
