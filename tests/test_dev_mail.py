"""The demo's outbox answers 404 to a name that is none."""

import pytest
from django.http import Http404
from django.test import RequestFactory

from config.dev_mail import mail_detail


@pytest.mark.parametrize("name", ["x.log-" + "9" * 5000, "x.log-1234567", "x.log-1", "../x.log-1", "x.log-", "x"])
def test_a_name_that_is_none_is_not_found(settings, tmp_path, name):
    settings.EMAIL_FILE_PATH = tmp_path
    (tmp_path / "x.log").write_bytes(b"Subject: one\n\nText\n" + b"-" * 79)
    with pytest.raises(Http404):
        mail_detail(RequestFactory().get("/"), name)
