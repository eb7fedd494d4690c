"""Invitations: links by which people join a group, or sign up."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from discussit.models.base import Base, now


class Invitation(Base):
    """A link that lets people join a group or, without one, sign up. The table has its token's SHA-256."""

    __tablename__ = "invitations"
    __table_args__ = (
        Index("ix_invitations_group_id_id", "group_id", "id"),
        Index("ix_invitations_created_by_created_at", "created_by", "created_at"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    group_id: Mapped[int | None] = mapped_column(ForeignKey("groups.id", ondelete="CASCADE"))
    created_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    max_uses: Mapped[int | None]
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    revoked_at: Mapped[datetime | None]


class InvitationUse(Base):
    """Somebody who joined or signed up by an invitation."""

    __tablename__ = "invitation_uses"

    invitation_id: Mapped[int] = mapped_column(ForeignKey("invitations.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    used_at: Mapped[datetime] = mapped_column(default=now)
