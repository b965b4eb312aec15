"""Cooperatives, their members and clients, and whose savings account is whose."""
