"""The audit trail: every access and every decision, append-only and hash-chained."""
