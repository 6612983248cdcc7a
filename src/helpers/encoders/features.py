"""What is known of records at the bedside, as numbers: the vectors of their notes and their bedside columns."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

PARTS = ("phi", "text", "tabular")


@dataclass(frozen=True, repr=False, eq=False)
class Features:
    """Features of n records.

    Parameters
    ----------
    text : (n, d) array
        Vectors of the notes; d = 0 where no note is read.
    tabular : (n, p) array
        Bedside columns.

    Attributes
    ----------
    phi : (n, d + p) float32 array
        Both, side by side; ``text`` and ``tabular`` look into it.

    Raises
    ------
    ValueError
        If the parts are no matrices of as many rows.
    """

    text: np.ndarray
    tabular: np.ndarray
    phi: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        shapes = np.shape(self.text), np.shape(self.tabular)
        if len(shapes[0]) != 2 or len(shapes[1]) != 2 or shapes[0][0] != shapes[1][0]:
            raise ValueError(f"text has shape {shapes[0]}, tabular {shapes[1]}: give two matrices, a row a record.")
        phi, width = np.hstack([self.text, self.tabular]).astype(np.float32), shapes[0][1]
        for name, part in {"phi": phi, "text": phi[:, :width], "tabular": phi[:, width:]}.items():
            object.__setattr__(self, name, part)

    def __repr__(self) -> str:
        return f"Features(n={len(self)}, text={self.text_width}, tabular={self.tabular.shape[1]})"

    def __len__(self) -> int:
        return len(self.phi)

    @property
    def text_width(self) -> int:
        """Columns that come from the note."""
        return self.text.shape[1]

    def only(self, part: str) -> np.ndarray:
        """One of ``phi``, ``text`` and ``tabular``.

        Raises
        ------
        ValueError
            If it is none of these.
        """
        if part not in PARTS:
            raise ValueError(f"part = {part!r}: must be one of {list(PARTS)}.")
        return getattr(self, part)
