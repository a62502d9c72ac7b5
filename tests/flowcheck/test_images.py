"""Image sets: the split, the binary evaluation set, and every way a file can be bad."""

import gzip
import struct

import numpy as np
import pytest

from flowcheck import images
from flowcheck.seeds import seed_for

FILES = {
    "train-images-idx3-ubyte": (2051, (6, 4, 4)),
    "train-labels-idx1-ubyte": (2049, (6,)),
    "t10k-images-idx3-ubyte": (2051, (3, 4, 4)),
    "t10k-labels-idx1-ubyte": (2049, (3,)),
}


def idx_content(magic, sizes):
    header = struct.pack(f">{1 + len(sizes)}I", magic, *sizes)
    return header + (np.arange(np.prod(sizes)) % 10).astype(np.uint8).tobytes()


@pytest.fixture
def folder(tmp_path):
    """Four small files such as MNIST's."""
    for name, (magic, sizes) in FILES.items():
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(idx_content(magic, sizes)))
    return tmp_path


def test_a_torchvision_set_is_read_from_files(folder, tmp_path):
    loaded = images.load_torchvision("FashionMNIST", folder, tmp_path / "unused")
    assert loaded.pixels.shape == (9, 16)
    assert loaded.shape == (4, 4)
    assert loaded.split.tolist() == ["train"] * 6 + ["test"] * 3
    assert loaded.labels.tolist() == [0, 1, 2, 3, 4, 5, 0, 1, 2]
    np.testing.assert_array_equal(loaded.pixels[1], np.arange(16, 32) % 10)
    assert not (tmp_path / "unused").exists()


def test_another_file_than_the_published_one_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match=r"train-images-idx3-ubyte.gz.*not the published"):
        images.load_torchvision("MNIST", folder, tmp_path / "unused")


def test_an_unknown_set_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match=r"CIFAR10.*FashionMNIST"):
        images.load_torchvision("CIFAR10", folder, tmp_path)


def rewrite(name, change):
    """Replace a gzip file's unzipped content."""

    def damage(folder):
        path = folder / f"{name}.gz"
        path.write_bytes(gzip.compress(change(gzip.decompress(path.read_bytes()))))

    return damage


def reslice(name, change):
    """Replace a gzip file's own bytes."""

    def damage(folder):
        path = folder / f"{name}.gz"
        path.write_bytes(change(path.read_bytes()))

    return damage


IMAGES, LABELS = "train-images-idx3-ubyte", "t10k-labels-idx1-ubyte"
BAD_FILES = {
    "missing": (IMAGES, lambda folder: (folder / f"{IMAGES}.gz").unlink(), "no such file"),
    "truncated gzip": (IMAGES, reslice(IMAGES, lambda raw: raw[:-12]), "not a whole gzip file"),
    "not gzip": (IMAGES, reslice(IMAGES, lambda raw: b"<html>" + raw), "not a whole gzip file"),
    "broken stream": (
        IMAGES,
        reslice(IMAGES, lambda raw: raw[:12] + b"\xff\xff\xff\xff" + raw[16:]),
        "not a whole gzip file",
    ),
    "empty": (LABELS, rewrite(LABELS, lambda raw: b""), "too few"),
    "wrong magic": (LABELS, rewrite(LABELS, lambda raw: b"\0\0\x08\x03" + raw[4:]), "magic"),
    "cut short": (IMAGES, rewrite(IMAGES, lambda raw: raw[:-1]), "header promises"),
    "counts differ": (
        LABELS,
        rewrite(LABELS, lambda raw: struct.pack(">2I", 2049, 2) + raw[8:-1]),
        "2 labels for the 3 images",
    ),
}


@pytest.mark.parametrize("fault", BAD_FILES)
def test_a_bad_file_is_named(folder, tmp_path, fault):
    name, damage, message = BAD_FILES[fault]
    damage(folder)
    with pytest.raises((ValueError, FileNotFoundError), match=message) as caught:
        images.unzip_checked(folder, tmp_path / "unzipped", {})
    assert str(folder / f"{name}.gz") in str(caught.value)


def test_good_files_pass(folder, tmp_path):
    images.unzip_checked(folder, tmp_path / "unzipped", {})
    assert sorted(path.name for path in (tmp_path / "unzipped").iterdir()) == sorted(FILES)


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
