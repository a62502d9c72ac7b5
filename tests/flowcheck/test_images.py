"""Image sets: the split and the binary evaluation set."""

import numpy as np
import pytest

from flowcheck import images
from flowcheck.seeds import seed_for


def load_digits(seed=1):
    return images.load_digits(0.2, np.random.default_rng(seed_for(seed, "digits", "split")))


def test_digits_are_split_evenly_and_always_alike():
    first, again, other = load_digits(), load_digits(), load_digits(seed=2)
    assert first.pixels.shape == (1797, 64)
    assert first.checksum == again.checksum != other.checksum
    assert first.intensity.min() == 0
    assert first.intensity.max() == 1
    for label in range(10):
        of_label = first.split[first.labels == label]
        assert abs(np.mean(of_label == "test") - 0.2) <= 0.5 / len(of_label)


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_a_split_leaves_images_of_every_label_on_both_sides(fraction):
    with pytest.raises(ValueError, match="labelled 0"):
        images.stratified_split(np.zeros(10, int), fraction, np.random.default_rng(0))


def test_the_binary_evaluation_set_is_the_same_in_every_run():
    intensity = load_digits().intensity

    def evaluation(seed):
        return images.binarise(
            intensity, np.random.default_rng(seed_for(seed, "digits", "evaluation"))
        )

    np.testing.assert_array_equal(evaluation(1), evaluation(1))
    assert set(np.unique(evaluation(1))) == {0, 1}
    assert np.mean(evaluation(1) != evaluation(2)) > 0.01


def test_binary_pixels_have_the_intensity_as_their_mean():
    intensity = np.array([0.0, 0.25, 0.5, 1.0], np.float32)
    draws = images.binarise(np.tile(intensity, (10_000, 1)), np.random.default_rng(0))
    # Standard error at most 0.005; five of them. Intensities 0 and 1 leave nothing to chance.
    np.testing.assert_allclose(draws.mean(0), intensity, atol=0.025)
    assert draws[:, 0].max() == 0
    assert draws[:, 3].min() == 1


def test_a_subset_is_of_its_split_and_has_no_image_twice():
    split = np.repeat(["train", "test"], [50, 20])
    chosen = images.subset(split, "test", 10, np.random.default_rng(0))
    assert len(set(chosen)) == 10
    assert np.all(split[chosen] == "test")
    assert len(images.subset(split, "test", 100, np.random.default_rng(0))) == 20


def test_without_test_images_training_images_are_held_out_label_by_label():
    labels = np.repeat(np.arange(3), [40, 20, 60])
    split = np.where(np.arange(120) % 4 == 0, "test", "train")
    pixels = np.arange(120, dtype=np.uint8)[:, None]
    whole = images.ImageSet(pixels, labels, split, (1, 1), 255)
    found = images.without_test(whole, 0.2, np.random.default_rng(1))
    # The training images, in their order, and none of the test's.
    np.testing.assert_array_equal(found.pixels, pixels[split == "train"])
    np.testing.assert_array_equal(found.labels, labels[split == "train"])
    held = found.labels[found.split == "test"]
    assert np.bincount(held).tolist() == [6, 3, 9]  # a fifth of 30, 15 and 45
    assert (whole.split == split).all()
    other = images.without_test(whole, 0.2, np.random.default_rng(2))
    assert (other.split != found.split).any()
