"""What a sign-in that takes two steps carries from the first page to the second.

The gateway keeps nothing of a browser. What was typed into the first page comes back
with the second, encrypted meanwhile: no password ever stands in a page.
"""

from __future__ import annotations

import base64
import binascii
import json
from datetime import timedelta
from typing import Any, Final

from services.shared import clock, crypto
from services.shared.errors import RefusedError

GOOD_FOR: Final = timedelta(minutes=5)
PLACE: Final = b"the second page of signing in"


class FormExpired(RefusedError):
    """The form was open for too long; begin again."""

    code = "form_expired"


class StepSeal:
    """Encrypts what the second step of a form needs of the first."""

    def __init__(self, cipher: crypto.FieldCipher) -> None:
        self._cipher = cipher

    def seal(self, values: dict[str, Any]) -> str:
        """``values`` as text for a hidden field."""
        sealed = {"until": (clock.now() + GOOD_FOR).timestamp(), "values": values}
        encrypted = self._cipher.encrypt(json.dumps(sealed).encode(), PLACE)
        return base64.urlsafe_b64encode(encrypted).decode()

    def open(self, text: str) -> dict[str, Any]:
        """The values again. Raises FormExpired, also for what was never sealed."""
        try:
            encrypted = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
            sealed = json.loads(self._cipher.decrypt(encrypted, PLACE))
        except (binascii.Error, crypto.Undecryptable) as error:
            raise FormExpired from error
        if sealed["until"] < clock.now().timestamp():
            raise FormExpired
        values: dict[str, Any] = sealed["values"]
        return values
