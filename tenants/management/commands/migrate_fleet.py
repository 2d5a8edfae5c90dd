from .migrate import Command as Migrate


class Command(Migrate):
    help = "The same as migrate, under the name that is looked for with a fleet in mind."
