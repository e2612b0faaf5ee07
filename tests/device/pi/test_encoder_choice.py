"""The encoder is chosen by what the kernel offers."""

from pathlib import Path

import pytest

from device.pi.encoder_choice import has_hardware_encoder


@pytest.mark.parametrize(
    ("name", "hardware"),
    [
        ("bcm2835-codec-encode\n", True),  # Pi 4, Zero 2 W
        ("bcm2835-codec-decode\n", False),
        ("rpi-hevc-dec\n", False),  # Pi 5
        ("", False),
    ],
)
def test_it_goes_by_the_device(name: str, hardware: bool, tmp_path: Path) -> None:
    file = tmp_path / "name"
    file.write_text(name)
    assert has_hardware_encoder(file) is hardware


def test_without_the_device_it_is_software(tmp_path: Path) -> None:
    assert not has_hardware_encoder(tmp_path / "name")
