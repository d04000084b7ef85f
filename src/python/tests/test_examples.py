"""The notebooks: each runs from its first cell to its last, in its short version."""
import json
import os
from pathlib import Path

import pytest
from runs_case import environment

import infoplane as ip

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
# What they need beside the package, and how many pictures they show.
NEEDS = {"choose_estimator": ("matplotlib", "pandas"),
         "papers": ("matplotlib", "pandas"),
         "watch_torch": ("matplotlib", "pandas", "torch", "plotly")}
PICTURES = {"choose_estimator": 2, "papers": 2, "watch_torch": 2}


def test_every_notebook_is_tested_and_has_no_outputs():
    assert {path.stem for path in EXAMPLES.glob("*.ipynb")} == set(NEEDS)
    for path in EXAMPLES.glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                assert cell["outputs"] == [] and cell["execution_count"] is None


@pytest.mark.parametrize("name", sorted(NEEDS))
def test_a_notebook_runs(name, tmp_path, monkeypatch):
    for module in ("nbclient", "nbformat", "ipykernel", *NEEDS[name]):
        pytest.importorskip(module)
    import nbclient
    import nbformat
    monkeypatch.setenv("INFOPLANE_SHORT", "1")
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("PYTHONPATH", environment()["PYTHONPATH"])
    monkeypatch.setenv("INFOPLANE_LIBRARY", os.path.abspath(ip._library.lib._name))
    monkeypatch.setenv("OMP_NUM_THREADS", str(min(4, os.cpu_count() or 1)))
    before = sorted(EXAMPLES.iterdir())
    notebook = nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=60, kernel_name="python3",
                            resources={"metadata": {"path": str(EXAMPLES)}}).execute()
    outputs = [one for cell in notebook.cells for one in cell.get("outputs", ())]
    pictures = [one for one in outputs if "image/png" in one.get("data", {})]
    assert len(pictures) == PICTURES[name]
    warned = [one["text"] for one in outputs if one.get("name") == "stderr"]
    assert not warned, warned
    assert sorted(EXAMPLES.iterdir()) == before
