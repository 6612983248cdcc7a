"""A target in standard deviations from its mean, so that its unit decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Scale:
    """``z = (y - centre) / factor``; a factor below zero turns the target round."""

    centre: float = 0.0
    factor: float = 1.0

    @classmethod
    def of(cls, y: np.ndarray) -> Scale:
        """Mean and standard deviation of (n,) numbers; of equal ones the factor is 1.

        The first number that is far from the mean lies above it in z. A network's random initial weights favour one
        sign; now -y gives exactly the negative of what y gives, as when the two treatments change names.
        """
        y = np.asarray(y, float)
        centre = float(y.mean())
        away, spread = y - centre, float(y.std())
        if not spread > 8 * np.finfo(float).eps * np.abs(y).max(initial=0.0):
            return cls(centre)
        return cls(centre, spread if away[np.argmax(np.abs(away) > 0.5 * spread)] > 0 else -spread)

    def to(self, y: np.ndarray) -> np.ndarray:
        """z of y."""
        return (np.asarray(y, float) - self.centre) / self.factor

    def back(self, z: np.ndarray) -> np.ndarray:
        """y of z."""
        return self.centre + self.factor * z
