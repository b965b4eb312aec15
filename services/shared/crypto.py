"""How secrets are derived, hidden and signed: the only place that does cryptography."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from typing import Final

from cryptography.exceptions import (
    InvalidKey,
    InvalidSignature,
    InvalidTag,
    UnsupportedAlgorithm,
)
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12
RSA_BITS_MIN: Final = 2048
RSA_BITS_MAX: Final = 8192

# Argon2id as OWASP recommends it at the least: 19 MiB, two passes. About 40 ms.
PASSWORD_MEMORY_KIB: Final = 19_456
PASSWORD_PASSES: Final = 2
PASSWORD_SALT_BYTES: Final = 16

# RFC 6238 as every authenticator app has it.
TOTP_BYTES: Final = 20
TOTP_DIGITS: Final = 6
TOTP_SECONDS: Final = 30
TOTP_DRIFT_STEPS: Final = 1
_FORMAT: Final = b"\x01"
"""First byte of every ciphertext, so that another scheme can live beside this one."""


class Undecryptable(Exception):
    """The ciphertext was changed, moved to another row, or made with another key."""


class FieldCipher:
    """Encrypts one column's values with AES-256-GCM.

    ``aad`` binds a value to its place (table, column, row): a ciphertext copied to
    another row does not decrypt there. While keys are rotated, values made with one
    of ``older`` are still read; nothing new is made with them.
    """

    def __init__(self, key: bytes, *older: bytes) -> None:
        for one in (key, *older):
            if len(one) != KEY_BYTES:
                message = f"An AES-256 key has {KEY_BYTES} bytes, this one {len(one)}."
                raise ValueError(message)
        self._aead = AESGCM(key)
        self._older = tuple(AESGCM(one) for one in older)

    def encrypt(self, plaintext: bytes, aad: bytes) -> bytes:
        """Format byte, nonce, ciphertext and tag in one value for a bytea column."""
        nonce = os.urandom(NONCE_BYTES)
        return _FORMAT + nonce + self._aead.encrypt(nonce, plaintext, aad)

    def decrypt(self, ciphertext: bytes, aad: bytes) -> bytes:
        """The plaintext again. Raises Undecryptable."""
        form, nonce = ciphertext[:1], ciphertext[1 : 1 + NONCE_BYTES]
        if form != _FORMAT or len(nonce) != NONCE_BYTES:
            raise Undecryptable
        for aead in (self._aead, *self._older):
            try:
                return aead.decrypt(nonce, ciphertext[1 + NONCE_BYTES :], aad)
            except InvalidTag:
                # Authenticated encryption: the wrong key never yields a plaintext.
                continue
        raise Undecryptable

    def renewed(self, ciphertext: bytes, aad: bytes) -> bytes | None:
        """The value under the newest key; None when that is what it is under already.

        Raises Undecryptable.
        """
        nonce = ciphertext[1 : 1 + NONCE_BYTES]
        try:
            self._aead.decrypt(nonce, ciphertext[1 + NONCE_BYTES :], aad)
        except (InvalidTag, ValueError):
            return self.encrypt(self.decrypt(ciphertext, aad), aad)
        return None


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


def new_number(below: int) -> int:
    """A random number from 0, for codes that people type."""
    return secrets.randbelow(below)


def keyed_hash(key: bytes, value: str) -> bytes:
    """HMAC-SHA512: finds or compares a value without keeping it.

    Right for values that are random themselves (client secrets) and for look-up
    columns (NIK); a password that a person chose needs Argon2id instead.
    """
    return hmac.digest(key, value.encode(), hashlib.sha512)


def signature(key: bytes, message: bytes) -> str:
    """HMAC-SHA512 in hex: what signed callbacks carry in ``X-Signature``."""
    return hmac.digest(key, message, hashlib.sha512).hex()


def hmac_sha512(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA512, for signatures that are sent in an encoding of their own."""
    return hmac.digest(key, message, hashlib.sha512)


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


def hash_password(password: str) -> str:
    """Argon2id of what a person chose, as a PHC string with its salt and its costs."""
    derivation = Argon2id(
        salt=os.urandom(PASSWORD_SALT_BYTES),
        length=KEY_BYTES,
        iterations=PASSWORD_PASSES,
        lanes=1,
        memory_cost=PASSWORD_MEMORY_KIB,
    )
    return str(derivation.derive_phc_encoded(password.encode()))


def is_password(password: str, hashed: str) -> bool:
    """Whether ``hashed`` was made of this password; costs as much when it was not."""
    try:
        Argon2id.verify_phc_encoded(password.encode(), hashed)
    except InvalidKey:
        return False
    return True


def new_totp_secret() -> bytes:
    """What an authenticator app and the hub share."""
    return os.urandom(TOTP_BYTES)


def totp_uri(secret: bytes, *, account: str, issuer: str) -> str:
    """What an authenticator app reads from a QR code."""
    return _totp(secret).get_provisioning_uri(account, issuer)


def totp_step(secret: bytes, code: str, at: float) -> int | None:
    """The time step that ``code`` belongs to; None when it is none near ``at``.

    The step before and after count as well, for clocks that differ. Whoever accepts a
    step must accept it and those before it never again: a code that was looked at over
    a shoulder is worth nothing.
    """
    now = int(at) // TOTP_SECONDS
    for step in range(now - TOTP_DRIFT_STEPS, now + TOTP_DRIFT_STEPS + 1):
        try:
            _totp(secret).verify(code.encode(), step * TOTP_SECONDS)
        except InvalidToken:
            continue
        return step
    return None


def totp_code(secret: bytes, at: float) -> str:
    """The code of the moment ``at``, as the app shows it."""
    return _totp(secret).generate(int(at)).decode()


def _totp(secret: bytes) -> TOTP:
    # SHA-1 is what the apps speak; as a keyed hash it is not broken.
    return TOTP(secret, TOTP_DIGITS, hashes.SHA1(), TOTP_SECONDS)  # noqa: S303


def is_rsa_public_key(pem: str) -> bool:
    """Whether it is an RSA public key in PEM, neither too weak nor too costly."""
    try:
        key = load_pem_public_key(pem.encode())
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(key, RSAPublicKey) and RSA_BITS_MIN <= key.key_size <= (
        RSA_BITS_MAX
    )


def rsa_is_signed(pem: str, message: bytes, signed: bytes) -> bool:
    """Whether ``signed`` is the SHA256withRSA signature of that key's owner."""
    key = load_pem_public_key(pem.encode())
    if not isinstance(key, RSAPublicKey):
        return False
    try:
        key.verify(signed, message, PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return False
    return True


def _bytes(value: bytes | str) -> bytes:
    return value.encode() if isinstance(value, str) else value
