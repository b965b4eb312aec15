"""The pages that people see: forms in, pages out, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import pytest

from services.gateway import pages, steps
from services.gateway.http import entrypoints
from services.gateway.pages import forms
from services.gateway.routes import home, security
from services.gateway.service import GatewayService
from services.shared import access, clock, identity
from services.shared.contracts.members import (
    passwords,
    registration,
    second_factors,
    sessions,
)
from services.shared.errors import DatabaseUnavailable
from services.shared.identity import Identity
from tests.fakes.running_gateway import Reply
from tests.interface.gateway.conftest import Gateway

FORM: Final = "application/x-www-form-urlencoded"
PUBLIC: Final = (
    "/",
    "/daftar",
    "/daftar/kirim-ulang",
    "/syarat",
    "/masuk",
    "/lupa-password",
    "/aktivasi",
    "/undangan",
    "/atur-ulang-sandi",
)
POSTS: Final = ("/daftar", "/daftar/kirim-ulang", "/masuk", "/lupa-password")
COOPERATIVE: Final = {
    "name": " KSP Tunas Harapan ",
    "email": "pengurus@tunas.example",
    "phone": "0812-3456-7890",
    "password": " Melati-Putih-17 ",
    "partner_code": "",
    "terms_version": registration.TERMS_VERSION,
}
LOGIN: Final = {"login": "sari@contoh.id", "password": "Melati-Putih-42"}
NOBODY: Final = "siapa@contoh.id"
SECOND_FACTOR: Final = "/beranda/faktor-kedua"
RENEW: Final = f"{SECOND_FACTOR}/kode-pemulihan"
REMOVE: Final = f"{SECOND_FACTOR}/hapus"
OWN: Final = (SECOND_FACTOR, RENEW, REMOVE, "/beranda/kata-sandi")
OWN_POSTS: Final = (*OWN, f"{SECOND_FACTOR}/konfirmasi")
PROOF: Final = {"password": "Melati-Putih-42", "code": "492039"}
PASSWORDS: Final = {
    "current_password": "Melati-Putih-42",
    "password": "Kenanga-Kuning-7",
}
SECURITY: Final = {
    "has_second_factor": False,
    "must_have_second_factor": True,
    "recovery_codes_left": 0,
    "has_pin": False,
}


@pytest.fixture
def gateway(start_gateway: Callable[..., Gateway]) -> Gateway:
    """One for each test: what forms may be sent is limited, and remembered."""
    return start_gateway()


def show(gateway: Gateway, path: str, cookie: str = "") -> Reply:
    headers = {"Cookie": cookie} if cookie else None
    return gateway.request("GET", path, token=None, headers=headers)


def submit(
    gateway: Gateway,
    path: str,
    values: dict[str, str],
    *,
    site: str | None = "same-origin",
    cookie: str = "",
) -> Reply:
    headers = {"Content-Type": FORM, "Cookie": cookie}
    if site is not None:
        headers["Sec-Fetch-Site"] = site
    body = urlencode(values).encode()
    return gateway.request("POST", path, body, token=None, headers=headers)


def text(reply: Reply) -> str:
    return reply.body.decode()


def asked(gateway: Gateway, method: str) -> list[dict[str, Any]]:
    return [command for name, command, *_ in gateway.script.asked if name == method]


def cookie_of(gateway: Gateway, *, seconds: int = 600) -> str:
    """The cookie of somebody who has signed in."""
    person = Identity(
        subject="usr_01jd8x",
        cooperative_id="coop_maju",
        scopes=access.ROLE_SCOPES["admin"],
        roles=frozenset({"admin"}),
        session_id="ses_ini",
    )
    key = gateway.settings.identity_key
    token = identity.sign(person, key, audience="api", seconds=seconds)
    return f"hub-access={token}"


def step_in(reply: Reply) -> str:
    found = re.search(r'name="step" value="([^"]+)"', text(reply))
    assert found is not None, text(reply)
    return found[1]


# What is true of every page.


def test_a_page_is_whole_by_itself_and_says_so(gateway: Gateway) -> None:
    for path in PUBLIC:
        reply = show(gateway, path)
        policy = reply.headers["Content-Security-Policy"]

        assert reply.status == 200, path
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert '<html lang="id">' in text(reply)
        # Nothing of anybody else, and nothing inline that could have been injected.
        assert not re.search(r'(?:src|href)="(?:https?:)?//', text(reply)), path
        assert not re.search(r"<script(?! src=)", text(reply)), path
        assert not re.search(r"\son[a-z]+=|style=", text(reply)), path


def test_every_field_has_a_label(gateway: Gateway) -> None:
    pages_shown = [text(show(gateway, path)) for path in PUBLIC]
    fields = [
        (field, page)
        for page in pages_shown
        for field in re.findall(r'<input id="(\w+)"', page)
    ]
    assert fields
    for field, page in fields:
        assert f'<label for="{field}">' in page, field


def test_daftar_and_masuk_are_at_the_top(gateway: Gateway) -> None:
    for path in PUBLIC:
        top = text(show(gateway, path)).partition("</header>")[0]
        assert re.search(r'href="/daftar">DAFTAR<', top), path
        assert re.search(r'href="/masuk">MASUK<', top), path


def test_what_others_add_to_an_address_does_no_harm(gateway: Gateway) -> None:
    assert show(gateway, "/?fbclid=abc&utm_source=wa").status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_a_form_of_another_site_does_nothing(
    gateway: Gateway, site: str | None
) -> None:
    for path in POSTS:
        reply = submit(gateway, path, COOPERATIVE | LOGIN, site=site)

        assert (reply.status, gateway.script.asked) == (403, []), path
        assert "halaman hub sendiri" in text(reply)


def test_what_was_typed_is_shown_as_text(gateway: Gateway) -> None:
    evil = '"><script>alert(1)</script>'
    for path in POSTS:
        reply = submit(gateway, path, dict.fromkeys((*COOPERATIVE, *LOGIN), evil))

        assert "<script>alert" not in text(reply), path


def test_no_password_is_ever_sent_back(gateway: Gateway) -> None:
    gateway.script.answers["start_registration"] = registration.TermsNotCurrent()
    gateway.script.answers["sign_in"] = sessions.SecondFactorRequired()
    for path in POSTS:
        assert "Melati" not in text(submit(gateway, path, COOPERATIVE | LOGIN)), path


def test_a_body_that_is_no_form_gets_a_page(gateway: Gateway) -> None:
    headers = {"Content-Type": FORM, "Sec-Fetch-Site": "same-origin"}
    for path in POSTS:
        reply = gateway.request("POST", path, b"\xff", token=None, headers=headers)

        assert reply.status == 400, path
        assert reply.headers["Content-Type"].startswith("text/html")


def test_a_fault_of_the_hub_is_a_page_that_tells_nothing(gateway: Gateway) -> None:
    gateway.script.answers["get_own_user"] = DatabaseUnavailable("secret host")
    reply = show(gateway, "/beranda", cookie_of(gateway))

    assert reply.status == 503
    assert "secret host" not in text(reply)
    assert reply.headers["Retry-After"] == "1"


def test_the_pages_are_in_no_document(gateway: Gateway) -> None:
    own = [
        one
        for one in entrypoints.operations_of(GatewayService)
        if one.tag == forms.TAG or one.on_refusal is forms.refused
    ]
    document = gateway.request("GET", "/v1/openapi.json", token=None).json
    assert own
    assert not {one.path for one in own} & document["paths"].keys()


def test_script_and_sign_come_from_the_hub(gateway: Gateway) -> None:
    script = show(gateway, pages.SCRIPT_PATH)
    assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert "Tampilkan kata sandi" in text(script)
    assert show(gateway, pages.ICON_PATH).headers["Content-Type"] == "image/svg+xml"


# Registering.


def test_the_form_has_what_a_cooperative_registers_with(gateway: Gateway) -> None:
    page = text(show(gateway, "/daftar"))
    for label in ("NAMA", "EMAIL", "NO.TELP", "PASSWORD", "PARTNER CODE", "DAFTAR"):
        assert label in page
    assert re.search(r'<a href="/syarat" target="_blank" rel="noopener">', page)
    assert 'class="eye"' in page


def test_the_terms_that_are_accepted_are_the_ones_shown(gateway: Gateway) -> None:
    assert registration.TERMS_VERSION in text(show(gateway, "/syarat"))
    assert f'value="{registration.TERMS_VERSION}"' in text(show(gateway, "/daftar"))


def test_registering_says_where_to_look(gateway: Gateway) -> None:
    reply = submit(gateway, "/daftar", COOPERATIVE)

    assert reply.status == 202
    for place in ("Inbox", "Spam", "Promotions", "KIRIM ULANG", COOPERATIVE["email"]):
        assert place in text(reply)
    # What was left empty was not said, and spaces count in passwords alone.
    assert asked(gateway, "start_registration") == [
        {
            "name": "KSP Tunas Harapan",
            "email": "pengurus@tunas.example",
            "phone": "0812-3456-7890",
            "password": " Melati-Putih-17 ",
            "terms_version": registration.TERMS_VERSION,
        }
    ]


def test_who_does_not_accept_the_terms_is_not_registered(gateway: Gateway) -> None:
    values = {name: one for name, one in COOPERATIVE.items() if name != "terms_version"}
    reply = submit(gateway, "/daftar", values)

    assert (reply.status, asked(gateway, "start_registration")) == (400, [])
    assert "setujui syarat" in text(reply)


def test_what_is_wrong_stands_at_its_field_and_the_rest_stays(gateway: Gateway) -> None:
    reply = submit(gateway, "/daftar", COOPERATIVE | {"email": "bukan", "phone": "1"})
    page = text(reply)

    assert reply.status == 400
    assert 'id="email-wrong"' in page
    assert 'id="phone-wrong"' in page
    assert 'id="name-wrong"' not in page
    assert page.count("autofocus") == 1
    assert "KSP Tunas Harapan" in page


def test_a_weak_password_is_told_at_the_password(gateway: Gateway) -> None:
    error = {
        "field": "password",
        "code": "common",
        "detail": passwords.WeakPassword().message,
    }
    gateway.script.answers["start_registration"] = passwords.WeakPassword(
        None, {"errors": [error]}
    )
    reply = submit(gateway, "/daftar", COOPERATIVE)

    assert reply.status == 422
    assert 'id="password-wrong">Kata sandi terlalu pendek' in text(reply)


def test_another_link_is_sent_and_not_too_soon(gateway: Gateway) -> None:
    email = {"email": COOPERATIVE["email"]}
    assert submit(gateway, "/daftar/kirim-ulang", email).status == 202
    assert asked(gateway, "resend_activation") == [email]

    gateway.script.answers["resend_activation"] = registration.ActivationMailTooSoon(
        None, {"retry_after": 42}
    )
    reply = submit(gateway, "/daftar/kirim-ulang", email)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "42")
    assert "baru saja dikirim" in text(reply)


# Signing in.


def test_signing_in_leads_home_with_cookies_that_no_script_reads(
    gateway: Gateway,
) -> None:
    reply = submit(gateway, "/masuk", LOGIN | {"remember": "ya"})

    assert (reply.status, reply.headers["Location"]) == (303, "/beranda")
    assert "HttpOnly; SameSite=Strict" in reply.headers["Set-Cookie"]
    [command] = asked(gateway, "sign_in")
    assert command["remember"] is True
    assert {name: command[name] for name in LOGIN} == LOGIN


def test_who_is_not_to_be_remembered_is_not(gateway: Gateway) -> None:
    submit(gateway, "/masuk", LOGIN)
    assert asked(gateway, "sign_in")[0]["remember"] is False


def test_a_wrong_password_leaves_the_address_in_the_form(gateway: Gateway) -> None:
    gateway.script.answers["sign_in"] = sessions.InvalidLogin()
    reply = submit(gateway, "/masuk", LOGIN)

    assert reply.status == 401
    assert f'value="{LOGIN["login"]}"' in text(reply)
    assert 'role="alert"' in text(reply)


def test_who_tried_too_often_reads_for_how_long_to_wait(gateway: Gateway) -> None:
    gateway.script.answers["sign_in"] = sessions.TooManyAttempts(
        None, {"retry_after": 870}
    )
    reply = submit(gateway, "/masuk", LOGIN)

    assert (reply.status, reply.headers["Retry-After"]) == (429, "870")
    assert "15 menit lagi" in text(reply)


def test_the_code_is_asked_for_when_it_is_needed(gateway: Gateway) -> None:
    gateway.script.answers["sign_in"] = sessions.SecondFactorRequired()
    first = submit(gateway, "/masuk", LOGIN | {"remember": "ya"})
    assert first.status == 200
    assert "KODE VERIFIKASI" in text(first)

    gateway.script.answers["sign_in"] = sessions.InvalidSecondFactor()
    values = {"step": step_in(first), "second_factor": "000000"}
    wrong = submit(gateway, "/masuk", values)
    assert wrong.status == 422
    assert 'id="second_factor-wrong"' in text(wrong)

    del gateway.script.answers["sign_in"]
    values = {"step": step_in(wrong), "second_factor": " 492039 "}
    assert submit(gateway, "/masuk", values).headers["Location"] == "/beranda"
    last = asked(gateway, "sign_in")[-1]
    expected = LOGIN | {"remember": True, "second_factor": "492039"}
    assert {name: last[name] for name in expected} == expected


def test_who_is_with_several_cooperatives_names_one(gateway: Gateway) -> None:
    gateway.script.answers["sign_in"] = sessions.CooperativeCodeRequired()
    first = submit(gateway, "/masuk", LOGIN)
    assert "KODE KOPERASI" in text(first)

    gateway.script.answers["sign_in"] = sessions.SecondFactorRequired()
    values = {"step": step_in(first), "cooperative_code": "0101"}
    second = submit(gateway, "/masuk", values)

    del gateway.script.answers["sign_in"]
    submit(gateway, "/masuk", {"step": step_in(second), "second_factor": "492039"})
    last = asked(gateway, "sign_in")[-1]
    assert (last["cooperative_code"], last["second_factor"]) == ("0101", "492039")


def test_a_step_that_was_not_sealed_here_is_refused(gateway: Gateway) -> None:
    for step in ("", "bukan", "é", "AQAA" * 20):
        reply = submit(gateway, "/masuk", {"step": step, "second_factor": "492039"})

        assert (reply.status, asked(gateway, "sign_in")) == (422, []), step
        assert "mulailah dari awal" in text(reply)


def test_a_step_is_not_good_for_long(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.script.answers["sign_in"] = sessions.SecondFactorRequired()
    step = step_in(submit(gateway, "/masuk", LOGIN))
    later = clock.now() + 2 * steps.GOOD_FOR
    monkeypatch.setattr("services.gateway.steps.clock.now", lambda: later)
    reply = submit(gateway, "/masuk", {"step": step, "second_factor": "492039"})

    assert reply.status == 422
    assert "terlalu lama" in text(reply)


def test_who_is_signed_in_goes_straight_home(gateway: Gateway) -> None:
    reply = show(gateway, "/masuk", cookie_of(gateway))
    assert (reply.status, reply.headers["Location"]) == (303, "/beranda")
    assert asked(gateway, "refresh_session") == []


def test_a_session_goes_on_when_its_access_token_has_run_out(gateway: Gateway) -> None:
    reply = show(gateway, "/masuk", "hub-refresh=rrr")

    assert (reply.status, reply.headers["Location"]) == (303, "/beranda")
    assert asked(gateway, "refresh_session") == [{"refresh_token": "rrr"}]
    assert "Set-Cookie" in reply.headers


def test_a_session_that_is_over_leads_to_the_form(gateway: Gateway) -> None:
    gateway.script.answers["refresh_session"] = sessions.InvalidRefreshToken()
    reply = show(gateway, "/masuk", "hub-refresh=rrr")

    assert reply.status == 200
    assert "INGATKAN SAYA NANTI" in text(reply)


# Forgotten passwords.


def test_a_forgotten_password_is_answered_alike_for_everybody(gateway: Gateway) -> None:
    known = submit(gateway, "/lupa-password", {"login": LOGIN["login"]})
    unknown = submit(gateway, "/lupa-password", {"login": NOBODY})

    assert known.status == unknown.status == 202
    assert known.body == unknown.body
    assert asked(gateway, "forget_password")[-1] == {"login": NOBODY}


def test_an_empty_address_is_asked_for_again(gateway: Gateway) -> None:
    reply = submit(gateway, "/lupa-password", {"login": "  "})
    assert reply.status == 400
    assert 'id="login-wrong"' in text(reply)


def test_the_page_of_a_new_password_has_the_eye(gateway: Gateway) -> None:
    page = text(show(gateway, "/atur-ulang-sandi?token=x"))
    assert 'class="eye"' in page
    assert "SIMPAN PERUBAHAN" in page


# Home.


def test_who_has_not_signed_in_is_led_to_the_form(gateway: Gateway) -> None:
    for reply, leads_to in (
        (show(gateway, "/beranda"), "/masuk"),
        (submit(gateway, "/beranda/akhiri", {"session_id": "ses_lain"}), "/masuk"),
        (submit(gateway, "/keluar", {}), "/keluar"),
    ):
        assert reply.status == 401
        assert f'content="0; url={leads_to}"' in text(reply)


def test_a_machine_has_no_home(gateway: Gateway) -> None:
    assert gateway.request("GET", "/beranda").status == 403


def test_home_says_who_one_is_and_what_is_next(gateway: Gateway) -> None:
    page = text(show(gateway, "/beranda", cookie_of(gateway)))

    assert "Halo, Sari Dewi" in page
    assert "KSP Maju Bersama" in page
    assert "Langkah berikutnya" in page
    assert "KELUAR" in page


def test_another_session_is_ended_by_its_button(gateway: Gateway) -> None:
    values = {"session_id": "ses_lain"}
    reply = submit(gateway, "/beranda/akhiri", values, cookie=cookie_of(gateway))

    assert (reply.status, reply.headers["Location"]) == (303, "/beranda")
    assert asked(gateway, "end_session") == [values]


def test_another_site_ends_no_session(gateway: Gateway) -> None:
    own, cookie = {"session_id": "ses_ini"}, cookie_of(gateway)
    for path in ("/beranda/akhiri", "/keluar"):
        reply = submit(gateway, path, own, site="cross-site", cookie=cookie)

        assert (reply.status, asked(gateway, "end_session")) == (403, []), path


def test_signing_out_ends_the_session_and_forgets_the_cookies(gateway: Gateway) -> None:
    cookie = cookie_of(gateway)
    # A button without fields is an empty form.
    reply = submit(gateway, "/keluar", {}, cookie=cookie)

    assert reply.status == 200
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert asked(gateway, "end_session") == [{"session_id": "ses_ini"}]
    assert show(gateway, "/beranda", cookie).status == 401


def test_who_leaves_late_is_asked_once_more(gateway: Gateway) -> None:
    """The access token had run out, so the session is taken up again to end it."""
    reply = show(gateway, "/keluar", "hub-refresh=rrr")

    assert reply.status == 200
    assert "Keluar sekarang?" in text(reply)
    assert "Set-Cookie" in reply.headers
    assert show(gateway, "/keluar").headers["Location"] == "/masuk"


def test_every_role_and_status_has_a_name() -> None:
    assert home.ROLES.keys() == {*access.ROLE_SCOPES, "operator"}


# One's own account: second factor and password.


def test_who_must_enrol_is_led_there_from_home(gateway: Gateway) -> None:
    gateway.script.answers["get_security"] = SECURITY
    page = text(show(gateway, "/beranda", cookie_of(gateway)))
    assert f'class="small button" href="{SECOND_FACTOR}">AKTIFKAN<' in page
    assert 'href="/beranda/kata-sandi"' in page


def test_the_pages_of_an_account_are_whole_labelled_and_ones_own(
    gateway: Gateway,
) -> None:
    gateway.script.answers["get_security"] = SECURITY | {"has_second_factor": True}
    for path in OWN:
        assert show(gateway, path).status == 401, path
        reply = show(gateway, path, cookie_of(gateway))
        page = text(reply)

        assert reply.status == 200, path
        assert "unsafe" not in reply.headers["Content-Security-Policy"]
        assert reply.headers["Cache-Control"] == "no-store"
        assert not re.search(r"<script(?! src=)|\son[a-z]+=|style=", page), path
        for field in re.findall(r'<input id="(\w+)"', page):
            assert page.count(f'<label for="{field}">') == 1, (path, field)


def test_another_site_changes_nothing_of_an_account(gateway: Gateway) -> None:
    cookie, values = cookie_of(gateway), PROOF | PASSWORDS
    for path in OWN_POSTS:
        reply = submit(gateway, path, values, site="cross-site", cookie=cookie)
        assert (reply.status, gateway.script.asked) == (403, []), path


def test_for_the_password_the_secret_is_shown_in_three_ways(gateway: Gateway) -> None:
    secret = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    uri = f"otpauth://totp/Koperasi%20Hub:sari?secret={secret}&issuer=Koperasi%20Hub"
    gateway.script.answers["get_security"] = SECURITY
    gateway.script.answers["enrol_second_factor"] = {"secret": secret, "uri": uri}
    cookie = cookie_of(gateway)
    reply = submit(
        gateway, SECOND_FACTOR, {"password": PROOF["password"]}, cookie=cookie
    )
    page = text(reply)

    assert reply.status == 200
    assert asked(gateway, "enrol_second_factor") == [{"password": PROOF["password"]}]
    assert "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP" in page
    assert f'href="{uri.replace("&", "&amp;")}"' in page
    assert security.qr_code(uri) in page
    assert PROOF["password"] not in page
    # Nothing goes on with the browser, and the page does not show it a second time.
    assert "Set-Cookie" not in reply.headers
    assert 'type="hidden"' not in page
    again = text(show(gateway, SECOND_FACTOR, cookie))
    assert secret[:4] not in again


def test_a_qr_code_is_markup_alone() -> None:
    picture = security.qr_code("otpauth://totp/x?secret=JBSWY3DPEHPK3PXP")
    assert picture.startswith("<svg viewBox=")
    assert set(re.findall(r"<(\w+)", picture)) == {"svg", "path"}
    assert not re.search(r"style|script|href|\son", picture)


def test_a_wrong_password_is_told_at_the_password(gateway: Gateway) -> None:
    gateway.script.answers["get_security"] = SECURITY
    for method in ("enrol_second_factor", "remove_second_factor"):
        gateway.script.answers[method] = passwords.WrongPassword()
    for path in (SECOND_FACTOR, REMOVE):
        reply = submit(gateway, path, PROOF, cookie=cookie_of(gateway))
        assert reply.status == 422, path
        assert 'id="password-wrong"' in text(reply), path
        assert "Melati" not in text(reply), path


def test_the_first_code_brings_recovery_codes_and_another_access_token(
    gateway: Gateway,
) -> None:
    cookie = f"{cookie_of(gateway)}; hub-refresh=rrr"
    reply = submit(
        gateway, f"{SECOND_FACTOR}/konfirmasi", {"code": " 492039 "}, cookie=cookie
    )

    assert reply.status == 200
    assert "k3vd-9x2m-p7qa" in text(reply)
    assert "tidak akan ditampilkan lagi" in text(reply)
    assert asked(gateway, "confirm_second_factor") == [{"code": "492039"}]
    assert asked(gateway, "refresh_session") == [{"refresh_token": "rrr"}]
    assert "Set-Cookie" in reply.headers


def test_recovery_codes_are_shown_whatever_becomes_of_the_session(
    gateway: Gateway,
) -> None:
    gateway.script.answers["refresh_session"] = DatabaseUnavailable()
    cookie = f"{cookie_of(gateway)}; hub-refresh=rrr"
    reply = submit(
        gateway, f"{SECOND_FACTOR}/konfirmasi", {"code": "492039"}, cookie=cookie
    )
    assert (reply.status, "k3vd-9x2m-p7qa" in text(reply)) == (200, True)


def test_a_wrong_first_code_is_asked_for_again_without_the_secret(
    gateway: Gateway,
) -> None:
    gateway.script.answers["confirm_second_factor"] = sessions.InvalidSecondFactor()
    path, cookie = f"{SECOND_FACTOR}/konfirmasi", cookie_of(gateway)
    reply = submit(gateway, path, {"code": "000000"}, cookie=cookie)

    assert reply.status == 422
    assert 'id="code-wrong"' in text(reply)
    assert "Ulangi dari awal" in text(reply)
    assert "<svg" not in text(reply)
    assert submit(gateway, path, {"code": " "}, cookie=cookie).status == 400


def test_who_enrolled_meanwhile_sees_how_things_stand(gateway: Gateway) -> None:
    gateway.script.answers["get_security"] = SECURITY | {"has_second_factor": True}
    refusal = second_factors.SecondFactorEnrolled()
    gateway.script.answers["enrol_second_factor"] = refusal
    gateway.script.answers["confirm_second_factor"] = refusal
    for path in (SECOND_FACTOR, f"{SECOND_FACTOR}/konfirmasi"):
        reply = submit(gateway, path, PROOF, cookie=cookie_of(gateway))
        assert reply.status == 409
        assert "BUAT KODE PEMULIHAN BARU" in text(reply)


def test_recovery_codes_are_renewed_for_a_code(gateway: Gateway) -> None:
    cookie = cookie_of(gateway)
    reply = submit(gateway, RENEW, {"code": "492039"}, cookie=cookie)
    assert (reply.status, "k3vd-9x2m-p7qa" in text(reply)) == (200, True)
    assert asked(gateway, "renew_recovery_codes") == [{"code": "492039"}]

    gateway.script.answers["renew_recovery_codes"] = sessions.InvalidSecondFactor()
    wrong = submit(gateway, RENEW, {"code": "492039"}, cookie=cookie)
    assert (wrong.status, 'id="code-wrong"' in text(wrong)) == (422, True)


def test_who_has_no_second_factor_is_led_to_enrol(gateway: Gateway) -> None:
    gateway.script.answers["get_security"] = SECURITY
    for path in (RENEW, REMOVE):
        reply = show(gateway, path, cookie_of(gateway))
        assert (reply.status, reply.headers["Location"]) == (303, SECOND_FACTOR)


def test_removing_takes_password_and_code_and_signs_out(gateway: Gateway) -> None:
    reply = submit(gateway, REMOVE, PROOF, cookie=cookie_of(gateway))

    assert reply.status == 200
    assert asked(gateway, "remove_second_factor") == [PROOF]
    assert "Max-Age=0" in reply.headers["Set-Cookie"]
    assert "harus masuk kembali" in text(reply)


def test_a_new_password_is_set_and_judged(gateway: Gateway) -> None:
    gateway.script.answers["rate_password"] = {
        "score": 2,
        "accepted": True,
        "advice": ["longer"],
    }
    reply = submit(gateway, "/beranda/kata-sandi", PASSWORDS, cookie=cookie_of(gateway))

    assert reply.status == 200
    assert asked(gateway, "change_password") == [PASSWORDS]
    assert "Kekuatannya: cukup. Lebih aman bila paling sedikit 12" in text(reply)
    assert "Kenanga" not in text(reply)


def test_each_of_both_passwords_is_told_what_is_wrong_with_it(gateway: Gateway) -> None:
    page = text(show(gateway, "/beranda/kata-sandi", cookie_of(gateway)))
    assert page.count('class="eye"') == 2
    assert 'aria-controls="current_password"' in page

    error = {"field": "password", "code": "common", "detail": "x"}
    for refusal, field in (
        (passwords.WrongPassword(), "current_password"),
        (passwords.WeakPassword(None, {"errors": [error]}), "password"),
    ):
        gateway.script.answers["change_password"] = refusal
        reply = submit(
            gateway, "/beranda/kata-sandi", PASSWORDS, cookie=cookie_of(gateway)
        )
        assert reply.status == 422
        assert re.findall(r'id="(\w+)-wrong"', text(reply)) == [field]
        assert "Kenanga" not in text(reply)


def test_all_advice_about_passwords_has_words() -> None:
    refused = {"too_short", "personal", "repetitive"}
    assert security.ADVICE.keys() == set(passwords.ADVICE) - refused
    assert security.STRENGTHS.keys() == set(range(1, passwords.SCORE_MAX + 1))
