"""Strategies by their names, which are compared, and which can run on a cohort."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from helpers import data
from helpers.data.cohort import Cohort
from helpers.privacy.escaping import escaped
from helpers.study.catalogue import STRATEGIES
from helpers.study.strategy import FEATURES, Strategy

ON = {  # a representation, in the label of a strategy that sees another one by itself
    "phi": "frozen vectors",
    "text": "the note alone",
    "tabular": "the bedside columns",
    "read": "the reader",
    "said": "what the note says",
    "confounders": "the confounders",
    "truth": "the true effects",
}


RECOMMENDED = "plug"
# Better learner on the same vectors, and better vectors under the same learner.
SAME_VECTORS = ("aace_ridge@phi", "aace_smooth@phi", "plug@phi")
SAME_LEARNER = ("aace@read",)
# With every record annotated EM has nothing to add to impute-then-plug, and the two-phase learners nothing to AACE on
# ridge: the comparison leaves to the chapter on budgets what differs only where annotations are missing.
COMPARED = ("random", "risk", "tabular", "t", "t_heads", "tarnet", "dragonnet", "r", "forest", "dr", "dr_heads")
COMPARED += ("aace", "econml_dr", "aace_boost", "rank", "rank_linear", *SAME_VECTORS, *SAME_LEARNER)
COMPARED += ("aace_ridge", "aace_smooth", "plug", "said", "oracle_x", "oracle")

# What a page shows first: of every group the members that its sentences speak of.
MAIN = ("random", "risk", "tabular", "dr", "aace", *SAME_VECTORS, *SAME_LEARNER)
MAIN += ("aace_ridge", "aace_smooth", "plug", "said", "oracle_x", "oracle")


def strategy_named(name: str) -> Strategy:
    """A strategy by its name, or by ``name@features`` one that sees other features at the bedside.

    Raises
    ------
    ValueError
        If there is no such strategy or representation, or a strategy without annotations were to see a representation
        that was learned from annotations.
    """
    base, _, features = name.partition("@")
    if base not in STRATEGIES or (features and features not in FEATURES):
        raise ValueError(
            f"strategy {name!r}: valid are {sorted(STRATEGIES)}, alone or followed by @ and one of {sorted(FEATURES)}."
        )
    strategy = STRATEGIES[base]
    if not features or features == strategy.features:
        return strategy
    if features == "read" and not strategy.annotated:
        raise ValueError(
            f"strategy {name!r}: {base} learns without annotations, and the reader has learned from them; take one of "
            f"{sorted(n for n, s in STRATEGIES.items() if s.annotated)} on it, or {base} on another representation."
        )
    return _on(strategy, features)


def _on(strategy: Strategy, features: str) -> Strategy:
    """A strategy on another representation than its own, which its label and its group tell."""
    group = {"read": "read", "phi": "frozen"}.get(features, strategy.group) if strategy.annotated else strategy.group
    return replace(strategy, features=features, group=group, label=f"{strategy.label}, on {ON[features]}")


def applicable(cohort: Cohort, names: Iterable[str] = COMPARED) -> tuple[list[str], dict[str, str]]:
    """Which strategies can run on a cohort, and why the others cannot.

    Parameters
    ----------
    cohort : Cohort
    names : iterable of str
        As :func:`strategy_named` takes them.

    Returns
    -------
    usable : list of str
        In the order given.
    reasons : dict
        Each of the others with one sentence.
    """
    reasons = {name: _obstacle(cohort, strategy_named(name)) for name in names}
    return [n for n, r in reasons.items() if r is None], {n: r for n, r in reasons.items() if r is not None}


def readable(cohort: Cohort, names: Iterable[str]) -> list[str]:
    """The names, with ``@phi`` in place of a reader where fields are measured numbers, which it cannot read."""
    names = list(names)
    if not cohort.measured:
        return names
    on_phi = [n if strategy_named(n).features != "read" else f"{n.partition('@')[0]}@phi" for n in names]
    return list(dict.fromkeys(on_phi))


def _obstacle(cohort: Cohort, strategy: Strategy) -> str | None:
    if strategy.features == "truth" and cohort.roles.outcome and not cohort.has_truth:
        return "The true effects of these records are not known."
    if strategy.features == "said" and not data.mentions_known(cohort):
        return "What these notes leave out is not known."
    if (strategy.levels or strategy.features == "read") and cohort.measured:
        return f"It needs annotations with levels; {', '.join(map(escaped, cohort.measured))} are measured numbers."
    if strategy.complete and any(cohort.frame[c].isna().any() for c in cohort.roles.annotations):
        return "It takes no missing values."
    if "tabular" in strategy.features and not cohort.roles.tabular:
        return "These records have no bedside columns."
    return None
