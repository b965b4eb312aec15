"""Loans from application to the last rupiah."""
