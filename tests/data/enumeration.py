"""Exact population values of the SimSUM network, by listing all of its 24,576 cells (test reference)."""

import itertools

import numpy as np
import pandas as pd

ORDER = ["policy", "self_empl", "asthma", "smoking", "hay_fever", "winter", "COPD", "inf", "pneu"]
ORDER += ["dysp", "cough", "pain", "nasal"]


def cells() -> tuple[pd.DataFrame, np.ndarray]:
    """All combinations of the variables before treatment, and their probabilities, written out longhand."""
    grid = np.array(list(itertools.product(*[[0, 1]] * 13, [0, 1, 2])), dtype=np.int8)
    frame = pd.DataFrame(grid[:, :13], columns=ORDER)
    frame["fever"] = pd.Categorical.from_codes(grid[:, 13], ["none", "low", "high"], ordered=True)
    return frame, np.array([_probability(dict(zip([*ORDER, "fever"], row.tolist(), strict=True))) for row in grid])


def _probability(c: dict) -> float:
    pneu = {"000": 0.005, "001": 0.015, "010": 0.0065, "011": 0.02, "100": 0.013, "101": 0.04, "110": 0.013}
    pneu["111"] = 0.04
    chance = {"policy": 0.65, "self_empl": 0.11, "asthma": 0.095, "smoking": 0.19, "hay_fever": 0.015, "winter": 0.4}
    chance["COPD"] = 0.073 if c["smoking"] else 0.0075
    chance["inf"] = 0.5 if c["winter"] else 0.05
    chance["pneu"] = pneu[f"{c['COPD']}{c['asthma']}{c['winter']}"]
    causes = {
        "dysp": [(1, 0.05), ("asthma", 0.9), ("smoking", 0.3), ("COPD", 0.9), ("hay_fever", 0.2), ("pneu", 0.3)],
        "cough": [(1, 0.07), ("asthma", 0.3), ("smoking", 0.6), ("COPD", 0.4), ("pneu", 0.85), ("inf", 0.7)],
        "pain": [(1, 0.05), ("COPD", 0.15), ("cough", 0.2), ("pneu", 0.3), ("inf", 0.1)],
        "nasal": [(1, 0.1), ("hay_fever", 0.85), ("inf", 0.7)],
    }
    for symptom, parts in causes.items():
        spared = 1.0
        for cause, strength in parts:
            spared *= 1 - strength if cause == 1 or c[cause] else 1.0
        chance[symptom] = 1 - spared
    fever = {"00": (0.8, 0.15, 0.05), "01": (0.75, 0.2, 0.05), "10": (0.1, 0.1, 0.8), "11": (0.05, 0.15, 0.8)}
    p = fever[f"{c['pneu']}{c['inf']}"][c["fever"]]
    for name, q in chance.items():
        p *= q if c[name] else 1 - q
    return p
