"""Evidence under attack: in single precision, on its own number of images, by any route, and counted for what it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from fixtures.attacks.attack import Attack, Budget
from fixtures.evidence.planning import estimate_seconds, lines, plan
from fixtures.evidence.request import Request
from fixtures.evidence.source import EvidenceSource
from fixtures.views.view import View
from tests.evidence.subjects import FACTORY, HEADLESS, Said, dots, expecting, painted, source
from tests.evidence.test_engine import measured, network, work_of

TINY, SUP, CLIP = f"{FACTORY}tiny", "shapes_convnext_sup", "shapes_convnext_clip"
QUICK = Budget(steps=3, restarts=1)


def asked(folder: Path, backbone: str, dataset: str, *requests: Request, **terms: object) -> EvidenceSource:
    return expecting(source(folder, Said(), backbone, dataset, **{"attack_budget": QUICK, **terms}), *requests)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("backbone", "dataset", "view"),
    [(SUP, "shapes", "apgd_linf"), (CLIP, "shapes", "pgd_linf"), (HEADLESS, "cats", "pgd_linf")],
    ids=["native head", "zero-shot", "probe"],
)
def test_answers_are_attacked_by_whatever_route_they_come(tmp_path: Path, backbone: str, dataset: str, view: str) -> None:
    """After a pass without gradients, of which nothing may stand in the way of one with them."""
    name = painted(tmp_path, "cats") if dataset == "cats" else dataset
    under_attack = Request(backbone, dataset, View(view, 16))
    made = asked(tmp_path / "cache", backbone, name, Request(backbone, dataset), under_attack, limit=24)

    clean = made.evidence(Request(backbone, dataset))
    found = made.evidence(under_attack)

    assert not (found.correct & ~clean.at(found.rows).correct).any()
    assert found.log_p_label.mean() < clean.log_p_label.mean() - 0.1


def test_attacks_are_measured_in_single_precision_on_images_of_their_own_number(tmp_path: Path) -> None:
    request, clean = Request(TINY, "dots", View("pgd_linf", 8)), Request(TINY, "dots")
    made = asked(tmp_path / "cache", TINY, dots(tmp_path, 40), request, clean, precision="bf16", attack_images=24)

    assert (made.evidence(request).precision, made.evidence(request).n) == ("fp32", 24)
    assert (made.evidence(clean).precision, made.evidence(clean).n) == ("bf16", 40)
    assert made.evidence(request).actual == {"input_px": 32, "resize_px": 32, "epsilon": 8 / 255, "steps": 3, "restarts": 1}


def test_every_setting_of_an_attack_is_part_of_the_name_of_its_evidence(tmp_path: Path) -> None:
    dataset = dots(tmp_path, 24)
    views = [View(f"{method}_{norm}", size) for method in ("fgsm", "pgd", "apgd") for norm in ("linf", "l2") for size in (1, 2)]
    requests = [Request(TINY, "dots", view) for view in views]
    budgets = (QUICK, replace(QUICK, steps=4), replace(QUICK, restarts=2))
    keys = [{asked(tmp_path, TINY, dataset, attack_budget=budget).identity.key(request) for request in requests} for budget in budgets]

    assert [len(each) for each in keys] == [12, 12, 12]
    assert len(keys[0] | keys[1] | keys[2]) == 4 + 3 * 8  # one step is one step, whatever the budget


def test_an_attack_is_the_same_at_any_batch_size(tmp_path: Path) -> None:
    request = Request(SUP, "shapes", View("apgd_linf", 1))
    one, other = (asked(tmp_path / str(batch), SUP, "shapes", request, batch=batch, limit=32).evidence(request) for batch in (32, 5))

    assert int((one.correct != other.correct).sum()) == 0
    assert np.allclose(one.log_p_label, other.log_p_label, atol=1e-2)


def test_a_plan_counts_how_often_an_attack_asks(tmp_path: Path) -> None:
    request, clean = Request(TINY, "dots", View("pgd_linf", 8)), Request(TINY, "dots", View("brightness", 0.7))
    made = asked(tmp_path / "cache", TINY, dots(tmp_path, 24), clean, request)
    passes = plan(made)
    of_clean, of_both = estimate_seconds(passes[:1], made), estimate_seconds(passes, made)
    text = "\n".join(lines(passes, made))
    for one in (clean, request):
        made.evidence(one)

    assert [one.cost for one in passes] == [1, 1 + 2 + 3 * 3]
    assert of_both > 4 * of_clean
    assert "of these, 1 passes are attacks, which ask about an image again and again: to do, as much as 288 images" in text
    assert (made.forward_passes, made.forward_images, made.gradient_images) == (2, 24 + 24 * (1 + 5), 24 * 3)


def test_an_attack_of_images_whose_labels_nobody_knows_is_refused() -> None:
    net = network()
    work = replace(work_of(6, lambda images: {"logits": net(images)}), labels=None, attack=Attack("fgsm", "linf", 0.1, QUICK))

    with pytest.raises(ValueError, match="an attack needs labels: mark the audit"):
        measured(work, 3)
