from crm_project.api.filters import ChoiceListFilter, CrmFilterSet, TextListFilter, UUIDListFilter

from .models import FORMATS, ExportJob, ImportJob, Job


class JobFilterSet(CrmFilterSet):
    state = ChoiceListFilter(choices=Job.State.choices, label="States, comma separated")
    kind = TextListFilter(label="Kinds of records, such as contact")
    format = ChoiceListFilter(choices=FORMATS, label="Formats, comma separated")
    owner = UUIDListFilter(field_name="owner_id", label="Ids of users")


class ImportJobFilterSet(JobFilterSet):
    class Meta:
        model = ImportJob
        fields: list[str] = []


class ExportJobFilterSet(JobFilterSet):
    class Meta:
        model = ExportJob
        fields: list[str] = []
