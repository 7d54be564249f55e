from crm_project.transfer.management.exporting import ExportCommand
from orders.resources import ProductResource


class Command(ExportCommand):
    help = "Export products to a file that an import takes back without loss."
    resource = ProductResource
