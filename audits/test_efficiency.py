"""Efficiency: what an answer costs in parameters, operations, time and memory, beside every number about its quality.

Why it gates: of two backbones that behave alike the cheaper one is better, and one that does not fit the device or the frame rate is of
no use, however well it behaves. What a product can pay differs from product to product: a bound stands in its own policy.
Measure: parameters and multiply-accumulate operations of what sees an image, counted; images a second in batches, milliseconds for one
image, and peak memory, tried on the device of the run: medians of trials. They are true of this device and its threads only, and vary with
what else it does. Memory on a CPU is looked at every millisecond; what is held for less can be missed.
"""

import pytest

from audits.measures.efficiency import count, duration, memory, rate

pytestmark = pytest.mark.needs("in_distribution")


@pytest.mark.audit("efficiency.parameters")
def test_parameters_are_few(cost, verdict):
    """What sees an image has few parameters."""
    millions = count(cost.parameters, 1e6, "million parameters")

    verdict.at_most(millions)


@pytest.mark.audit("efficiency.macs")
def test_operations_are_few(cost, verdict):
    """An answer takes few multiply-accumulate operations."""
    operations = count(cost.multiply_accumulates, 1e9, "GMAC an image")

    verdict.at_most(operations)


@pytest.mark.audit("efficiency.throughput")
def test_many_images_are_answered_in_a_second(cost, verdict):
    """In batches, many images are answered in a second."""
    images_a_second = rate(cost.batch_seconds, cost.batch, cost.tried)

    verdict.at_least(images_a_second)


@pytest.mark.audit("efficiency.latency")
def test_one_image_is_answered_soon(cost, verdict):
    """An image that comes alone is answered soon."""
    milliseconds = duration(cost.alone_seconds, cost.tried)

    verdict.at_most(milliseconds)


@pytest.mark.audit("efficiency.peak_memory")
def test_a_batch_fits_into_memory(cost, verdict):
    """A batch takes little memory, weights included."""
    megabytes = memory(cost.peak_bytes, cost.batch, cost.tried)

    verdict.at_most(megabytes)
