"""Pictures with several labels or none: who sees what the labels are about passes, who does not fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import labels
from tests.audits.runs import run


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["auroc", "mean_average_precision"])
def test_labels_tell_who_sees_them_from_who_does_not(tmp_path: Path, metric: str) -> None:
    table = labels.write_pictures(tmp_path, metric, 300)
    (tmp_path / "gate.toml").write_text('[bounds."transfer.multi_label"]\nbound = 0.75\nreason = "between the two"\n')
    names = [f"--backbone=tests.labels:{name}" for name in ("seeing", "blind")]

    found = run(tmp_path, "audits/test_transfer.py", *names, f"--audit-dataset={table}", f"--audit-policy={tmp_path / 'gate.toml'}")

    assert found == {
        ("transfer.multi_label", "seeing"): {"clean of weather": "holds"},
        ("transfer.multi_label", "blind"): {"clean of weather": "violated"},
    }
