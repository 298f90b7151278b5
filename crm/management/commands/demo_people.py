"""Print the people of the demo, for the banner of `make run`."""

from typing import Any

from django.core.management.base import BaseCommand

from crm.accounts.sign_in import demo


class Command(BaseCommand):
    help = "Print the demo's people and their password (nothing outside a demo)."

    def handle(self, *args: Any, **options: Any) -> None:
        people = demo.people()
        for person in people:
            role = person.key.replace("_", " ")
            self.stdout.write(f"{role:<12} {person.email}")
        if people:
            self.stdout.write(f"password     {demo.PASSWORD}")
