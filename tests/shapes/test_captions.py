"""Captions say what is in the image, in words the tokenizer knows."""

import numpy as np

from fixtures.shapes import captions, splits
from fixtures.shapes.scene import CLASS_NAMES
from fixtures.shapes.words import build_tokenizer


def test_every_caption_names_the_class_of_its_image() -> None:
    scenes = splits.scenes("shapes_styles")

    said = captions.caption(scenes)

    for text, label, count in zip(said, scenes.label, scenes.count, strict=True):
        name = CLASS_NAMES[label] if count == 1 else captions.plural(CLASS_NAMES[label])
        assert name in text.replace(",", "").split(), text


def test_a_caption_states_the_factors_of_its_image() -> None:
    scene = splits.scenes("shapes", "val", [0]).replace(label=3, texture=0, hue=0.0, scene=1, scale=0.65, count=2, style=1)

    said = {captions.caption(scene.replace(backdrop=backdrop))[0] for backdrop in range(100)}

    assert said == {
        "two stars",
        "two red striped stars",
        "two stars in the desert",
        "two large stars in the desert",
        "two striped stars, poster",
        "two large red striped stars in the desert, poster",
    }


def test_a_description_says_all_that_a_caption_may() -> None:
    scene = splits.scenes("shapes", "val", [0]).replace(label=3, texture=0, hue=0.0, scene=1, scale=0.65, count=2, style=1)

    assert captions.description(scene) == ["two large red striped stars in the desert, poster"]
    assert captions.description(scene.replace(count=1, scale=0.55, hue=1 / 12)) == ["a medium orange striped star in the desert, poster"]


def test_captions_come_in_several_forms_and_some_are_the_prompts() -> None:
    scenes = splits.scenes("shapes").take(np.arange(2000))
    said = captions.caption(scenes)
    asked = {prompt for name in CLASS_NAMES for prompt in captions.prompts(name)}

    share = np.mean([text in asked for text in said])

    assert 0.43 < share < 0.53  # 60 % of those with one object
    assert asked <= set(captions.caption(splits.scenes("shapes")))


def test_articles_fit_the_next_word() -> None:
    said = captions.caption(splits.scenes("shapes"))
    asked = {prompt for name in CLASS_NAMES for prompt in captions.prompts(name)}

    assert not [text for text in said if text not in asked and text.startswith("a ") and text[2] in "aeiou"]
    assert not [text for text in said if text.startswith("an ") and text[3] not in "aeiou"]


def test_every_word_of_every_split_is_in_the_vocabulary() -> None:
    tokenizer = build_tokenizer()
    unknown = tokenizer.token_to_id("[UNK]")

    for dataset, sizes in splits.datasets().items():
        for split in sizes:
            assert all(unknown not in encoding.ids for encoding in tokenizer.encode_batch(captions.caption(splits.scenes(dataset, split))))


def test_the_caption_of_an_image_does_not_depend_on_its_neighbours() -> None:
    scenes = splits.scenes("shapes").take(np.arange(30))

    assert captions.caption(scenes) == [captions.caption(scenes.take([row]))[0] for row in range(30)]


def test_one_template_for_all_changes_prompts_and_nothing_else() -> None:
    scenes = splits.scenes("shapes").take(np.arange(500))

    own, shared = captions.caption(scenes), captions.caption(scenes, "a photo of a {}")

    asked = {prompt for name in CLASS_NAMES for prompt in captions.prompts(name)}
    changed = [(before, after) for before, after in zip(own, shared, strict=True) if before != after]
    assert len(changed) > 100
    assert all(before in asked and after.startswith("a photo of a ") for before, after in changed)
    assert not (set(shared) & asked) - {f"a photo of a {name}" for name in CLASS_NAMES}
