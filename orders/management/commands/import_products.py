from crm_project.transfer.management.importing import ImportCommand
from orders.resources import ProductResource


class Command(ImportCommand):
    help = "Import products from a file. Every row that is not taken is named with its line and the reason."
    resource = ProductResource
