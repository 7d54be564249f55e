from contacts.resources import ContactResource
from crm_project.transfer.management.exporting import ExportCommand


class Command(ExportCommand):
    help = "Export contacts to a file that an import takes back without loss."
    resource = ContactResource
