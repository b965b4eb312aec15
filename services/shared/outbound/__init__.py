"""How signed messages reach systems outside of the hub, and where they may go."""
