"""Defaults of settings that differ on this server."""

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from discussit.models.base import Base


class ServerDefault(Base):
    """The default of a setting on this server, where it differs from that of a new one: a migration wrote it."""

    __tablename__ = "server_defaults"

    name: Mapped[str] = mapped_column(String(30), primary_key=True)
    value: Mapped[str] = mapped_column(String(30))
