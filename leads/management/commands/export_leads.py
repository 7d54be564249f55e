from crm_project.transfer.management.exporting import ExportCommand
from leads.resources import LeadResource


class Command(ExportCommand):
    help = "Export leads to a file that an import takes back without loss."
    resource = LeadResource
