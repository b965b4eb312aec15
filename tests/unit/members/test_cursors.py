"""Cursors belong to one list of one cooperative."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared.contracts import cursors


@given(owner=st.text(), position=st.from_regex(r"[a-z0-9_-]*", fullmatch=True))
def test_a_cursor_gives_back_its_position(owner: str, position: str) -> None:
    assert cursors.decode(owner, cursors.encode(owner, position)) == position


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "ééé",
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        base64.urlsafe_b64encode(b'["members coop_a", 5]').decode(),
        base64.urlsafe_b64encode(b'{"a": 1}').decode(),
        base64.urlsafe_b64encode(b"1" * 5000).decode(),
        cursors.encode("members coop_b", "mem_1"),
        cursors.encode("accounts coop_a", "mem_1"),
        cursors.encode("members coop_a", "mem_1\x00"),
        cursors.encode("members coop_a", "anggota-\ud800"),
    ],
)
def test_a_cursor_of_another_list_or_tenant_is_refused(cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the cursor itself
        cursors.decode("members coop_a", cursor)


@given(st.text(max_size=60))
def test_no_text_makes_decoding_fail_in_another_way(cursor: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message is the cursor itself
        cursors.decode("members coop_a", cursor)
