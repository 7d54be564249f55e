"""How fast the CRM is, as ratios to PostgreSQL itself and to a small database, measured side by side in one run."""
