"""What the database keeps true by itself, for whatever door, bulk write or SQL a change comes through.

``search_text`` holds, folded, the contact's name, company and every live contact point: numbers as digits, everything
else as given. One trigram index on it answers every search.

A contact's own trigger reads the points that are stored already. Whoever makes contacts writes what belongs to them
first, which the deferred foreign keys allow: then each contact is written only once.
"""

import pgtrigger

SEARCH_TEXT = """
    SELECT crm_fold(concat_ws(E'\\n', {contact}.name, {contact}.job_title,
        (SELECT name FROM contacts_organization WHERE id = {contact}.organization_id),
        (SELECT string_agg(
                CASE WHEN type = 'phone' THEN regexp_replace(normalized, '\\D', '', 'g') ELSE value END,
                E'\\n' ORDER BY position, id)
            FROM contacts_contactpoint WHERE contact_id = {contact}.id AND deleted_at IS NULL)))
"""

CONTACT_SEARCH_TEXT = pgtrigger.Trigger(
    name="search_text",
    when=pgtrigger.Before,
    operation=pgtrigger.Insert | pgtrigger.Update,
    func=f"""
        NEW.search_text = ({SEARCH_TEXT.format(contact="NEW")});
        RETURN NEW;
    """,
)


def _touch(name: str, operation: pgtrigger.Operation, *tables: str) -> pgtrigger.Trigger:
    """After a statement on rows that belong to contacts: change those contacts once.

    That makes their search text anew and gives them a new version.
    """
    rows = " UNION ".join(f"SELECT contact_id FROM {table}_rows" for table in tables)
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        when=pgtrigger.After,
        operation=operation,
        referencing=pgtrigger.Referencing(**{table: f"{table}_rows" for table in tables}),
        func=f"""
            UPDATE contacts_contact SET updated_at = clock_timestamp() WHERE id IN ({rows});
            RETURN NULL;
        """,
    )


CONTACT_TOUCHED = [
    _touch("touch_on_insert", pgtrigger.Insert, "new"),
    _touch("touch_on_update", pgtrigger.Update, "old", "new"),
    _touch("touch_on_delete", pgtrigger.Delete, "old"),
]

RENAMED_ORGANIZATION = pgtrigger.Trigger(
    name="search_renamed",
    when=pgtrigger.After,
    operation=pgtrigger.UpdateOf("name"),
    condition=pgtrigger.Condition("OLD.name IS DISTINCT FROM NEW.name"),
    func="""
        UPDATE contacts_contact SET updated_at = clock_timestamp() WHERE organization_id = NEW.id;
        RETURN NEW;
    """,
)
