"""One order of treatment, three packages, three numbers called AUTOC (layer 5)."""
