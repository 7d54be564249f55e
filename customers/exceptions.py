"""What customers refuse."""

from rest_framework import status

from crm_project.api.exceptions import AlreadyExists, CrmError


class EmailTaken(AlreadyExists):
    default_code = "email_taken"


class CustomerExists(AlreadyExists):
    """A customer with the lead's e-mail exists; ``extra["customer_id"]`` names it to who may see it."""

    default_code = "customer_exists"


class CustomerInTrash(CrmError):
    """``extra["customer_id"]`` names it to who may see it."""

    default_code = "customer_in_trash"


class NotYoursToUndo(CrmError):
    status_code = status.HTTP_403_FORBIDDEN
    default_code = "permission_denied"


class ConversionNotUndoable(CrmError):
    default_code = "conversion_not_undoable"
