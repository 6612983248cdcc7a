"""From an executed chapter to its page: what is numbered, what leaves, and what is said of how it was made."""

import json

import making
import pages
import pytest

ORDER = ["01_data_preparation", "12_policy_comparison"]
FIGURE = '<figure class="drawn">drawn<figcaption><span class="number"></span>Said.{link}</figcaption></figure>'
LINK = '<span class="data" data-file="12_curves"></span>'
PARAMETERS = (
    'dataset = "replica"  # which records\nn = 10_000  # records\nencoder = "minilm"\nresults = "runs/results"\n'
)


def chapter(**metadata) -> dict:
    def code(source, tags=(), outputs=()):
        kept = {"tags": list(tags), "papermill": {}}
        return {"cell_type": "code", "metadata": kept, "source": source, "outputs": list(outputs), "execution_count": 1}

    def shown(link):
        return {"output_type": "display_data", "data": {"text/html": FIGURE.format(link=link)}, "metadata": {}}

    second = shown(LINK) | {"metadata": {"csv": {"12_curves": "at,value\n0.1,2\n"}}}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Whom?\n\nText."},
        code(PARAMETERS, ["parameters"]),
        code('n = 600\nresults = "/home/me/runs"\n', ["injected-parameters"]),
        code("draw()", outputs=[shown("")]),
        code("again()", outputs=[second]),
    ]
    made = {"commit": "abc1234", "version": "0.1.0", "date": "2026-01-02", "seconds": 150.0}
    return {"cells": cells, "metadata": {"kernelspec": {}, "made": made, **metadata}, "nbformat": 4}


def finished(tmp_path, page=None, url="", name="12_policy_comparison") -> dict:
    place = pages.place_of(name, ORDER)
    return pages.finished(page or chapter(), place, tmp_path, {"url": url, "branch": "main"}, "smoke")


def outputs(page: dict) -> str:
    return "".join("".join(o["data"]["text/html"]) for c in page["cells"] for o in c.get("outputs", []))


def test_figures_are_numbered_in_the_order_of_reading(tmp_path):
    text = outputs(finished(tmp_path))
    assert "Figure 2.1. </span>Said." in text and 'id="figure-2-2"' in text


def test_the_data_behind_a_figure_lie_beside_the_pages(tmp_path):
    page = finished(tmp_path)
    assert (tmp_path / "data" / "12_curves.csv").read_text() == "at,value\n0.1,2\n"
    assert 'href="../data/12_curves.csv" download' in outputs(page)
    assert not any(o["metadata"] for c in page["cells"] for o in c.get("outputs", []))


def test_of_records_that_are_not_public_no_data_leave(tmp_path):
    page = chapter()
    page["cells"][2]["source"] = 'dataset = "mimic-syn"\nmimic_path = "/data/mimic"\n'
    text = outputs(finished(tmp_path, page))
    assert not (tmp_path / "data").exists() and "data-file" not in text and ".csv" not in text
    assert "/data/mimic" not in json.dumps(page)


def test_parameters_leave_the_page_and_stand_in_the_box(tmp_path):
    page = finished(tmp_path)
    assert [c["source"] for c in page["cells"] if c["cell_type"] == "code"] == ["draw()", "again()"]
    box = page["cells"][-1]["source"]
    assert (
        "n = 600  # records" in box
        and "10_000" not in box
        and "encoder = &#x27;minilm&#x27;" in box
        and "runs" not in box
    )
    assert "abc1234" in box and "2 minutes" in box and "-p n 600" in box and "PROFILE=smoke" in box
    assert "\n\n" not in box


def test_the_notebook_to_download_is_bare_and_runs_with_its_own_parameters(tmp_path):
    finished(tmp_path)
    bare = json.loads((tmp_path / "download" / "12_policy_comparison.ipynb").read_text())
    assert [c["source"] for c in bare["cells"]][1] == PARAMETERS and len(bare["cells"]) == 4
    assert all(c["outputs"] == [] and c["execution_count"] is None for c in bare["cells"] if c["cell_type"] == "code")
    assert "made" not in bare["metadata"] and "/home/me" not in json.dumps(bare)


def test_without_the_address_of_a_repository_no_button_leads_there(tmp_path):
    assert "Colab" not in finished(tmp_path)["cells"][-1]["source"]
    box = finished(tmp_path, url="https://github.com/some-one/the.study/")["cells"][-1]["source"]
    assert "colab.research.google.com/github/some-one/the.study/blob/launch/notebooks/12_policy_comparison.ipynb" in box
    assert "mybinder.org/v2/gh/some-one/the.study/main?" in box
    assert "Colab" not in finished(tmp_path, url="https://elsewhere.org/x")["cells"][-1]["source"]


def test_the_head_says_for_whom_and_how_long(tmp_path):
    about = {"reads": 12, "after": ["01"], "audience": ["clinician", "student"]}
    first = finished(tmp_path, chapter(chapter=about))["cells"][0]["source"]
    assert first.startswith("# 2. Whom?\n\n<p")
    assert "12 minutes to read · 2 minutes to run here · after chapter 1 · for clinicians and students" in first
    assert finished(tmp_path, name="99_other")["cells"][0]["source"].startswith("# Whom?\n\nText.")


@pytest.mark.parametrize(
    ("seconds", "said"), [(20, "less than a minute"), (61, "1 minute"), (89, "1 minute"), (119, "2 minutes")]
)
def test_times_in_words(seconds, said):
    assert making.in_minutes(seconds) == said


def test_a_run_notes_what_made_its_notebooks(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text('{"cells": [], "metadata": {}}')
    made = json.loads(making.noted(path, 12.34).read_text())["metadata"]["made"]
    assert made["seconds"] == 12.3 and made["commit"] and made["version"] and made["python"]
    assert making.commit(tmp_path) == making.UNKNOWN
