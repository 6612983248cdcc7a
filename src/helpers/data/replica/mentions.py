"""Which symptoms a note speaks of: the chances, by the symptom's value (arXiv 2409.08936)."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

SYMPTOMS = ("dysp", "cough", "pain", "nasal", "fever")


@dataclass(frozen=True)
class Mention:
    """Chances that a note speaks of a symptom, indexed by its value.

    Parameters
    ----------
    dysp, cough, pain, nasal : (float, float)
        Chance when absent (it is then denied) and when present.
    fever : (float, float, float)
        Chance for no, low and high fever.

    Raises
    ------
    ValueError
        A chance is outside [0, 1] or one is missing.
    """

    dysp: tuple[float, float] = (0.75, 0.95)
    cough: tuple[float, float] = (0.9, 0.95)
    pain: tuple[float, float] = (0.3, 0.75)
    nasal: tuple[float, float] = (0.1, 0.95)
    fever: tuple[float, float, float] = (0.4, 0.7, 0.95)

    def __post_init__(self) -> None:
        for name in SYMPTOMS:
            chances, size = getattr(self, name), 3 if name == "fever" else 2
            if len(chances) != size or not all(0.0 <= p <= 1.0 for p in chances):
                raise ValueError(f"Mention.{name} = {chances!r}: give {size} probabilities in [0, 1]")

    def scaled(self, factor: float) -> Mention:
        """All chances times `factor`; a product above 1 is an error."""
        return replace(self, **{f.name: tuple(p * factor for p in getattr(self, f.name)) for f in fields(self)})


DEFAULT_MENTION = Mention()
