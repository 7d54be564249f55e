from crm_project.transfer.management.importing import ImportCommand
from leads.resources import LeadResource


class Command(ImportCommand):
    help = "Import leads from a file. Every row that is not taken is named with its line and the reason."
    resource = LeadResource
