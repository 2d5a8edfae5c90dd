"""What the demo has mailed. These pages exist only with DEBUG (config/urls/public.py)."""

import email.policy
import re
from email import message_from_bytes
from pathlib import Path

from django.conf import settings
from django.http import Http404
from django.shortcuts import render

from accounts.guards import open_to_all

SEPARATOR = b"-" * 79
NAME = re.compile(r"[\w-]+\.log-\d{1,6}")


def read_mails(path: Path) -> list:
    """The messages of one file of Django's file backend, which writes one file a connection."""
    parts = path.read_bytes().split(SEPARATOR)
    return [message_from_bytes(part.strip(), policy=email.policy.default) for part in parts if part.strip()]


@open_to_all("the demo's outbox, only with DEBUG")
def mail_list(request):
    files = sorted(Path(settings.EMAIL_FILE_PATH).glob("*.log"), key=lambda path: path.stat().st_mtime, reverse=True)
    mails = [
        {"name": f"{path.name}-{number}", "subject": mail["Subject"], "to": mail["To"], "date": mail["Date"]}
        for path in files[:100]
        for number, mail in enumerate(read_mails(path))
    ]
    return render(request, "dev/mail_list.html", {"mails": mails})


@open_to_all("one mail of the demo's outbox, only with DEBUG")
def mail_detail(request, name: str):
    if not NAME.fullmatch(name):
        raise Http404
    file_name, _dash, number = name.rpartition("-")
    path = Path(settings.EMAIL_FILE_PATH) / file_name
    mails = read_mails(path) if path.is_file() else []
    if int(number) >= len(mails):
        raise Http404
    mail = mails[int(number)]
    body = mail.get_body(preferencelist=("plain",))
    return render(request, "dev/mail_detail.html", {"mail": mail, "body": body.get_content() if body else ""})
