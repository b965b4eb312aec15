"""What every table has in common: constraint names that code can rely on."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

NAMING_CONVENTION: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
"""`store.py` translates violations by constraint name, so every one has a name."""


_by_service: dict[str, MetaData] = {}


def metadata_of(service: str) -> MetaData:
    """The tables of ``service``, once its ``models`` have been imported."""
    if service not in _by_service:
        _by_service[service] = MetaData(naming_convention=NAMING_CONVENTION)
    return _by_service[service]


class Base(DeclarativeBase):
    """Parent of every table class.

    Tables are kept apart by service: in the one process of the embedded hub two
    services may have tables of the same name, each in its own database.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """File the table under the service whose package defines it."""
        _, service, *_ = cls.__module__.split(".")
        cls.metadata = metadata_of(service)
        super().__init_subclass__(**kwargs)
