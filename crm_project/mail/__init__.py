"""Mail: what is to go to whom, sent once, never to who does not want it. ``docs/mail.md`` tells how."""
