"""While the master secret is changed, what either made is believed and read."""

from __future__ import annotations

import pytest

from services.shared import crypto, identity, settings
from services.shared.crypto import FieldCipher, Undecryptable
from services.shared.errors import NotAuthenticated
from services.shared.identity import Identity
from services.shared.settings import Settings

OLD = "the first secret of the tests, long enough"
NEW = "the second secret of the tests, long enough"
BUDI = Identity(
    subject="usr_budi", cooperative_id="coop_1", scopes=frozenset({"members:read"})
)


def with_secrets(current: str, previous: str = "") -> Settings:
    return settings.load(
        {"HUB_SECRET_KEY": current, "HUB_SECRET_KEY_PREVIOUS": previous}
    )


def signed(by: Settings) -> str:
    return identity.sign(BUDI, by.identity_key, audience="api", seconds=60)


def test_tokens_of_either_secret_are_believed() -> None:
    both = with_secrets(NEW, OLD)

    for one in (with_secrets(OLD), with_secrets(NEW)):
        found = identity.verify(signed(one), both.identity_keys, audience="api")
        assert found == BUDI


def test_a_token_of_a_secret_that_is_gone_is_not() -> None:
    token = signed(with_secrets(OLD))

    with pytest.raises(NotAuthenticated):
        identity.verify(token, with_secrets(NEW).identity_keys, audience="api")


def test_a_token_of_another_audience_is_not_believed_with_either_secret() -> None:
    for one in (with_secrets(OLD), with_secrets(NEW)):
        with pytest.raises(NotAuthenticated):
            identity.verify(
                signed(one), with_secrets(NEW, OLD).identity_keys, audience="snap"
            )


def test_a_value_of_the_old_key_is_read_and_made_anew() -> None:
    old, new = crypto.new_key(), crypto.new_key()
    value = FieldCipher(old).encrypt(b"Budi", b"place")
    both = FieldCipher(new, old)

    assert both.decrypt(value, b"place") == b"Budi"
    made = both.renewed(value, b"place")

    assert made is not None
    assert FieldCipher(new).decrypt(made, b"place") == b"Budi"
    assert both.renewed(made, b"place") is None


def test_what_is_encrypted_meanwhile_needs_the_new_key_alone() -> None:
    value = with_secrets(NEW, OLD).cipher("x").encrypt(b"Budi", b"place")

    assert with_secrets(NEW).cipher("x").decrypt(value, b"place") == b"Budi"
    with pytest.raises(Undecryptable):
        with_secrets(OLD).cipher("x").decrypt(value, b"place")


def test_a_value_is_not_made_anew_for_another_place() -> None:
    old, new = crypto.new_key(), crypto.new_key()
    value = FieldCipher(old).encrypt(b"Budi", b"place")

    with pytest.raises(Undecryptable):
        FieldCipher(new, old).renewed(value, b"elsewhere")


@pytest.mark.parametrize("value", [b"", b"\x01", b"\x02" + bytes(40)])
def test_what_is_no_value_cannot_be_made_anew(value: bytes) -> None:
    with pytest.raises(Undecryptable):
        FieldCipher(crypto.new_key()).renewed(value, b"place")


def test_a_short_second_secret_is_refused() -> None:
    with pytest.raises(settings.SettingsError, match="HUB_SECRET_KEY_PREVIOUS"):
        with_secrets(NEW, "short")
