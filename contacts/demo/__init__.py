"""Demo contacts: people of many countries with companies, numbers, groups, custom fields, interactions and shares."""

from .loading import make_contacts

__all__ = ["make_contacts"]
