"""What every journey relies on: one browser, and visitors who share nothing."""

from playwright.sync_api import Browser


def test_two_contexts_are_two_visitors(browser: Browser) -> None:
    first, second = browser.new_context(), browser.new_context()
    first.add_cookies([{"name": "seed", "value": "7", "url": "http://127.0.0.1"}])
    assert [cookie.get("value") for cookie in first.cookies()] == ["7"]
    assert second.cookies() == []
    first.close()
    second.close()


def test_a_visitor_runs_scripts(browser: Browser) -> None:
    page = browser.new_page()
    assert page.evaluate("() => new Intl.NumberFormat('de').format(1234.5)") == "1.234,5"
    page.close()
