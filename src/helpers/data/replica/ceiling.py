"""The best order that generated notes allow: exact expected effects given what a note says."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from helpers.data.cohort import Cohort
from helpers.data.columns import FEVER_LEVELS
from helpers.data.processes import MEANS
from helpers.data.replica.mentions import DEFAULT_MENTION, SYMPTOMS, Mention
from helpers.data.replica.network import NOISY_OR, P_FEVER, P_INF, P_PNEU, noisy_or

BEDSIDE = ("asthma", "smoking", "COPD", "winter", "hay_fever")  # bedside columns on which symptoms depend
HIDDEN_CAUSES = ("inf", "pneu")


def expected_effect(cohort: Cohort, mention: Mention = DEFAULT_MENTION) -> np.ndarray:
    """``E[tau | which symptoms the note affirms or denies, bedside columns]`` under the generating process.

    Exact, by listing the configurations of symptoms and their unseen causes. What else a note tells (a cough in the
    words of pneumonia, sounds over the lungs) is left aside; a model that uses it may do a little better.

    Parameters
    ----------
    cohort : Cohort
        Generated records with the columns ``said_<symptom>`` and a process.
    mention : Mention
        The chances with which the notes were written.

    Returns
    -------
    (n,) expected effects; to rank by them is the ceiling of every policy that reads the notes.

    Raises
    ------
    ValueError
        If the mentions were not recorded or the process is not one of the generated ones.
    """
    missing = [f"said_{s}" for s in SYMPTOMS if f"said_{s}" not in cohort.frame]
    if missing or cohort.process not in MEANS:
        raise ValueError(
            f"cohort {cohort.name!r}: needs the columns said_<symptom> (missing: {missing}) and a process of "
            f"{sorted(MEANS)} (got {cohort.process!r}); both exist for generated records only."
        )
    configurations = list_configurations()
    chance = prior(configurations)[_number(cohort.frame, BEDSIDE)]
    for symptom in SYMPTOMS:
        chance *= _likelihood(cohort, symptom, configurations, mention)
    chance /= chance.sum(1, keepdims=True)
    effects = np.stack([_effects(configurations, cohort.process, s) for s in (0, 1)])
    return (chance * effects[cohort.frame["self_empl"].to_numpy()]).sum(1)


def mentions_known(cohort: Cohort) -> bool:
    """Whether the records tell what their notes affirm, deny or leave out: those of generated notes do."""
    return all(f"said_{symptom}" in cohort.frame for symptom in SYMPTOMS)


def list_configurations() -> pd.DataFrame:
    """All 192 combinations of the unseen causes and the symptoms."""
    rows = product(*[(0, 1)] * 6, range(3))
    frame = pd.DataFrame(rows, columns=[*HIDDEN_CAUSES, *SYMPTOMS]).astype(np.int8)
    return frame.assign(fever=pd.Categorical.from_codes(frame["fever"], FEVER_LEVELS, ordered=True))


def prior(configurations: pd.DataFrame) -> np.ndarray:
    """(32, 192) chance of each configuration given the bedside columns, numbered in binary, the first leading."""
    return np.stack([_chance(configurations.assign(**known)) for known in _patterns()])


def _patterns() -> list[dict[str, int]]:
    return [dict(zip(BEDSIDE, values, strict=True)) for values in product((0, 1), repeat=len(BEDSIDE))]


def _chance(cells: pd.DataFrame) -> np.ndarray:
    """Chance of the configurations in cells that also hold the bedside columns."""
    v = {name: cells[name].to_numpy() for name in cells if name != "fever"}
    chances = {"inf": P_INF[v["winter"]], "pneu": P_PNEU[4 * v["COPD"] + 2 * v["asthma"] + v["winter"]]}
    chances |= {name: noisy_or(v, leak, causes) for name, (leak, causes) in NOISY_OR.items()}
    p = P_FEVER[2 * v["pneu"] + v["inf"], cells["fever"].cat.codes]
    for name, q in chances.items():
        p = p * np.where(v[name] == 1, q, 1 - q)
    return p


def _likelihood(cohort: Cohort, symptom: str, configurations: pd.DataFrame, mention: Mention) -> np.ndarray:
    """(n, 192) up to a factor, the chance of what a note says or does not say about a symptom."""
    own, true = _codes(configurations[symptom]), _codes(cohort.frame[symptom])
    silent = 1 - np.array(getattr(mention, symptom))[own]
    said = cohort.frame[f"said_{symptom}"].to_numpy(bool)
    return np.where(said[:, None], true[:, None] == own[None], silent[None])


def _codes(column: pd.Series) -> np.ndarray:
    return (column.cat.codes if isinstance(column.dtype, pd.CategoricalDtype) else column).to_numpy(int)


def _number(frame: pd.DataFrame, columns: tuple[str, ...]) -> np.ndarray:
    return frame[list(columns)].to_numpy(int) @ (1 << np.arange(len(columns))[::-1])


def _effects(configurations: pd.DataFrame, process: str, self_empl: int) -> np.ndarray:
    mu0, mu1, _ = MEANS[process](configurations.assign(self_empl=self_empl, policy=0))
    return mu1 - mu0
