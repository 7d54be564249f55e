"""What demo contacts need around them: colleagues who own them, groups they belong to, fields and companies."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import Group

from crm_project.access import roles
from crm_project.access.models import User

from ..models import Category, CustomField, Organization, Segment
from ..services.naming import find, find_or_make, tidy
from .people import company

TEAMS = ("Europe", "Americas", "Asia", "Key accounts")
STAFF = (
    # username, first name, last name, role, teams
    ("maria.keller", "Maria", "Keller", roles.MANAGER, ()),
    ("olga.sokolova", "Ольга", "Соколова", roles.SALES, ("Europe",)),
    ("james.carter", "James", "Carter", roles.SALES, ("Key accounts",)),
    ("ana.souza", "Ana", "Souza", roles.SALES, ("Americas",)),
    ("wei.li", "Wei", "Li", roles.SALES, ("Asia",)),
    ("pierre.lefevre", "Pierre", "Lefèvre", roles.SALES, ("Europe", "Key accounts")),
    ("amina.hassan", "Amina", "Hassan", roles.SALES, ("Asia",)),
    ("tom.newman", "Tom", "Newman", roles.SALES, ()),
    ("kenji.tanaka", "Kenji", "Tanaka", roles.SUPPORT, ()),
    ("zofia.nowak", "Zofia", "Nowak", roles.READ_ONLY, ()),
)
OTHERS = ("ana.souza", "wei.li", "pierre.lefevre", "amina.hassan")
CATEGORIES = (
    "Customer",
    "Supplier",
    "Partner",
    "Press",
    "VIP",
    "Wholesale",
    "Retail",
    "Конференция",
    "Applicant",
    "Other",
)
STATIC_SEGMENTS = ("Newsletter", "Trade fair", "Новогодние подарки")
DYNAMIC_SEGMENTS = {
    "VIP people": {"category": "VIP", "contact_type": "person"},
    "Reached in German": {"custom_fields.language": "German"},
}
LANGUAGES = {
    "en": "English", "ru": "Russian", "zh": "Chinese", "de": "German", "es": "Spanish", "fr": "French",
    "pt": "Portuguese", "ar": "Arabic", "ja": "Japanese", "pl": "Polish", "uk": "Ukrainian",
}  # fmt: skip
CUSTOM_FIELDS: tuple[tuple[str, str, CustomField.Type, list[str]], ...] = (
    ("birthday", "Birthday", CustomField.Type.DATE, []),
    ("language", "Language", CustomField.Type.CHOICE, [*LANGUAGES.values(), "Other"]),
    ("loyalty_points", "Loyalty points", CustomField.Type.INTEGER, []),
    ("newsletter", "Wants the newsletter", CustomField.Type.BOOLEAN, []),
)


@dataclass(frozen=True)
class Surroundings:
    """Ids by the names above; ``companies`` by number."""

    users: dict[str, UUID]
    teams: dict[str, int]
    categories: list[UUID]
    segments: list[UUID]
    companies: list[UUID]

    def owner(self, number: int) -> UUID | None:
        """One colleague owns a tenth of all records, one a thousandth, and one in seven belongs to nobody."""
        if number % 10 == 0:
            return self.users["olga.sokolova"]
        if number % 1_000 == 1:
            return self.users["james.carter"]
        return None if number % 7 == 0 else self.users[OTHERS[number % 11 % len(OTHERS)]]

    def team(self, number: int) -> int | None:
        if number % 5_000 == 2:
            return self.teams["Key accounts"]
        return self.teams[("Europe", "Americas", "Asia")[number % 3]] if number % 50 == 5 else None

    def shares(self, number: int) -> Iterator[tuple[str, UUID | int, str]]:
        """With whom a record is shared: “user” or “group”, the holder, and the verb."""
        users, teams = self.users, self.teams
        if number % 50 == 7:
            holder = users[("olga.sokolova", *OTHERS)[number // 50 % 5]]
            yield "user", holder, "view"
            if number % 100 == 7:
                yield "user", holder, "change"
        if number % 5_000 == 4:
            yield "user", users["james.carter"], "view"
        if number % 100 == 9:
            yield "group", teams[("Europe", "Americas", "Asia")[number // 100 % 3]], "view"
        if number % 5_000 == 6:
            yield "group", teams["Key accounts"], "view"


def make_surroundings(seed: int, companies: int) -> Surroundings:
    """Make what is missing of them."""
    teams = {name: Group.objects.get_or_create(name=name)[0].pk for name in TEAMS}
    users = {person[0]: _colleague(*person, known_teams=teams) for person in STAFF}
    categories = find_or_make(Category, CATEGORIES)
    segments = find_or_make(Segment, STATIC_SEGMENTS)
    for name, parameters in DYNAMIC_SEGMENTS.items():
        if not find(Segment, [name]):
            Segment.objects.create(name=name, kind=Segment.Kind.DYNAMIC, filter=parameters)
    for position, (key, label, kind, choices) in enumerate(CUSTOM_FIELDS):
        CustomField.objects.get_or_create(
            entity="contact", key=key, defaults={"label": label, "type": kind, "choices": choices, "position": position}
        )
    return Surroundings(
        users,
        teams,
        [categories[name] for name in CATEGORIES],
        [segments[name] for name in STATIC_SEGMENTS],
        _companies(seed, companies, users["maria.keller"]),
    )


def _colleague(
    username: str, first_name: str, last_name: str, role: str, teams: tuple[str, ...], *, known_teams: dict[str, int]
) -> UUID:
    user, is_new = User.objects.get_or_create(
        username=username,
        defaults={
            "first_name": first_name,
            "last_name": last_name,
            "email": f"{username}@crm.example",
            "is_staff": True,
        },
    )
    if is_new:
        user.set_unusable_password()
        user.save(update_fields=["password"])
        user.groups.add(Group.objects.get(name=role), *[known_teams[team] for team in teams])
    return user.pk


def _companies(seed: int, count: int, created_by: UUID) -> list[UUID]:
    """Ids of the companies of this seed, by number; two numbers may stand for one company."""
    wanted = [company(seed, number) for number in range(count)]
    names = [each.name for each in wanted]
    found = find(Organization, names)
    missing = {tidy(each.name): each for each in wanted if each.name not in found}
    Organization.objects.bulk_create(
        [
            Organization(
                name=name, domain=each.domain, phone=each.phone, address=each.address, created_by_id=created_by
            )
            for name, each in missing.items()
        ],
        batch_size=5_000,
        ignore_conflicts=True,
    )
    found = find(Organization, names)
    return [found[name] for name in names]
