from crm_project.transfer.management.importing import ImportCommand
from customers.resources import CustomerResource


class Command(ImportCommand):
    help = "Import customers from a file. Every row that is not taken is named with its line and the reason."
    resource = CustomerResource
