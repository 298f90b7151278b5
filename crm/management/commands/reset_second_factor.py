"""Reset the second factor of a person, for the admin whom no other admin can help."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from crm.accounts.models import User
from crm.lib import clock
from crm.second_factor import factors


class Command(BaseCommand):
    help = (
        "Remove app, passkeys and recovery codes of a person and end all their sessions. The person"
        " is told by mail, and the audit keeps it. Admins do the same on the person's page."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("mail", help="the e-mail with which the person signs in")

    def handle(self, *args: Any, **options: Any) -> None:
        email = options["mail"].strip().lower()
        person = User.objects.filter(email=email).first()
        if person is None:
            raise CommandError(f"nobody signs in with {email}")
        count = factors.reset(person, by=None, at=clock.now())
        self.stdout.write(f"{person.name}: {count} second factors removed, all sessions ended.")
        self.stdout.write("The next sign-in needs the password alone.")
