"""How secrets are derived, hidden and signed: the only place that does cryptography."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import Final

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
_FORMAT: Final = b"\x01"
"""First byte of every ciphertext, so that another scheme can live beside this one."""


class Undecryptable(Exception):
    """The ciphertext was changed, moved to another row, or made with another key."""


class FieldCipher:
    """Encrypts one column's values with AES-256-GCM.

    ``aad`` binds a value to its place (table, column, row): a ciphertext copied to
    another row does not decrypt there.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            message = f"An AES-256 key has {KEY_BYTES} bytes, this one {len(key)}."
            raise ValueError(message)
        self._aead = AESGCM(key)

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Format byte, nonce, ciphertext and tag in one value for a bytea column."""
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plaintext, aad)

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext again. Raises Undecryptable."""
        form, nonce = ciphertext[:1], ciphertext[1 : 1 + NONCE_BYTES]
        if form != _FORMAT or len(nonce) != NONCE_BYTES:
            raise Undecryptable
        try:
            return self._aead.decrypt(nonce, ciphertext[1 + NONCE_BYTES :], aad)
        except InvalidTag as fault:
            raise Undecryptable from fault


def hkdf(secret: bytes, label: str, length: int = KEY_BYTES) -> bytes:
    """A key for one purpose: other labels give keys that say nothing about this one."""
    derivation = HKDF(hashes.SHA512(), length, salt=None, info=label.encode())
    return derivation.derive(secret)


def new_key() -> bytes:
    """A random AES-256 key."""
    return os.urandom(KEY_BYTES)


def new_secret() -> str:
    """A random secret of 256 bits, in characters that survive a shell and a URL."""
    return secrets.token_urlsafe(KEY_BYTES)


def keyed_hash(key: bytes, value: str) -> bytes:
    """HMAC-SHA512: finds or compares a value without keeping it.

    Right for values that are random themselves (client secrets) and for look-up
    columns (NIK); a password that a person chose needs Argon2id instead.
    """
    return hmac.digest(key, value.encode(), hashlib.sha512)


def signature(key: bytes, message: bytes) -> str:
    """HMAC-SHA512 in hex: what signed callbacks carry in ``X-Signature``."""
    return hmac.digest(key, message, hashlib.sha512).hex()


def is_same(left: bytes | str, right: bytes | str) -> bool:
    """Equality in constant time, for secrets, hashes and signatures."""
    return hmac.compare_digest(_bytes(left), _bytes(right))


def ed25519_sign(seed: bytes, message: bytes) -> bytes:
    """The Ed25519 signature of ``message`` by the key of this 32-byte seed."""
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def ed25519_public_key(seed: bytes) -> bytes:
    """The 32 bytes that others verify with."""
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def ed25519_is_signed(public_key: bytes, message: bytes, signed: bytes) -> bool:
    """Whether ``signed`` is the signature of ``message`` by that key's owner."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signed, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
