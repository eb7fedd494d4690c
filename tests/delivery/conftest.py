"""What tests of delivery share."""

import pytest

from discussit.delivery import polling


@pytest.fixture
def unpolled(monkeypatch):
    """The database is looked at only for a reason, not again and again."""
    monkeypatch.setattr(polling, "POLL", 3600)
