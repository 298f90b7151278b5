"""Prints who can sign in to the demo, for the banner of `make run`."""

from typing import Any

from django.core.management.base import BaseCommand

from crm.accounts.sign_in import demo


class Command(BaseCommand):
    help = "Print the demo's people and their password (nothing outside a demo)."

    def handle(self, *args: Any, **options: Any) -> None:
        found = demo.people()
        for person in found:
            self.stdout.write(f"{person.key.replace('_', ' '):<12} {person.email}")
        if found:
            self.stdout.write(f"password     {demo.PASSWORD}")
