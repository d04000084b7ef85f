"""program_case.py - what the program prints for the same arrays."""
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]


def program():
    """The path of `infoplane`; skips where there is none."""
    path = Path(os.environ.get("INFOPLANE_PROGRAM", ROOT / "infoplane"))
    if not path.exists():
        pytest.skip(f"{path} is not built")
    return path


def printed(folder, arrays, *flags):
    """The lines of --json, as dicts. arrays: flag -> array, saved as files."""
    words = [str(program()), "estimate", "--json", "--quiet", "--device", "cpu"]
    for flag, array in arrays.items():
        path = folder / f"{flag}.npy"
        np.save(path, array)
        words += [f"--{flag}", str(path)]
    done = subprocess.run([*words, *flags], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def digits(value):
    """A number as tables and JSON have it; None for NaN."""
    return None if np.isnan(value) else float(f"{value:.9g}")


def expect_printed(table, lines):
    """Every digit of the program's lines, and every flag."""
    columns = table.columns
    assert columns["estimator"].tolist() == [line["estimator"] for line in lines]
    names = {"i_xt": "i_xt_bits", "i_ty": "i_ty_bits", "h_t": "h_t_bits",
             "se_x": "se_x_bits", "se_y": "se_y_bits", "noise_var": "noise_var",
             "outside_share": "outside_share"}
    for k, line in enumerate(lines):
        for key, column in names.items():
            assert digits(columns[column][k]) == line.get(key), (line, column)
        assert columns["cells"][k] == line.get("cells", -1), line
        assert columns["flags"][k].split() == line["flags"], line
        assert columns["refused"][k] == line.get("refused", ""), line
