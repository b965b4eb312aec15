"""Which vendor the settings name."""

from __future__ import annotations

import json
import logging

from services.kyc.adapters import rest
from services.kyc.adapters.json_http import JsonClient
from services.kyc.adapters.verihubs import Verihubs
from services.kyc.domain.peers import Vendor
from services.shared.settings import Settings

_log = logging.getLogger(__name__)


def vendor_of(settings: Settings) -> Vendor | None:
    """The vendor that the hub has; None when it has none that can be asked."""
    if settings.kyc_vendor == "none" or not settings.kyc_url:
        return None
    client = JsonClient(settings.kyc_url)
    app_id, key = settings.kyc_app_id, settings.kyc_key
    if settings.kyc_vendor == "verihubs":
        return Verihubs(client, app_id=app_id, key=key)
    try:
        words = rest.words_of(json.loads(settings.kyc_rest_map))
    except rest.InvalidMap as fault:
        _log.error("HUB_KYC_REST_MAP: %s", fault)
        return None
    return rest.RestVendor(client, words, app_id=app_id, key=key)
