"""What orders refuse."""

from crm_project.api.exceptions import CrmError


class StatusNotAllowed(CrmError):
    default_code = "status_not_allowed"


class CustomerBlocked(CrmError):
    default_code = "customer_blocked"


class CreditLimitExceeded(CrmError):
    default_code = "credit_limit_exceeded"


class OutOfStock(CrmError):
    default_code = "out_of_stock"


class ProductInactive(CrmError):
    default_code = "product_inactive"
