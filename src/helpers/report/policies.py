"""What rules and policies differ in, in words and in tables."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from helpers.evaluation.results import AS_MANY, SCORES, TRUTH


def mix_in_words(mix: pd.DataFrame, only_a: str, only_b: str) -> str:
    """One sentence: by which columns the two groups on whom the policies disagree stand out most."""
    gaps = mix.dropna(subset="gap").sort_values("gap")
    if gaps.empty:
        return "Too few patients disagree to say who they are."
    least, most = gaps.iloc[0], gaps.iloc[-1]
    said = []
    for row, group, own, other in ((most, only_a, "only_a", "only_b"), (least, only_b, "only_b", "only_a")):
        if (row["gap"] > 0) == (own == "only_a"):
            spread = f"{abs(row['gap']):.1f} standard deviations more"
            said.append(
                f"`{row['variable']}` of those {group} (mean {row[own]:.2f} against {row[other]:.2f}, {spread})"
            )
    missing = mix.loc[mix["variable"] != "patients", "gap"].isna().any()
    start = "Of the columns shown, what sets them apart most" if missing else "What sets them apart most"
    return f"{start}: {'; '.join(said)}." if said else "The two groups are alike in every column."


def _short(baseline: str) -> str:
    """The name beside that of the rule which it follows in number."""
    return AS_MANY if baseline.startswith(AS_MANY) else baseline


def rules_wide(table: pd.DataFrame) -> pd.DataFrame:
    """Rows of :func:`pooled` to show: "mean [low, high]" by scores and by the true effects, and the share treated."""
    cells = [f"{r.value:+.3f} [{r.low:+.3f}, {r.high:+.3f}]" for r in table.itertuples()]
    named = table.assign(cell=cells, by="by " + table["by"], share=table["share"].map("{:.0%}".format))
    named = named.assign(baseline=named["baseline"].map(_short))
    keys = ["policy", "baseline", "share"]
    order = pd.MultiIndex.from_frame(named[keys].drop_duplicates())
    wide = named.pivot(index=keys, columns="by", values="cell").reindex(order)
    shown = wide.reset_index().rename(columns={"policy": "rule", "baseline": "compared with", "share": "treated"})
    empty = ["compared with"] if not table["baseline"].any() else []
    return shown.drop(columns=empty).set_index("rule").rename_axis(columns=None)


def rule_sentences(table: pd.DataFrame, pairs: Iterable[tuple[str, str]]) -> list[str]:
    """One line a comparison: what the true effects say, and what one held-out sample would have told a clinic."""
    found = {(r.policy, r.baseline, r.by): r for r in table.itertuples()}
    lines = []
    for first, second in pairs:
        rows = {by: found.get((first, second, by)) for by in (TRUTH, SCORES)}
        said = [say(rows[by]) for by, say in ((TRUTH, _truly), (SCORES, _told)) if rows[by] is not None]
        if said:
            lines.append(f"**{first}** against **{_short(second)}**: {'; '.join(said)}.")
    return lines


def _truly(row) -> str:
    real = row.low > 0 or row.high < 0
    verdict = ("it **gains**" if row.value < 0 else "it **loses**") if real else "the two **cannot be told apart**"
    return f"by the true effects {verdict} ({row.value:+.3f} [{row.low:+.3f}, {row.high:+.3f}] a patient)"


def _told(row) -> str:
    mean = f"held-out scores ({row.value:+.3f} [{row.low:+.3f}, {row.high:+.3f}] in the mean)"
    shares = {"that it gains": row.gains, "that it loses": row.loses}
    told = [f"{what} in {share * row.seeds:.0f} of {row.seeds} samples" for what, share in shares.items() if share]
    return f"{mean} tell a clinic {' and '.join(told)}" if told else f"{mean} tell a clinic nothing in any sample"
