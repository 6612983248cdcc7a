"""Keep the tables and facts that pages show and quote; only aggregates pass."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from helpers import privacy
from helpers.artifacts.files import replacing
from helpers.config import Config
from helpers.evaluation.results import paired
from helpers.report.words import number


def facts(areas: pd.DataFrame, metric: str, gaps: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """Numbers for prose: ``<metric>_<strategy>`` means, and ``gap_<name>``, ``.._low``, ``.._high`` of paired gaps.

    Parameters
    ----------
    areas : DataFrame
        Long results of areas (no curves).
    gaps : mapping
        Name to (strategy, baseline).
    """
    rows = areas[areas["metric"] == metric]
    found = {f"{metric}_{s}": number(v) for s, v in rows.groupby("strategy")["value"].mean().items()}
    for name, (strategy, baseline) in gaps.items():
        gap = paired(rows[rows["strategy"].isin([strategy, baseline])], baseline).iloc[0]
        ends = (("", "value"), ("_low", "low"), ("_high", "high"))
        found |= {f"gap_{name}{end}": number(gap[column], sign=True) for end, column in ends}
    return found


def shown(config: Config, table: pd.DataFrame, name: str = "table") -> pd.DataFrame:
    """What of a table pages and figures may show: all of it, or of records that are not public an aggregate.

    Raises
    ------
    helpers.privacy.aggregates.NotAggregate
        The records are not public and the table holds more than numbers under fixed keys.
    """
    return privacy.check_table(table, name) if config.aggregates_only else table


def keep(config: Config, name: str, table: pd.DataFrame) -> Path:
    """Write a result table to ``<results>/<name>.parquet``, whole or not at all; it must pass :func:`shown`."""
    table = shown(config, table, name)
    path = config.results_dir / f"{name}.parquet"
    with replacing(path) as temporary:
        table.to_parquet(temporary, index=False)
    return path


def keep_facts(config: Config, chapter: str, facts: Mapping[str, float | int | str]) -> Path:
    """Write the numbers that prose quotes to ``<results>/facts_<chapter>.json``; floats with three decimals.

    Of records that are not public only aggregates are written, see :mod:`helpers.privacy.aggregates`.
    """
    if config.aggregates_only:
        facts = privacy.check_facts(facts, f"facts_{chapter}")
    words = {k: number(v) if isinstance(v, float) else v for k, v in facts.items()}
    path = config.results_dir / f"facts_{chapter}.json"
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(words, indent=1), encoding="utf-8")
    return path
