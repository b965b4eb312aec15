"""How collateral is turned into money (R155): the states of the way there."""

from __future__ import annotations

from typing import Final

MEDIATING: Final = "mediating"
PROPOSED: Final = "proposed"
SETTLING: Final = "settling"
DONE: Final = "done"
ABANDONED: Final = "abandoned"

KPKNL_AUCTION: Final = "kpknl_auction"
"""By the state's auction office; its costs are some 15 % of the price."""

INTERNAL_AUCTION: Final = "internal_auction"
VOLUNTARY_SALE: Final = "voluntary_sale"

AUCTION_UNECONOMIC: Final = "auction_uneconomic"
"""A warning: what is sold is worth too little for an auction by the state."""
