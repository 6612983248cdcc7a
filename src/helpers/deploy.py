"""From a configuration to a saved policy, and from a policy and a file of records to a file of scores (layer 6)."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from helpers import encoders, evaluation, policy, study
from helpers.artifacts import replacing
from helpers.config import Config

# Data sets with known effects are simulated; of the others nobody knows more than held-out records say.
NOT_FOR = {
    True: "real patients at all: the records it was trained on are simulated",
    False: "decisions in care as it stands: its worth was estimated from past records, never tried out",
}


def train_policy(config: Config, name: str) -> policy.Policy:
    """The policy of a strategy, learned on the training side of the first repetition, measured on its test side.

    Parameters
    ----------
    config : Config
    name : str
        As :func:`helpers.study.strategy_named` takes it; a strategy that estimates effects from bedside features.

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
    card = policy.make_card(
        _facts(config, trial, name), _metrics(config, trial, name, learner), (NOT_FOR[trial.test.has_truth],)
    )
    encoder = None
    if strategy.features != "tabular":
        encoder = encoders.make_encoder(config.encoder, device=config.device).fit(trial.train.texts)
    return policy.from_learner(learner, trial.train, encoder, card, strategy.features)


def export(config: Config, name: str, folder: str | Path, overwrite: bool = False) -> Path:
    """Train the policy of a strategy and save it; a folder that may not be written is refused before the training."""
    policy.check_target(folder, overwrite)
    return policy.save(train_policy(config, name), folder, overwrite)


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


def _facts(config: Config, trial: study.Trial, name: str) -> dict:
    strategy = study.strategy_named(name)
    return {
        "dataset": config.dataset,
        "process": config.process,
        "note_style": config.note_style,
        "training_records": len(trial.train),
        "annotated_records": int(trial.annotated.sum()),
        "encoder": None if strategy.features == "tabular" else config.encoder,
        "strategy": f"{name} ({strategy.label})",
        "seed": config.seed,
    }


def _metrics(config: Config, trial: study.Trial, name: str, learner) -> dict[str, float]:
    table = evaluation.turned_back(study.score_cell(config, trial, name, learner), trial.test)
    areas = table[table["at"].isna()]
    return {"test_records": len(trial.test), **dict(zip(areas["metric"], areas["value"], strict=True))}
