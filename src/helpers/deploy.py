"""From a configuration to a saved policy, and from a policy and a file of records to a file of scores (layer 6)."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pandas as pd

from helpers import card_contents, encoders, policy, study
from helpers.artifacts import replacing
from helpers.config import Config

# Data sets with known effects are simulated; of the others nobody knows more than held-out records say.
NOT_FOR = {
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
    strategy = study.strategy_named(name)
    if strategy.features not in policy.FEATURES or not strategy.estimates:
        raise ValueError(f"strategy {name!r} gives no effects from bedside features. {policy.EXPORTABLE}")
    trial = next(iter(study.trials(config, [0])))
    learner = study.run_strategy(config, trial, strategy)
    encoder = None
    if strategy.features != "tabular":
        encoder = encoders.make_encoder(config.encoder, device=config.device).fit(trial.train.texts)
    tau_hat = study.bedside_effect(trial, strategy, learner)
    areas = card_contents.areas(config, trial, name, tau_hat).set_index("metric")
    card = policy.make_card(
        _facts(config, trial, name, encoder),
        {"test_records": len(trial.test), **areas["value"]},
        (NOT_FOR[trial.test.has_truth],),
        intervals={metric: (row.low, row.high) for metric, row in areas.iterrows()},
        statements=card_contents.statements(config, trial, tau_hat, share, cost, withheld),
    )
    return policy.from_learner(learner, trial.train, encoder, card, strategy.features)


def export(
    config: Config,
    name: str,
    folder: str | Path,
    overwrite: bool = False,
    share: float | None = None,
    cost: float | None = None,
) -> Path:
    """Train the policy of a strategy and save it; a folder that may not be written is refused before the training."""
    policy.check_target(folder, overwrite)
    return policy.save(train_policy(config, name, share, cost), folder, overwrite)


def score_file(
    folder: str | Path,
    records: str | Path,
    out: str | Path,
    overwrite: bool = False,
    progress: bool = True,
    device: str | None = None,
    other_versions: bool = False,
) -> int:
    """Score the records of a .csv or .parquet file with a saved policy; the scores go to a .csv file.

    Parameters
    ----------
    folder, records, out : path
        Of the policy, the records and the scores.
    overwrite : bool
        Replace ``out`` if it is there.
    progress : bool
    device, other_versions
        As :func:`helpers.policy.load` takes them.

    Returns
    -------
    int
        Number of records scored.

    Raises
    ------
    FileExistsError, FileNotFoundError, ValueError
        If ``out`` is there, a file is missing, or records or policy are not fit; nothing is written then.
    """
    out = Path(out).expanduser()
    if out.suffix != ".csv":
        raise ValueError(f"out = {out}: the scores are written as .csv; give the file that ending.")
    if out.exists() and not overwrite:
        raise FileExistsError(f"{out}: is there already; pass overwrite=True (--overwrite) to replace it.")
    fitted = policy.load(folder, device, other_versions)
    scores = fitted.score(read_records(records, fitted), progress)
    with replacing(out) as temporary:
        scores.to_csv(temporary, index=False)
    return len(scores)


def read_records(path: str | Path, fitted: policy.Policy) -> pd.DataFrame:
    """Raw records from a .csv (comma separated, UTF-8) or .parquet file, typed as the policy reads them."""
    path = Path(path).expanduser()
    if not path.is_file():
        raise FileNotFoundError(f"{path}: no such file of records.")
    if path.suffix not in (".csv", ".parquet"):
        raise ValueError(f"{path}: records are read from .csv or .parquet files; convert the file to one of them.")
    try:
        if path.suffix == ".parquet":
            return pd.read_parquet(path)
        strings = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except (ValueError, OSError, pd.errors.ParserError) as error:
        # The original message may quote the file, hence only its kind and no chained cause.
        kind = type(error).__name__
    else:
        return fitted.inputs.parsed(strings)
    raise ValueError(f"{path}: cannot be read as a {path.suffix[1:]} table ({kind}); check that it is whole.")


def _facts(config: Config, trial: study.Trial, name: str, encoder: encoders.Encoder | None) -> dict:
    strategy = study.strategy_named(name)
    made_by = {} if encoder is None else encoder.provenance
    return {
        "dataset": config.dataset,
        "process": config.process,
        "note_style": config.note_style,
        "training_records": len(trial.train),
        "annotated_records": int(trial.annotated.sum()),
        "encoder": None if encoder is None else config.encoder,
        "encoder_model": made_by.get("model"),
        "encoder_revision": made_by.get("revision"),
        "strategy": f"{strategy.label} ({name})",
        "seed": config.seed,
    }
