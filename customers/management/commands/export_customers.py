from crm_project.transfer.management.exporting import ExportCommand
from customers.resources import CustomerResource


class Command(ExportCommand):
    help = "Export customers to a file that an import takes back without loss."
    resource = CustomerResource
