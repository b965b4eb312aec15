"""Insures loans: policies, premiums and claims."""
