import pytest


@pytest.fixture(autouse=True)
def faultless(faultless):
    return faultless


@pytest.fixture
def together(bob, gardening):
    bob.joins(gardening)
    return gardening
