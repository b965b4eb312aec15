"""Checks who somebody is: identities, income, credit bureau and sanction lists."""
