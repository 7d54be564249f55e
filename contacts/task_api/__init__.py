"""``/dev/crm/tasks``: what people have to do, on the wire."""
