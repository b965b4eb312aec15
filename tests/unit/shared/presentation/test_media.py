"""What a file is: by its content, whatever it is called."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.presentation import media

JPEG = b"\xff\xd8\xff\xe0...\xff\xd9"


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (JPEG, media.JPEG),
        (JPEG + b"\0" * 100, media.JPEG),
        (b"\x89PNG\r\n\x1a\n...IEND\xaeB`\x82", media.PNG),
        (b"%PDF-1.7\n...\n%%EOF\n", media.PDF),
        (b"", None),
        (b"GIF89a", None),
        (b"<svg onload=alert(1)>\xff\xd9", None),
        (b" " + JPEG, None),
        (b"\xff\xd8\xff" + bytes(2000), None),
        (JPEG + bytes(2000), None),
        (b"PK\x03\x04%%EOF", None),
    ],
)
def test_a_file_is_known_by_its_beginning_and_its_end(
    content: bytes, media_type: str | None
) -> None:
    assert media.media_type_of(content) == media_type


@given(st.binary(max_size=200))
def test_no_file_has_two_types(content: bytes) -> None:
    found = media.media_type_of(content)
    assert found is None or found in media.MEDIA_TYPES


def test_the_name_of_a_download_is_ours() -> None:
    assert media.file_name("doc_1", "ktp", media.PNG) == "ktp-doc_1.png"
