"""What leads refuse."""

from crm_project.api.exceptions import AlreadyExists, CrmError


class StatusNotAllowed(CrmError):
    default_code = "status_not_allowed"


class NobodyToAssign(CrmError):
    default_code = "nobody_to_assign"


class EmailTaken(AlreadyExists):
    """Another lead has the address; ``extra["in_trash"]`` says, to who may see it, that it is in the trash."""

    default_code = "email_taken"
