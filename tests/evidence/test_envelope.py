"""How far answers move when only the way of asking differs is measured once, by hand's reckoning, and bounds how fine a score is."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from fixtures.errors import BadInput
from fixtures.evidence.deviation import Deviation, deviation
from fixtures.evidence.envelope import Envelope, envelope_of, planned
from fixtures.evidence.planning import lines
from fixtures.evidence.source import EvidenceSource
from tests.evidence.restless import SURE, pictures
from tests.evidence.subjects import Said, source

CERTAIN, SHY, COARSE, UNABLE = (f"tests.evidence.restless:{name}" for name in ("certain", "shy", "coarse", "unable"))
N, GREEN = 40, 10
P = math.exp(SURE) / (math.exp(SURE) + 11)  # of the answer
REST = 1 / (math.exp(SURE) + 11)  # of any other class


def coloured(folder: Path) -> str:
    """A dataset of pictures of one colour each, as a name for --audit-dataset."""
    (folder / "coloured").mkdir()
    for name, array in zip(("images", "labels"), pictures(N, GREEN), strict=True):
        np.save(folder / "coloured" / f"{name}.npy", array)
    (folder / "coloured.toml").write_text(
        '[coloured]\nlayout = "npy"\nroot = "coloured"\nimage = "images.npy"\nlabel = "labels.npy"\nlabel_space = "shapes"\n'
    )
    return str(folder / "coloured.toml")


def asked(folder: Path, backbone: str, cache: str = "cache") -> EvidenceSource:
    dataset = folder / "coloured.toml"
    return source(folder / cache, Said(), backbone, str(dataset) if dataset.exists() else coloured(folder))


def test_a_deviation_is_that_reckoned_by_hand() -> None:
    reference = np.log(np.array([[0.5, 0.25, 0.25], [0.6, 0.3, 0.1], [0.2, 0.2, 0.6]], dtype=np.float32))
    scores = np.log(np.array([[0.25, 0.5, 0.25], [0.6, 0.3, 0.1], [0.3, 0.2, 0.5]], dtype=np.float32)) + 7  # softmax does not see the 7

    found = deviation(scores, reference)

    assert found.answers == pytest.approx(1 / 3)
    assert found.probabilities == pytest.approx((0.25 + 0 + 0.1) / 3, abs=1e-6)
    assert found.largest == pytest.approx(0.25, abs=1e-6)


@pytest.mark.parametrize("shape", [(0, 3), (2, 4)])
def test_answers_to_no_or_other_images_are_not_compared(shape: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="wanted both"):
        deviation(np.zeros(shape, dtype=np.float32), np.zeros((0, 3), dtype=np.float32))


def test_the_envelope_of_a_score_is_that_of_what_it_averages() -> None:
    one, other = Deviation(0.01, 0.002, 0.5), Deviation(0.0, 0.004, 0.1)
    found = Envelope({"one": one, "other": other}, "dots", 200, "CPU", {"one": "", "other": ""})

    assert found.of(()) is None
    assert found.of(("answers",)) == 0.01
    assert found.of(("probabilities",)) == 0.004
    assert found.of(("answers", "probabilities")) == pytest.approx(0.014)
    assert found.of(("answers", "answers")) == 0.02


def test_a_backbone_that_no_rounding_touches_has_an_envelope_of_nothing(tmp_path: Path) -> None:
    found = envelope_of(asked(tmp_path, CERTAIN), CERTAIN)

    assert set(found.ways) == {"again", "batch size", "threads", "precision"}
    assert set(found.ways.values()) == {Deviation(0.0, 0.0, 0.0)}
    assert (found.dataset, found.images) == ("coloured", N)
    assert found.device.startswith("CPU")


def test_answers_that_flip_alone_are_counted_and_nowhere_else(tmp_path: Path) -> None:
    found = envelope_of(asked(tmp_path, SHY), SHY)

    flipped = found.ways.pop("batch size")  # type: ignore[attr-defined]
    assert flipped.answers == GREEN / N
    assert flipped.probabilities == pytest.approx(GREEN / N * (P - REST))
    assert flipped.largest == pytest.approx(P - REST)
    assert {way.answers for way in found.ways.values()} == {0.0}


def test_an_envelope_is_measured_once(tmp_path: Path) -> None:
    first = asked(tmp_path, SHY)
    before = planned(first, SHY)
    found = envelope_of(first, SHY)
    again = asked(tmp_path, SHY)

    assert envelope_of(again, SHY) == found
    assert (first.forward_passes, again.forward_passes) == (5, 0)
    assert (before.cached, planned(again, SHY).cached) == (False, True)
    assert (before.images, first.forward_images) == (5 * N, 5 * N)
    told = "\n".join(lines([before], first))
    assert f"numerical noise, tried by {5 * N} images (to do)" in told
    assert "forward passes to do: 0" in told


def test_other_weights_and_other_processors_have_envelopes_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    envelope_of(asked(tmp_path, CERTAIN), CERTAIN)
    other = asked(tmp_path, SHY)
    elsewhere = asked(tmp_path, CERTAIN)

    assert not planned(other, SHY).cached
    assert planned(elsewhere, CERTAIN).cached
    monkeypatch.setattr("fixtures.evidence.envelope.processor", lambda _: ["Another 9000"])
    assert not planned(elsewhere, CERTAIN).cached


def test_threads_are_as_they_were_before(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(3)
    try:
        found = envelope_of(asked(tmp_path, CERTAIN), CERTAIN)
        after = torch.get_num_threads()
    finally:
        torch.set_num_threads(before)

    assert found.asked["threads"] == "1 instead of 3"
    assert after == 3


def test_what_cannot_be_measured_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"coarse answered NaN or infinity for 40 of 40 images of coloured, numerical noise \(precision\)"):
        envelope_of(asked(tmp_path, COARSE), COARSE)


def test_a_type_of_number_that_a_layer_does_not_know_is_one_line_and_tried_once(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"numerical noise \(precision, bf16 instead of fp32\) could not be measured: Unsupported dtype"):
        envelope_of(asked(tmp_path, UNABLE), UNABLE)


def test_an_envelope_is_told_in_plain_json(tmp_path: Path) -> None:
    told = json.loads(json.dumps(envelope_of(asked(tmp_path, SHY), SHY).as_data()))

    assert told["batch size"] == {
        "asked": "1 instead of 32 images",
        "flipped": GREEN / N,
        "mean_change": pytest.approx(GREEN / N * (P - REST)),
        "largest_change": pytest.approx(P - REST),
    }
    assert (told["dataset"], told["images"]) == ("coloured", N)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
def test_on_cuda_products_of_tf32_are_a_way_and_threads_are_none(tmp_path: Path) -> None:
    from fixtures.evidence.identity import Identity
    from fixtures.evidence.terms import Terms

    on_cpu = asked(tmp_path, CERTAIN)
    made = EvidenceSource(Identity(on_cpu.identity.subjects, Terms(tmp_path / "cuda", device="cuda")), Said().progress)

    found = envelope_of(made, CERTAIN)

    assert {name: found.asked[name] for name in ("precision", "TF32")} == {
        "precision": "fp32 instead of bf16",
        "TF32": "products of TF32 instead of bf16",
    }
    assert "threads" not in found.ways
    assert found.answers == 0.0
