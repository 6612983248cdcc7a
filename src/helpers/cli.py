"""The command line: thin, and the check of a profile before anything runs."""

from __future__ import annotations

import json
import shlex
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from helpers import config

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,  # local variables hold notes
    help="Who to treat: checks of parameters and profiles, policies to use.",
)

annotate_app = typer.Typer(no_args_is_help=True, help="Plan annotation, hand out batches, take answers back.")
app.add_typer(annotate_app, name="annotate")

INPUTS = {
    "dataset",
    "own_spec",
    "simsum_path",
    "mimic_path",
    "meds_path",
    "meds_spec",
    "process",
    "hidden",
    "encoder",
    "device",
}
PROFILE_KEYS = {"chapters", "parameters", "overrides"}


def parse_settings(settings: str) -> dict:
    """Parameters from ``"n=3000 encoder=tfidf"``, each read by its type; see :func:`helpers.config.read_value`.

    Values with blanks stand in single or double quotes, as in ``own_spec="/data/my files/own.yml"``.

    Raises
    ------
    ValueError
        A quote that is not closed, a word without ``=``, a name given twice, or a value that cannot be read.
    """
    try:
        words = shlex.split(settings)
    except ValueError:
        raise ValueError(
            f"settings: got {settings!r}; a quote is not closed. A value with blanks or an apostrophe stands in double "
            f'quotes, as in own_spec="/data/my files/own.yml".'
        ) from None
    if wrong := [word for word in words if "=" not in word]:
        raise ValueError(
            f'settings: got {wrong[0]!r}; each must read name=value, as in "n=3000 encoder=tfidf"; a value with blanks '
            f"stands in quotes."
        )
    pairs = [word.split("=", 1) for word in words]
    names = [name for name, _ in pairs]
    if twice := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"settings: {twice[0]!r} is given twice; keep one.")
    return {name: config.read_value(name, text) for name, text in pairs}


def chapter_parameters(profile: dict, settings: str = "") -> dict[str, dict]:
    """The checked parameters of every chapter of a profile.

    Parameters
    ----------
    profile : dict
        ``chapters`` (list of notebook names), ``parameters`` (for all of them) and, if wanted,
        ``overrides`` (chapter -> parameters that differ there).
    settings : str
        ``name=value`` words that win over the profile in every chapter.

    Returns
    -------
    dict
        Chapter -> parameters, in the order of the profile; ``results`` is left to the workflow.

    Raises
    ------
    ValueError
        Unknown keys, chapters or parameters, and values out of their rules.
    """
    _check_keys(profile)
    chapters, common = profile["chapters"], profile.get("parameters") or {}
    overrides = profile.get("overrides") or {}
    strangers = sorted(set(overrides) - set(chapters))
    if strangers:
        raise ValueError(f"overrides: {strangers} are not among the chapters {chapters}; correct the name.")
    wanted = parse_settings(settings)
    merged = {chapter: {**common, **(overrides.get(chapter) or {}), **wanted} for chapter in chapters}
    for parameters in merged.values():
        if "results" in parameters:
            raise ValueError("results: the workflow sets it to the folder of the profile; remove it.")
        config.load(**parameters)
    return merged


def check_inputs(chapters: dict[str, dict]) -> None:
    """Look at what the chapters will ask for, before any of them runs: encoder, hidden fields, device and files.

    Takes a second or two: of a table only the names of its columns are read.

    Parameters
    ----------
    chapters : dict
        As :func:`chapter_parameters` returns it.

    Raises
    ------
    ValueError, OSError
        Says which parameter is wrong, and what it may be.
    """
    from helpers import data, encoders
    from helpers.encoders.loading import resolve

    for settings in {config.load(**parameters).model_dump_json(include=INPUTS) for parameters in chapters.values()}:
        given = config.load(**json.loads(settings))
        encoders.make_encoder(given.encoder, given.device)
        if given.device != "auto":
            resolve(given.device, "auto")
        data.check_readable(given)


@app.command("check-profile")
def check_profile(path: Path, settings: str = typer.Option("", "--set", help='as in "n=3000 encoder=tfidf"')) -> None:
    """Check the parameters of every chapter in a profile file."""
    try:
        if not path.exists():
            raise ValueError(
                f"no such profile; there are {', '.join(sorted(p.stem for p in path.parent.glob('*.yml')))}."
            )
        chapters = chapter_parameters(config.load_yaml(path), settings)
        check_inputs(chapters)
    except (ValueError, OSError) as error:
        typer.echo(f"{path}: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"{path}: {len(chapters)} chapters, parameters in order.")


@app.command("parameters")
def parameters() -> None:
    """List every parameter with its default and its meaning."""
    for name, field in config.Config.model_fields.items():
        typer.echo(f"{name} = {field.default!r}: {field.description}")


def _check_keys(profile: dict) -> None:
    unknown = sorted(set(profile) - PROFILE_KEYS)
    if unknown:
        raise ValueError(f"unknown entry {unknown}; a profile has {sorted(PROFILE_KEYS)}.")
    chapters = profile.get("chapters")
    if not isinstance(chapters, list) or not chapters or not all(isinstance(c, str) for c in chapters):
        raise ValueError(f"chapters: got {chapters!r}; name at least one notebook, as in 01_data_preparation.")
    if len(set(chapters)) < len(chapters):
        raise ValueError(f"chapters: got {chapters}; each notebook may be named once.")
    for key in ("parameters", "overrides"):
        _check_names(key, profile.get(key))
    for chapter, parameters in (profile.get("overrides") or {}).items():
        _check_names(f"overrides: {chapter}", parameters)


def _check_names(place: str, values) -> None:
    if not isinstance(values or {}, dict) or not all(isinstance(name, str) for name in values or {}):
        raise ValueError(f"{place}: got {values!r}; expected names and values.")


@app.command("export")
def export(
    out: Annotated[Path, typer.Option(help="new folder for the policy")],
    strategy: Annotated[str, typer.Option(help="plug, em, aace_ridge, aace_smooth, aace, dr, tabular, ...")] = "plug",
    parameter: Annotated[list[str] | None, typer.Option("-p", help="name=value; repeat for more")] = None,
    share: Annotated[float | None, typer.Option(help="share of patients it is meant to treat; the card says")] = None,
    cost: Annotated[float | None, typer.Option(help="cost of a treatment in units of the outcome; as share")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace a policy that is there")] = False,
) -> None:
    """Train a policy on the configured data and save it, with its card."""
    from helpers import study

    with _plain_errors():
        settings = config.load(**parse_settings(shlex.join(parameter or [])))
        folder = study.export_policy(settings, strategy, out, overwrite, share, cost)
    typer.echo(f"{folder}: saved; read CARD.md there before using it.")


@app.command("example-own")
def example_own(
    out: Annotated[Path, typer.Option(help="folder for visits.csv and own.yml")],
    rows: Annotated[int, typer.Option(min=500, help="visits")] = 5_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the files if they are there")] = False,
) -> None:
    """Write a made-up table of a clinic and the own.yml that describes it: something to start from."""
    from helpers.data.example import write_example

    with _plain_errors():
        spec = write_example(out, rows, seed, overwrite)
    typer.echo(f'{spec}: written; run it with  make book PARAMS="dataset=own own_spec={spec.absolute()}"')


@app.command("score")
def score(
    policy: Annotated[Path, typer.Option(help="folder of a saved policy")],
    records: Annotated[Path, typer.Option(help="records with their notes, .csv or .parquet, as the training's table")],
    out: Annotated[Path, typer.Option(help="new .csv file for the scores")],
    cost: Annotated[float | None, typer.Option(help="cost of a treatment: the scores then say whom to treat")] = None,
    cost_column: Annotated[str | None, typer.Option(help="column with the cost of treating each record")] = None,
    worth: Annotated[float, typer.Option(help="of one unit of the outcome, in the units of the cost")] = 1.0,
    capacity: Annotated[int | None, typer.Option(help="treatments there are")] = None,
    share: Annotated[float | None, typer.Option(help="the same as a share of the records")] = None,
    site_column: Annotated[str | None, typer.Option(help="column that says where a record would be treated")] = None,
    quota: Annotated[list[str] | None, typer.Option(help="site=treatments; repeat for each site")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace earlier scores in OUT")] = False,
    device: Annotated[str | None, typer.Option(help="where the encoder runs; as in training if not given")] = None,
    other_versions: Annotated[bool, typer.Option("--other-versions", help="accept other library versions")] = False,
) -> None:
    """Score records with a saved policy: effect, priority, rank and how much of the note was read, never its words.

    With costs, a capacity or quotas the scores also say whom to treat: those who gain most net of their cost.
    """
    from helpers.policy import Limits, parse_quotas
    from helpers.policy.score import score_file

    said: list[str] = []
    with _plain_errors():
        asked = [v is not None for v in (cost, cost_column, capacity, share, site_column)] + [bool(quota), worth != 1]
        quotas = parse_quotas(quota or [])
        limits = Limits(cost or 0.0, cost_column, worth, capacity, share, site_column, quotas) if any(asked) else None
        options = {"device": device, "other_versions": other_versions, "tell": said.append, "limits": limits}
        n = score_file(policy, records, out, overwrite, **options)
    typer.echo(f"{out}: {n} records scored.")
    for sentence in said:
        typer.echo(f"  {sentence}")


@app.command("monitor")
def monitor(
    policy: Annotated[Path, typer.Option(help="folder of a saved policy")],
    records: Annotated[Path, typer.Option(help="new records with their notes, as for score")],
    out: Annotated[Path, typer.Option(help="page to write, .html")],
    treatment: Annotated[
        str | None, typer.Option(help="column that says who was treated, once outcomes are there")
    ] = None,
    outcome: Annotated[str | None, typer.Option(help="column of the outcome")] = None,
    outcomes: Annotated[Path | None, typer.Option(help="file of these columns by identifier; else RECORDS")] = None,
    treated: Annotated[str | None, typer.Option(help="word that says treated; else yes, true or 1")] = None,
    share: Annotated[float | None, typer.Option(help="share that is treated; as at export if not given")] = None,
    cost: Annotated[float | None, typer.Option(help="cost of a treatment in place of a share")] = None,
    level: Annotated[float, typer.Option(help="chance of an alarm where nothing has changed")] = 0.01,
    device: Annotated[str | None, typer.Option(help="where the encoder runs; as in training if not given")] = None,
    other_versions: Annotated[bool, typer.Option("--other-versions", help="accept other library versions")] = False,
) -> None:
    """Watch a policy in use: a page on drift, who is treated and calibration.

    Exit status: 0 nothing has changed, 3 something has, 1 it could not be looked at.
    """
    from helpers.policy import Outcomes, page, watch_file
    from helpers.policy.watch import write_page

    with _plain_errors():
        if (treatment is None) != (outcome is None) or (outcomes is not None and outcome is None):
            raise ValueError("treatment and outcome: name both columns, or neither.")
        arrived = None if treatment is None else Outcomes(treatment, outcome or "", outcomes, treated)
        options = {"device": device, "other_versions": other_versions}
        found = watch_file(policy, records, arrived, share, cost, level, **options)
        write_page(out, page(found, f"Policy {policy.name}"))
    typer.echo(f"{out}: {'; '.join(found.alarms) or 'nothing'} has changed; {found.scored} of {found.records} scored.")
    if found.alarms:
        raise typer.Exit(3)


@app.command("reading")
def reading(
    spec: Annotated[str, typer.Option(help='path of your own.yml, or "example" for a made-up table')],
    out: Annotated[Path, typer.Option(help="folder for reading.csv, sentences.csv and next.csv; only you can read it")],
    parameter: Annotated[list[str] | None, typer.Option("-p", help="name=value; repeat for more")] = None,
    batch: Annotated[int, typer.Option(min=1, help="patients to annotate next")] = 50,
    notes: Annotated[int, typer.Option(min=1, help="notes of each field whose sentences are looked at")] = 20,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace what an earlier call wrote")] = False,
) -> None:
    """How well the fields of your own notes are read, which sentences decided, and what to annotate next."""
    from helpers import study

    with _plain_errors():
        given = parse_settings(shlex.join(parameter or []))
        if taken := {"dataset", "own_spec", "results"} & set(given):
            raise ValueError(f"-p {sorted(taken)[0]}: --spec and --out say it already; leave it out.")
        settings = config.load(dataset="own", own_spec=spec, results=str(out.expanduser().absolute()), **given)
        lines, files = study.report_reading(settings, out, batch, notes, overwrite)
    for line in (*lines, *(f"{path}: written, for your eyes alone." for path in files)):
        typer.echo(line)


@annotate_app.command("plan")
def annotate_plan(
    spec: Annotated[Path, typer.Option(help="own.yml of the table; its annotated records are the pilot")],
    target: Annotated[str, typer.Option(help="effect or policy (width of an interval), or benefit (share)")] = "effect",
    wanted: Annotated[float | None, typer.Option(help="width in units of the outcome, or share of the benefit")] = None,
    minutes: Annotated[float, typer.Option(help="an expert needs for a record")] = 2.0,
    double: Annotated[float, typer.Option(help="share of the records that two annotators see")] = 0.1,
) -> None:
    """Say how many records to annotate for a target, and how long that takes."""
    from helpers import study
    from helpers.data.own.table import read_own

    with _plain_errors():
        cohort = read_own(spec, annotated=False)
        found = study.plan_annotation(cohort, target, wanted, minutes, double)
    for line in found.lines(len(cohort)):
        typer.echo(line)


@annotate_app.command("export")
def annotate_export(
    spec: Annotated[Path, typer.Option(help="own.yml of the table; its annotated records are the pilot")],
    out: Annotated[Path, typer.Option(help="new folder: tasks for Label Studio, CSV and JSON lines")],
    records: Annotated[int, typer.Option(help="records in the batch, about")] = 100,
    double: Annotated[float, typer.Option(help="share of them that two annotators should see")] = 0.1,
    design: Annotated[str, typer.Option(help="auto, random, or spread (the most uncertain effects)")] = "auto",
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Write the next batch of records to annotate; the files hold notes and are for their owner alone."""
    from helpers import study

    with _plain_errors():
        found = study.export_batch(spec, out, records, double, design, seed=seed)
    typer.echo(
        f"{found.folder}: {found.records} records by design {found.design}, {found.double} of them for two annotators; "
        f"sentences marked by {found.marked_by}. Import labelling.xml and tasks.json into Label Studio, or fill in "
        f"answers.csv or answers.jsonl."
    )


@annotate_app.command("import")
def annotate_import(
    spec: Annotated[Path, typer.Option(help="the own.yml that the batch was exported with")],
    answers: Annotated[Path, typer.Option(help="export of Label Studio (.json), or the .csv or .jsonl filled in")],
    out: Annotated[Path, typer.Option(help="new folder: the table with the answers, and what they tell")],
    not_said: Annotated[str, typer.Option(help="what 'not said' becomes: blank, or absent")] = "blank",
) -> None:
    """Take answers back: agreement, error rates, conflicts, and the table with the settled answers filled in."""
    from helpers import study

    with _plain_errors():
        found = study.import_answers(spec, answers, out, not_said)
    typer.echo(f"{found.spec}: the table with these answers; use it as own_spec.")
    for line in found.lines():
        typer.echo(f"  {line}")


@app.command("publish-check")
def publish_check(
    book: Annotated[Path, typer.Option(help="folder of the built book, or of the whole run")],
    notes: Annotated[Path, typer.Option(help="folder with NOTEEVENTS, or your own table of notes")],
    text_column: Annotated[str, typer.Option(help="column of the notes")] = "text",
    id_column: Annotated[list[str] | None, typer.Option(help="name of an identifier; repeat for more")] = None,
) -> None:
    """Look for words of the notes, identifiers and marks in a built book; say where, never what. Fails on a find."""
    from helpers import privacy

    with _plain_errors():
        finds = privacy.check(book, notes, text_column, id_column or ())
    for line in privacy.summary(finds):
        typer.echo(line)
    if finds:
        typer.echo(f"{book}: NOT to be published, {len(finds)} finds.", err=True)
        raise typer.Exit(1)
    typer.echo(f"{book}: nothing of these notes was found.")


@contextmanager
def _plain_errors():
    """Errors the user can mend, as one message without a traceback."""
    try:
        yield
    except (ValueError, OSError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


if __name__ == "__main__":
    app()
