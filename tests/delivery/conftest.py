import pytest

from discussit.delivery import polling


@pytest.fixture
def impatient(monkeypatch):
    """The safety poll comes after a tenth of a second: it is all that is left where every hint is lost."""
    monkeypatch.setattr(polling, "POLL", 0.1)
