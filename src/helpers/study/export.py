"""From a configuration to a saved policy, and from a policy and a file of records to a file of scores."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

import numpy as np

from helpers import data, encoders, policy
from helpers.config import Config
from helpers.study import cell, strategies, trials
from helpers.study.card import card_areas, notes_read_by, statements
from helpers.study.strategy import Strategy

# Data sets with known effects are simulated; of the others nobody knows more than held-out records say.
NOT_FOR_DATA = {
    True: "real patients at all: the records it was trained on are simulated",
    False: "decisions in care as it stands: its worth was estimated from past records, never tried out",
}


def train_policy(
    config: Config,
    name: str,
    share: float | None = None,
    cost: float | None = None,
    withheld: Collection[str] = (),
) -> policy.Policy:
    """The policy of a strategy, learned on the training side of the first repetition, measured on its test side.

    Parameters
    ----------
    config : Config
    name : str
        As :func:`helpers.study.strategy_named` takes it; a strategy that estimates effects from bedside features.
    share, cost : float or None
        Share of patients it is meant to treat, cost of a treatment in units of the outcome: the card says what the
        policy is worth there.
    withheld : names of columns
        Of whose groups the card says nothing.

    Raises
    ------
    ValueError
        If the strategy cannot be exported.
    """
    strategy = strategies.strategy_named(name)
    _check(config, name, strategy)
    trial = next(iter(trials.replications(config, [0])))
    _judged = trial.scores  # a test side that cannot be judged is refused before anything is trained
    learner = cell.run_strategy(trial, strategy)
    encoder = _fitted_encoder(trial, strategy)
    tau_hat = cell.bedside_effect(trial, strategy, learner)
    areas = card_areas(trial, name, tau_hat).set_index("metric")
    card = policy.make_card(
        _facts(trial, name, encoder),
        {"test_records": len(trial.test), **areas["value"]},
        (NOT_FOR_DATA[trial.test.has_truth],),
        intervals={metric: (row.low, row.high) for metric, row in areas.iterrows()},
        statements=statements(trial, tau_hat, share, cost, withheld, encoder),
    )
    made = policy.from_learner(learner, trial.train, encoder, card, strategy.features, data.table_spec(config))
    return replace(made, reference=policy.make_reference(made, trial.train, trial.test, {"share": share, "cost": cost}))


def export_policy(
    config: Config,
    name: str,
    folder: str | Path,
    overwrite: bool = False,
    share: float | None = None,
    cost: float | None = None,
) -> Path:
    """Train the policy of a strategy and save it; a folder that may not be written is refused before the training."""
    policy.check_target(folder, overwrite)
    return policy.save_policy(train_policy(config, name, share, cost), folder, overwrite)


def deployable(config: Config, name: str = strategies.RECOMMENDED) -> str:
    """The strategy itself, or, where its reader may not leave with these notes, the same on frozen vectors."""
    strategy = strategies.strategy_named(name)
    try:
        _check(config, name, strategy)
    except ValueError:
        if strategy.features == "read":
            return f"{name.partition('@')[0]}@phi"
    return name


def _check(config: Config, name: str, strategy: Strategy) -> None:
    """Refuse before anything is trained what could not be exported afterwards."""
    if strategy.features not in policy.FEATURE_SETS or not strategy.estimates:
        raise ValueError(f"strategy {name!r} gives no effects from bedside features. {policy.EXPORTABLE}")
    if strategy.features == "read":
        reads = encoders.make_encoder(encoders.reading_encoder(config.encoder, config.reader), device=config.device)
    else:
        reads = None if strategy.features == "tabular" else trials.frozen_encoder(config)
    policy.check_exportable(reads, public=data.is_public(config))


def _fitted_encoder(trial: trials.Trial, strategy: Strategy) -> encoders.Encoder | None:
    """What reads the notes for a strategy; the same training gives the same encoder again."""
    if strategy.features == "tabular":
        return None
    if strategy.features == "read":
        return trial.reading.encoder
    return trials.frozen_encoder(trial.config).fit(trial.train.texts)


def _facts(trial: trials.Trial, name: str, encoder: encoders.Encoder | None) -> dict:
    config, strategy = trial.config, strategies.strategy_named(name)
    made_by = {} if encoder is None else policy.provenance_of(encoder)
    return {
        "dataset": config.dataset,
        "process": config.process,
        "note_style": config.note_style,
        "training_records": len(trial.train),
        "annotated_records": int(trial.annotated.sum()),
        "annotations": _annotations(trial) if strategy.annotated else 0,
        "notes_read_by": notes_read_by(encoder),
        "reader_folds": encoder.folds if isinstance(encoder, encoders.Supervised) else None,
        "encoder": None if encoder is None else trial.reading.name if strategy.features == "read" else config.encoder,
        "encoder_model": made_by.get("model"),
        "encoder_revision": made_by.get("revision"),
        "strategy": f"{strategy.label} ({name})",
        "seed": config.seed,
    }


def _annotations(trial: trials.Trial) -> int:
    """Answers about single confounders that the annotators gave within the budget."""
    columns = list(trial.train.roles.annotations)
    return int(trial.train.frame.loc[np.asarray(trial.annotated), columns].notna().to_numpy().sum())
