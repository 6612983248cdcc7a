"""A small fabricated file in the layout of the published SimSUM.csv (test helper)."""

import pandas as pd

from helpers.data.replica.network import sample_network

ORDER = ["pneu", "cold", "dysp", "cough", "pain", "fever", "nasal", "asthma", "smoking", "COPD", "hay_fever"]
ORDER += ["policy", "self_empl", "season", "antibiotics", "days_at_home", "text", "advanced_text"]


def published_layout(n: int = 300, seed: int = 3) -> pd.DataFrame:
    """n records as the file has them: yes/no as text, seasons by name, two notes."""
    frame = sample_network(n, seed).set_index("id").rename(columns={"inf": "cold", "winter": "season"})
    frame.index.name = None
    binary = [c for c in ORDER if c not in ("fever", "season", "days_at_home", "text", "advanced_text")]
    frame[binary] = frame[binary].replace({0: "no", 1: "yes"}).astype(str)
    frame["season"] = frame["season"].map({0: "summer", 1: "winter"})
    frame["text"] = [f'**History**\nCANARY note {i}; "quoted", with a semicolon\n' for i in range(n)]
    frame["advanced_text"] = [f"CANARY pt {i} c/o; NAD" for i in range(n)]
    return frame[ORDER]
