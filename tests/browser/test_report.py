"""The report in headless Chromium, on a desktop and on a phone, light and dark."""

import pytest

from tests.browser.checks import CHECKS
from tests.browser.visit import VIEWS, Visit

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module", params=VIEWS, ids=str)
def visit(request, chromium, report):
    opened = Visit(chromium, report, request.param)
    opened.wake()
    yield opened
    opened.close()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_report(visit, check):
    assert check(visit) == []
