"""Watch a policy in use: have notes, columns or scores drifted, who is treated, and are its effects still right?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.artifacts.files import replacing
from helpers.data.tables import read_strings
from helpers.data.written import YES_NO, numbers, spelt
from helpers.evaluation.shift.counts import counts_test
from helpers.policy import files, source
from helpers.policy.fairness import fairness_table
from helpers.policy.model import Policy
from helpers.policy.reference import FEWEST_WATCHED, Seen, calibration_now, counted, look, one_a_patient
from helpers.policy.rules import treat_by_budget, treat_by_cost
from helpers.policy.table import WrittenTable
from helpers.privacy.disclosure import in_groups
from helpers.privacy.errors import DataError, no_data_in_errors
from helpers.stats.intervals import p_of_interval, summed_interval
from helpers.stats.multiplicity import holm

LEAST_DRAWS = 9_999
SHARE_TREATED = 0.2  # treated, where neither the export nor the call says


@dataclass(frozen=True)
class Outcomes:
    """Where outcomes that have arrived stand.

    Parameters
    ----------
    treatment, outcome : str
        Columns of the file of records, or of ``file``.
    file : path or None
        Another file with the identifier of the records, each once.
    treated : str or None
        The word that says treated; None: yes, true or 1.
    """

    treatment: str
    outcome: str
    file: Path | None = None
    treated: str | None = None


@dataclass(frozen=True, repr=False)
class Watch:
    """What was found.

    Attributes
    ----------
    drift : DataFrame
        ``what, n, distance, p_value, adjusted, alarm``, a row a quantity; distance is half the sum of the differences
        of shares.
    calibration : DataFrame
        ``what, then, now, difference, low, high, p_value, adjusted, alarm``; empty without outcomes.
    treated : DataFrame
        Shares treated by subgroup, as ``fairness_table`` gives it.
    records, patients, scored : int
    reasons : dict of words to int
        Why records have no score.
    rule : str
    share : float
        Treated of those scored.
    level : float
        Chance of an alarm of any kind where nothing has changed, at most.
    notes : list of str
        What could not be looked at.
    """

    drift: pd.DataFrame
    calibration: pd.DataFrame
    treated: pd.DataFrame
    records: int
    patients: int
    scored: int
    reasons: dict[str, int]
    rule: str
    share: float
    level: float
    notes: list[str]

    @property
    def alarms(self) -> list[str]:
        """Names of what has changed."""
        return [*self.drift.loc[self.drift["alarm"], "what"], *self.calibration.loc[self.calibration["alarm"], "what"]]


def watch_file(
    folder: str | Path,
    records: str | Path,
    outcomes: Outcomes | None = None,
    share: float | None = None,
    cost: float | None = None,
    level: float = 0.01,
    device: str | None = None,
    other_versions: bool = False,
    seed: int = 0,
) -> Watch:
    """Compare new records with what the policy kept of its training.

    Parameters
    ----------
    folder, records : path
        Of the policy and the new records.
    outcomes : Outcomes or None
    share, cost : float or None
        The rule in use; None: what was said at export, or a fifth of the records.
    level : float
        Chance of any alarm where nothing has changed. Half of it is for drift, half for calibration, if that is looked
        at; within each, Holm's correction.
    device, other_versions
        As ``load_policy`` takes them.
    seed : int

    Raises
    ------
    ValueError
        The policy kept no reference, or there are too few patients to say anything.
    """
    if not 0 < level < 1:
        raise ValueError(f"level = {level:g}: must lie between 0 and 1, as .01.")
    policy = files.load_policy(folder, device, other_versions)
    if policy.reference is None:
        raise DataError(f"{folder}: keeps no reference to compare with; export it again with this version.")
    return _watched(policy, records, outcomes, share, cost, level, seed)


@no_data_in_errors("records: watching")
def _watched(policy: Policy, records, outcomes: Outcomes | None, share, cost, level: float, seed: int) -> Watch:
    beside = outcomes is not None and outcomes.file is None
    more = (outcomes.treatment, outcomes.outcome) if outcomes is not None and beside else ()
    checked, cells, form = source.read_beside(records, policy.inputs, more)
    seen, ids = look(policy, checked), checked[policy.inputs.id].to_numpy()
    scores = seen.scores
    rows = one_a_patient(ids, seed)
    if len(rows) < FEWEST_WATCHED:
        raise DataError(
            f"{records}: {len(rows)} patients; at least {FEWEST_WATCHED} are needed to say whether anything changed."
        )
    part = level if outcomes is None else level / 2
    drift = _drift(policy.reference or {}, seen, rows, part, seed)
    notes: list[str] = []
    told = _empty() if outcomes is None else _calibrated(policy, seen, ids, cells, form, outcomes, part, notes)
    treated, table, rule = _treated(policy, seen, share, cost)
    known = scores["priority"].notna()
    reasons = scores.loc[~known].apply(
        lambda r: r["unseen"] and "a level or gap unseen in training" or r["reading"], axis=1
    )
    counts = {str(k): int(v) for k, v in reasons.value_counts().items()} if len(reasons) else {}
    ends = (len(scores), len(rows), int(known.sum()), counts, rule, float(treated.mean()) if len(treated) else 0.0)
    return Watch(drift, told, table, *ends, level, notes)


def write_page(out: Path, content: str) -> Path:
    """Write the page; what is there is replaced if it is such a page, or nothing."""
    out = Path(out).expanduser()
    if out.suffix != ".html":
        raise ValueError(f"out = {out}: the page is written as .html; give the file that ending.")
    if out.exists() and (not out.is_file() or not out.read_bytes().startswith(b"<!doctype html>")):
        raise FileExistsError(f"{out}: is there and is no such page; choose another name, nothing of it is lost.")
    with replacing(out) as temporary:
        temporary.write_text(content, encoding="utf-8")
    return out


def _drift(reference: dict, seen: Seen, rows: np.ndarray, level: float, seed: int) -> pd.DataFrame:
    found, features = [], reference["features"]
    draws = max(
        LEAST_DRAWS, int(np.ceil(2 * len(features) / level))
    )  # else Holm's correction could never pass the level
    for k, feature in enumerate(features):
        values = (seen.words if feature["levels"] else seen.numbers).get(feature["name"])
        now, then = (
            (np.zeros(0, int) if values is None else counted(feature, values[rows])),
            np.array(feature["counts"]),
        )
        if not now.sum():
            continue
        p = counts_test(then, now, draws, seed + k)
        distance = float(np.abs(now / now.sum() - then / then.sum()).sum() / 2)
        found.append({"what": feature["name"], "n": int(now.sum()), "distance": distance, "p_value": p})
    table = pd.DataFrame(found, columns=["what", "n", "distance", "p_value"])
    adjusted = holm(table["p_value"].to_numpy()) if len(table) else np.zeros(0)
    return table.assign(adjusted=adjusted, alarm=adjusted <= level)


def _empty() -> pd.DataFrame:
    names = ["what", "then", "now", "difference", "low", "high", "p_value", "adjusted"]
    return pd.DataFrame(columns=names).assign(alarm=pd.Series(dtype=bool))


def _calibrated(policy: Policy, seen: Seen, ids, cells, form, outcomes: Outcomes, level, notes) -> pd.DataFrame:
    T, Y, rows = _arrived(policy, seen.frame, cells, form, outcomes)
    then = policy.reference["calibration"] if policy.reference else None
    turned = Y if policy.lower_is_better else -Y
    now = calibration_now(policy, seen.take(rows), T, turned, ids[rows]) if len(rows) else None
    if then is None or now is None:
        side = "the export" if then is None else "the records whose outcome has arrived"
        notes.append(f"Calibration: too few patients of one arm in {side}; not looked at.")
        return _empty()
    found = []
    for name in ("gap", "slope"):
        if then[name] is None or now[name] is None:
            continue
        gap = summed_interval(now[name]["value"] - then[name]["value"], [now[name], then[name]], 1 - level)
        p = float(p_of_interval(gap["value"], gap["low"], gap["high"], gap["freedom"], 1 - level))
        row = {"what": f"calibration {name}", "then": then[name]["value"], "now": now[name]["value"]}
        found.append(row | {"difference": gap["value"], "low": gap["low"], "high": gap["high"], "p_value": p})
    table = pd.DataFrame(found)
    adjusted = holm(table["p_value"].to_numpy())
    return table.assign(adjusted=adjusted, alarm=adjusted <= level)


def _arrived(policy: Policy, checked, cells, form: WrittenTable, outcomes: Outcomes):
    """Treatment, outcome and position of the records whose outcome has arrived."""
    place = np.arange(len(checked))
    if outcomes.file is not None:
        cells, place = _joined(policy, checked, form, outcomes, outcomes.file)
    Y = numbers(cells[outcomes.outcome], form.decimal, form.thousands).to_numpy(float)
    said = cells[outcomes.treatment].map(lambda v: "" if pd.isna(v) else spelt(str(v)))
    if outcomes.treated is None:
        T = said.map(YES_NO).to_numpy(float)
    else:
        T = np.where(said == "", np.nan, said == spelt(outcomes.treated)).astype(float)
    there = np.isfinite(Y) & (said != "").to_numpy()
    if wrong := int(np.isnan(T[there]).sum()):
        raise DataError(
            f"treatment: {wrong} of {int(there.sum())} cells of {outcomes.treatment!r} are neither yes nor no; name "
            f"the word that says treated (--treated)."
        )
    return T[there].astype(int), Y[there], place[there]


def _joined(
    policy: Policy, checked, form: WrittenTable, outcomes: Outcomes, file: Path
) -> tuple[pd.DataFrame, np.ndarray]:
    name = next(iter(form.find([policy.inputs.id, form.id or ""], {"id": policy.inputs.id}, False).values()))
    wanted = [name, outcomes.treatment, outcomes.outcome]
    table = read_strings(Path(file).expanduser(), form.separator, form.encoding, wanted)
    ids = checked[policy.inputs.id].astype(str).str.strip()
    theirs = table[name].str.strip()
    if ids.duplicated().any() or theirs.duplicated().any():
        raise DataError(
            "outcomes: some identifiers stand in several rows; give the outcomes as columns of the file of records."
        )
    index = {value: i for i, value in enumerate(ids)}
    place = theirs.map(index)
    kept = place.notna()
    return table[kept].reset_index(drop=True), place[kept].to_numpy(int)


def _treated(policy: Policy, seen: Seen, share: float | None, cost: float | None):
    """Who of those scored is treated under the rule, the table of subgroups, and the rule in words."""
    said = policy.reference or {}
    if share is None and cost is None:
        share, cost = said.get("share"), said.get("cost")
    if share is None and cost is None:
        share = SHARE_TREATED
    known = np.isfinite(seen.effect)
    tau = seen.effect[known]
    if share is not None:
        treated, rule = treat_by_budget(-tau, share), f"the first {share:.0%} by priority"
    else:
        treated, rule = treat_by_cost(tau, float(cost or 0.0)), f"whoever gains more than {cost:g}"
    columns = [c.name for c in policy.inputs.columns]
    if not columns or not known.any():
        return treated, pd.DataFrame(), rule
    people = in_groups(seen.frame.loc[known, columns].reset_index(drop=True), columns)
    few = [c for c in columns if people[c].nunique() <= 20]
    return treated, fairness_table(treated, people, few), rule
