from contacts.resources import ContactResource
from crm_project.transfer.management.importing import ImportCommand


class Command(ImportCommand):
    help = "Import contacts from a file. Every row that is not taken is named with its line and the reason."
    resource = ContactResource
