"""Where files of records may lie."""

from __future__ import annotations

from pathlib import Path

from helpers.privacy.errors import DataError

# Endings of files that may hold records: none is committed, and none belongs into a book.
DATA_ENDINGS = tuple(
    ".csv.gz .csv .tsv .parquet .feather .arrow .jsonl .ndjson .zip .npy .npz .pkl .pickle .joblib .safetensors "
    ".pt .pth .h5 .db .sqlite .duckdb".split()
)


def outside_work_tree(path: str | Path, what: str) -> Path:
    """The absolute path, if it lies outside every git work tree, links followed.

    Raises
    ------
    DataError
        If it lies inside one: what is made from credentialed records must not be committed or published by accident.
    """
    path = Path(path).expanduser()
    for way in (path.absolute(), path.resolve()):
        tree = next((p for p in (way, *way.parents) if (p / ".git").exists()), None)
        if tree is not None:
            raise DataError(
                f"{what} = {str(path)!r} lies inside the git work tree {str(tree)!r}; patient records and what is made "
                f"from them must stay outside the repository. Move the folder, or name another one."
            )
    return path.absolute()
