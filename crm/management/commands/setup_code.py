"""Show the code that is needed to create the first admin."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from crm.accounts.organisations import anyone_can_sign_in
from crm.setup import code


class Command(BaseCommand):
    help = "Show the set-up code while nobody can sign in yet."

    def handle(self, *args: Any, **options: Any) -> None:
        if anyone_can_sign_in():
            self.stdout.write("Somebody can sign in already: no set-up code is needed.")
        else:
            self.stdout.write(f"first admin  {settings.BASE_URL}/setup/first/")
            self.stdout.write(f"set-up code  {code.code()}")
