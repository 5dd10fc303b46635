"""The pictures in docs/images/reports, as Chromium draws them now."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import pictures
import pytest


@pytest.mark.skipif("NETGIRO_TEST_CHROMIUM" not in os.environ, reason="Chromium is not there")
@pytest.mark.parametrize("scheme", pictures.SCHEMES)
def test_the_report_is_drawn(scheme: str, tmp_path: Path) -> None:
    image = tmp_path / "report.png"
    pictures.picture(pictures.page(tmp_path), scheme, image)
    content = image.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", content[16:24]) == (1240, 1140)
    assert len(content) > 50_000


def test_the_pictures_are_small() -> None:
    for scheme in pictures.SCHEMES:
        assert (pictures.IMAGES / f"report-{scheme}.png").stat().st_size < 250_000
