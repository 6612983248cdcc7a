"""What a configuration asks of its data, looked at before anything runs: fields, files, names of columns."""

from __future__ import annotations

from helpers.config import MIMIC, Config
from helpers.data import meds
from helpers.data.columns import ANNOTATIONS
from helpers.data.load import meds_places, meds_spec, mimic_path, own_spec
from helpers.data.own import spec, table
from helpers.data.simsum import check_head


def annotated_fields(config: Config) -> tuple[str, ...]:
    """Names of the annotated confounders, without reading a record.

    Raises
    ------
    FileNotFoundError, ValueError
        The spec of an own table is missing or breaks a rule.
    """
    if config.dataset == "own":
        return tuple(spec.load_spec(own_spec(config)).annotations)
    if config.dataset == "meds":
        return tuple(meds.load_meds_spec(meds_spec(config)).annotations.fields)
    if config.dataset in MIMIC:
        from helpers.data.mimic.stays import STAY_ROLES
        from helpers.data.mimic.syn import SYN_ROLES

        return (SYN_ROLES if config.dataset == "mimic-syn" else STAY_ROLES).annotations
    return ANNOTATIONS


def check_readable(config: Config) -> None:
    """Refuse what would fail later: hidden fields that are none, files and columns that are not there.

    Of a table only the head is read, of a MIMIC-III or MEDS folder the heads of its files; nothing is generated.

    Raises
    ------
    FileNotFoundError, ValueError
        Names the parameter or file and what it may be.
    """
    fields = annotated_fields(config)
    strange = [name for name in config.hidden if name not in fields]
    if strange or set(config.hidden) >= set(fields):
        raise ValueError(
            f"hidden = {list(config.hidden)}: must be some, but not all, of the annotated confounders {list(fields)}."
        )
    if config.dataset == "own" and config.own_spec != "example":
        table.check_own_table(own_spec(config))
    if config.dataset == "meds" and config.meds_path != "synthetic":
        meds.check_meds(*meds_places(config))
    if config.dataset == "simsum" and config.simsum_path is not None:
        check_head(config.simsum_path)
    if config.mimic_path not in (None, "synthetic"):
        from helpers.data.mimic.reader import find_sources

        find_sources(mimic_path(config))
