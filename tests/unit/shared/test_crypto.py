"""Secrets come back only to whom they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.shared import crypto

KEY = bytes(range(32))
PLACE = b"members.nik:mem_1"


@given(st.binary(), st.binary())
def test_what_was_encrypted_comes_back(plaintext: bytes, aad: bytes) -> None:
    cipher = crypto.FieldCipher(KEY)
    assert cipher.decrypt(cipher.encrypt(plaintext, aad), aad) == plaintext


def test_the_same_value_never_looks_the_same_twice() -> None:
    cipher = crypto.FieldCipher(KEY)
    assert cipher.encrypt(b"3201", PLACE) != cipher.encrypt(b"3201", PLACE)


@pytest.mark.parametrize("position", [0, 1, 12, 13, -1])
def test_a_changed_ciphertext_is_refused(position: int) -> None:
    cipher = crypto.FieldCipher(KEY)
    changed = bytearray(cipher.encrypt(b"3201010101900001", PLACE))
    changed[position] ^= 1
    with pytest.raises(crypto.Undecryptable):
        cipher.decrypt(bytes(changed), PLACE)


@pytest.mark.parametrize("length", [0, 1, 12, 13, 20])
def test_a_ciphertext_cut_short_is_refused(length: int) -> None:
    cipher = crypto.FieldCipher(KEY)
    with pytest.raises(crypto.Undecryptable):
        cipher.decrypt(cipher.encrypt(b"3201", PLACE)[:length], PLACE)


def test_a_ciphertext_moved_to_another_row_is_refused() -> None:
    cipher = crypto.FieldCipher(KEY)
    with pytest.raises(crypto.Undecryptable):
        cipher.decrypt(cipher.encrypt(b"3201", PLACE), b"members.nik:mem_2")


def test_another_key_opens_nothing() -> None:
    encrypted = crypto.FieldCipher(KEY).encrypt(b"3201", PLACE)
    with pytest.raises(crypto.Undecryptable):
        crypto.FieldCipher(crypto.new_key()).decrypt(encrypted, PLACE)


def test_a_key_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.FieldCipher(b"short")


def test_keys_for_two_purposes_have_nothing_in_common() -> None:
    one, other = crypto.hkdf(b"master", "one"), crypto.hkdf(b"master", "other")
    assert one != other
    assert one == crypto.hkdf(b"master", "one")
    assert len(crypto.hkdf(b"master", "one", 64)) == 64


def test_hashes_and_signatures_depend_on_the_key() -> None:
    assert crypto.keyed_hash(KEY, "3201") != crypto.keyed_hash(b"other", "3201")
    assert len(crypto.keyed_hash(KEY, "3201")) == 64
    assert crypto.signature(KEY, b"body") != crypto.signature(KEY, b"Body")


def test_the_signature_is_hmac_sha512_as_in_rfc_4231() -> None:
    signed = crypto.signature(b"Jefe", b"what do ya want for nothing?")
    assert signed.startswith("164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd6")


def test_equality_of_secrets_takes_text_and_bytes() -> None:
    assert crypto.is_same("rahasia", b"rahasia")
    assert not crypto.is_same(b"rahasia", "Rahasia")


def test_only_the_owner_of_the_seed_can_sign() -> None:
    seed = bytes(32)
    public_key = crypto.ed25519_public_key(seed)
    signed = crypto.ed25519_sign(seed, b"proof")
    assert crypto.ed25519_is_signed(public_key, b"proof", signed)
    assert not crypto.ed25519_is_signed(public_key, b"Proof", signed)
    assert not crypto.ed25519_is_signed(public_key, b"proof", signed[:-1])
    assert not crypto.ed25519_is_signed(b"no key", b"proof", signed)


def test_new_secrets_are_long_and_never_the_same() -> None:
    assert len(crypto.new_secret()) >= 43
    assert crypto.new_secret() != crypto.new_secret()
