"""What the addresses of leads and customers have in common."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from .services.people import in_trash


class PersonActions:
    """Mixed into the view set of leads and of customers."""

    def answer(self, record: Any, status: int = 200, **headers: str) -> Response:
        """With ``in_trash`` where somebody new has the address of others who are in the trash.

        Those are no obstacle, but whoever may see them may have meant to restore one instead. One query, for new
        records only.
        """
        response = super().answer(record, status, **headers)
        if status == 201 and (others := in_trash(record, actor=self.request.user)):
            response.data["in_trash"] = [str(other.pk) for other in others]
        return response
