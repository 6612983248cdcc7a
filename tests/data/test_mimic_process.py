import numpy as np
import pandas as pd
import pytest

from helpers.data.mimic_process import MIMIC_SYN_COLUMNS, means_mimic_syn


def patient(**values):
    return pd.DataFrame([{c: 0 for c in MIMIC_SYN_COLUMNS} | {"age": 65} | values])


def test_one_patient_by_hand():
    mu0, mu1, e = means_mimic_syn(patient(age=80, gender=1, hyp=1, cor=1, chf=1))
    assert mu0[0] == pytest.approx(5.5 + 1.5 + 0.6 + 0.7 + 1.0 + 1.2 + 0.02 * 25 + 0.5 + 0.25 + 0.2)
    assert mu1[0] - mu0[0] == pytest.approx(-1.0 - 0.35 - 0.5 + 0.45 + 0.015 * 5 + 0.05 - 0.35)
    logit = 0.9 * (-0.8 + 1.2 + 0.65 + 0.5 + 0.6 + 0.7 + 0.25 + 0.25)
    assert e[0] == pytest.approx(1 / (1 + np.exp(-logit)))


def test_fibrillation_enters_by_itself_with_failure_and_with_age():
    base, alone = means_mimic_syn(patient(age=55)), means_mimic_syn(patient(age=55, afib=1))
    both, chf = means_mimic_syn(patient(age=55, afib=1, chf=1)), means_mimic_syn(patient(age=55, chf=1))
    assert alone[0] - base[0] == pytest.approx(0.85 - 0.15)
    assert (both[0] - chf[0]) - (alone[0] - base[0]) == pytest.approx(0.35)
    effect = [m[1] - m[0] for m in (base, alone, chf, both)]
    assert effect[3] - effect[2] - effect[1] + effect[0] == pytest.approx(0.2)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="chf"):
        means_mimic_syn(patient().drop(columns="chf"))
