"""Schedules: their records, the times of their cron expressions, and the scheduler that starts their runs."""
