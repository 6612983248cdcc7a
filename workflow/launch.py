"""What opens a chapter in the browser, with nothing installed: addresses of Colab and Binder, and what Colab is given.

The address of the repository stands in ``book/_config.yml``; a published run may name it as ``REPOSITORY`` and the
commit as ``REPOSITORY_REF`` in the environment instead. Colab opens notebooks of GitHub only and knows nothing of this
library, so publishing puts copies that install it first on the branch ``launch`` (``workflow/publish.py``).
"""

from __future__ import annotations

import copy
import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

BRANCH = "launch"
GITHUB = re.compile(r"https://github\.com/(?P<name>[\w.-]+/[\w.-]+?)(?:\.git)?/?")
SAFE_REF = re.compile(r"[\w./-]+")
SETUP = """# In Colab only: the study and its pinned packages, at the version of this page. Elsewhere nothing happens.
import sys

if "google.colab" in sys.modules:
    import os
    import subprocess

    folder = "/content/who-to-treat"
    if not os.path.isdir(folder):
        subprocess.run(["git", "clone", "--quiet", "{url}", folder], check=True)
        subprocess.run(["git", "-C", folder, "checkout", "--quiet", "{ref}"], check=True)
        pinned = ["-c", f"{{folder}}/constraints.txt", "-e", f"{{folder}}[book]"]
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *pinned], check=True)
    os.chdir(folder)
    sys.path.insert(0, f"{{folder}}/src")
    print("Installed. If a cell complains of a version, choose Runtime > Restart session and run again.")"""


def repository(settings: Mapping | None) -> dict[str, str]:
    """``url`` and ``branch`` of the repository: those of the environment, else those of the configuration."""
    given = settings or {}
    return {
        "url": os.environ.get("REPOSITORY") or given.get("url") or "",
        "branch": os.environ.get("REPOSITORY_REF") or given.get("branch") or "main",
    }


def links(name: str, where: Mapping[str, str]) -> dict[str, str]:
    """Words of a button -> where it leads; none without the address of a repository on GitHub."""
    owned = GITHUB.fullmatch(where.get("url") or "")
    branch = where.get("branch") or "main"
    if not owned or not SAFE_REF.fullmatch(branch):
        return {}
    owner, place = owned["name"], f"notebooks/{name}.ipynb"
    return {
        "Open in Colab": f"https://colab.research.google.com/github/{owner}/blob/{BRANCH}/{place}",
        "Open in Binder": f"https://mybinder.org/v2/gh/{owner}/{branch}?urlpath=lab/tree/{place}",
        "On GitHub": f"https://github.com/{owner}/blob/{branch}/{place}",
    }


def with_setup(notebook: Mapping, where: Mapping[str, str]) -> dict:
    """A copy of a notebook that installs the study first, where it is opened in Colab.

    Raises
    ------
    ValueError
        The address is none of GitHub, or the name of the version is not one.
    """
    url, ref = where.get("url") or "", where.get("branch") or "main"
    if not GITHUB.fullmatch(url) or not SAFE_REF.fullmatch(ref):
        raise ValueError(f"REPOSITORY={url!r}, REPOSITORY_REF={ref!r}: as in https://github.com/owner/name and v0.1.0.")
    made = copy.deepcopy(dict(notebook))
    cell = {"cell_type": "code", "execution_count": None, "id": "colab", "metadata": {"tags": ["colab"]}, "outputs": []}
    made["cells"] = [cell | {"source": SETUP.format(url=url.rstrip("/"), ref=ref)}, *made["cells"]]
    return made


def write(notebooks: Path, target: Path, where: Mapping[str, str]) -> list[Path]:
    """Copies of all chapters for Colab, below ``target``: the content of the branch ``launch``."""
    written = []
    (target / "notebooks").mkdir(parents=True, exist_ok=True)
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        made = with_setup(json.loads(path.read_text(encoding="utf-8")), where)
        place = target / "notebooks" / path.name
        place.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        written.append(place)
    note = "Copies of the notebooks that install the study first, for Colab; made anew with every publication.\n"
    (target / "README.md").write_text(note, encoding="utf-8")
    return written
