"""Passwords of people and codes of authenticator apps."""

from __future__ import annotations

import pytest

from services.shared import crypto

# RFC 6238, appendix B: the SHA-1 column, last six digits.
RFC_SECRET = b"12345678901234567890"
RFC_CODES = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
]


def test_a_password_is_known_by_its_hash_alone() -> None:
    hashed = crypto.hash_password("Melati-Putih-42")

    assert hashed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert crypto.is_password("Melati-Putih-42", hashed)
    assert not crypto.is_password("melati-putih-42", hashed)


def test_two_hashes_of_one_password_differ() -> None:
    assert crypto.hash_password("melati") != crypto.hash_password("melati")


def test_what_is_no_hash_is_nobodys_password() -> None:
    assert not crypto.is_password("melati", "melati")


@pytest.mark.parametrize(("at", "code"), RFC_CODES)
def test_codes_are_those_of_the_standard(at: int, code: str) -> None:
    assert crypto.totp_code(RFC_SECRET, at) == code
    assert crypto.totp_step(RFC_SECRET, code, at) == at // 30


@pytest.mark.parametrize(("seconds", "counts"), [(-30, True), (30, True), (90, False)])
def test_a_clock_may_be_off_by_one_step(seconds: int, *, counts: bool) -> None:
    at = 1_234_567_890
    code = crypto.totp_code(RFC_SECRET, at + seconds)
    assert (crypto.totp_step(RFC_SECRET, code, at) is not None) == counts


@pytest.mark.parametrize("code", ["", "12345", "abcdef", "1234567", "٢٨٧٠٨٢"])
def test_what_is_no_code_is_wrong_and_no_fault(code: str) -> None:
    assert crypto.totp_step(RFC_SECRET, code, 59) is None


def test_an_app_reads_secret_account_and_issuer() -> None:
    uri = crypto.totp_uri(RFC_SECRET, account="sari@contoh.id", issuer="Koperasi Hub")
    assert uri.startswith("otpauth://totp/Koperasi%20Hub:sari%40contoh.id?")
    assert "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" in uri
