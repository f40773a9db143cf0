"""Transfer: what a backbone has learned serves a task that it was not trained for.

Why it gates: most who take a backbone keep it frozen, or tune it a little, and put something of their own on top; what its features hold
of their task decides what they get, and accuracy on the task that it was trained for says little about it.
Measure: accuracy on test images, or the mean of the classes' accuracies where a task's papers have it; where an image has several labels
or none, the mean over labels of the area under the curve (Irvin et al. 2019) or of the average precision (Everingham et al. 2010). On
frozen pooled features of the train images: a linear classifier whose L2 strength is chosen on a held-out part of them (Kornblith et al.
2019); the weighted vote of the nearest 20 (Wu et al. 2018); linear classifiers of a few images a class, over five draws. Tuned as a
whole, with rates that fall from head to stem and a head that begins as the linear classifier (Kumar et al. 2022), at the small budget
that the policy's depth sets: reliance is what that gains (after Zhou et al. 2021 and Goldblum et al. 2023).
"""

import pytest

from audits.measures.draws import over_draws
from audits.measures.multi_label import mean_over_labels
from audits.measures.multi_task import delta, reliance
from audits.measures.transfer import task_accuracy

pytestmark = pytest.mark.needs("features", "train_split")


@pytest.mark.audit("transfer.linear_probe")
@pytest.mark.needs("labels", "in_distribution")
def test_a_linear_classifier_on_its_features_is_right(evidence, probed, verdict):
    """A linear classifier on frozen features is right often enough."""
    accuracy = task_accuracy(probed.correct, evidence.labels, evidence.metric, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("transfer.multi_label")
@pytest.mark.needs("label_matrix", "in_distribution")
def test_linear_classifiers_on_its_features_tell_which_labels_an_image_has(evidence, probed_labels, verdict):
    """A linear classifier for each label, on frozen features, tells images that have it from images that do not."""
    order = mean_over_labels(probed_labels.scores, probed_labels.truth, evidence.metric, evidence.class_names, evidence.ids)

    verdict.at_least(order)


@pytest.mark.audit("transfer.knn")
@pytest.mark.needs("labels", "in_distribution")
def test_images_alike_are_of_one_class(evidence, nearest, verdict):
    """The train images whose features are nearest show the right class."""
    accuracy = task_accuracy(nearest.correct, evidence.labels, evidence.metric, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("transfer.few_shot[{shots}]")
@pytest.mark.needs("labels", "in_distribution")
@pytest.mark.parametrize("shots", ["1%", "10%", "5"])
def test_a_few_examples_are_enough(evidence, few_shot, shots, verdict):
    """A linear classifier that saw a few images of each class is right about others."""
    accuracy = over_draws(few_shot.correct, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("transfer.open_domain")
@pytest.mark.needs("labels", "domains")
def test_what_was_learned_in_one_domain_holds_in_others(evidence, probed, verdict):
    """A linear classifier that learned from images of one domain is right about those of others."""
    accuracy = task_accuracy(probed.correct, evidence.labels, evidence.metric, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("transfer.fine_tune")
@pytest.mark.needs("labels", "in_distribution", "fine_tuning")
def test_tuned_as_a_whole_it_is_right(evidence, tuned, verdict):
    """Tuned as a whole on some images of a task, a backbone is right about others."""
    accuracy = task_accuracy(tuned.correct, evidence.labels, evidence.metric, evidence.ids)

    verdict.at_least(accuracy)


@pytest.mark.audit("transfer.reliance")
@pytest.mark.needs("labels", "in_distribution", "fine_tuning")
def test_features_hold_what_a_task_needs(evidence, tuned, probed_alike, verdict):
    """Tuning all of a backbone gains little over a linear classifier on its frozen features."""
    gain = reliance(tuned.correct, probed_alike.correct, evidence.ids)

    verdict.at_most(gain)


@pytest.mark.audit("transfer.multi_task[{factor}]")
@pytest.mark.needs("labels", "multi_task", "second_tasks")
def test_one_network_serves_two_tasks(evidence, together, verdict):
    """One network for two tasks is as often right about each as a network of its own for each."""
    change = delta(together.alone, together.together, evidence.ids)

    verdict.at_least(change)
