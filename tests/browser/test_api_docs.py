"""The page to try the API on: works without another host, under the pages' own policy, and writes as who one is."""

import pytest

from .conftest import SCREENSHOTS
from .test_pages import LOOKS

pytestmark = [pytest.mark.browser, pytest.mark.real]


@pytest.mark.parametrize("look", LOOKS)
def test_the_api_is_tried_out_in_the_browser(site, person, sign_in, look):
    page = person(**LOOKS[look])
    refused, elsewhere = [], []
    page.on("console", lambda message: message.type == "error" and refused.append(message.text))
    page.on("request", lambda request: f":{site.port}/" in request.url or elsewhere.append(request.url))
    sign_in(page, "owner@demo.example", "acme")
    page.goto(site.url("/api/docs/", "acme"))
    page.locator("#operations-products-products_list .opblock-summary-control").click()
    page.locator("#operations-products-products_list .try-out__btn").click()
    page.locator("#operations-products-products_list .execute").click()
    page.locator(
        "#operations-products-products_list .live-responses-table .response-col_status", has_text="200"
    ).wait_for()
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"api-docs.{look}.png")
    assert [url for url in elsewhere if not url.startswith("data:")] == []
    assert refused == []
