"""Composes the parts of this room."""

from __future__ import annotations

from runtime.access.users import Users
from runtime.actors.actors import Actors
from runtime.actors.versions import Versions
from runtime.base.clock import Clock
from runtime.billing.billing import Billing
from runtime.builds import Builds
from runtime.database import Database
from runtime.fits.applying import Applying
from runtime.fits.capacity import Capacity, Host
from runtime.fits.fit_records import FitRecords
from runtime.fits.fits import Fits
from runtime.fits.sweep import Sweeps
from runtime.fits.trial_runs import TrialRuns
from runtime.jobs.job_quota import JobQuota
from runtime.metrics.recorder import Metrics
from runtime.runs.deletion import RunDeletion
from runtime.runs.orders import Orders
from runtime.runs.runs import Runs
from runtime.runs.start_plan import StartPlanner
from runtime.runs.starting import Starting


def create_fits(
    *,
    database: Database,
    clock: Clock,
    planner: StartPlanner,
    job_quota: JobQuota,
    users: Users,
    actors: Actors,
    versions: Versions,
    builds: Builds,
    starting: Starting,
    runs: Runs,
    orders: Orders,
    run_deletion: RunDeletion,
    metrics: Metrics,
    billing: Billing,
) -> Fits:
    """Return the fits of an instance."""
    host, records = Host(), FitRecords(database, clock)

    def capacity(user_id: str) -> Capacity:
        jobs, mbytes = job_quota.used(user_id)
        return Capacity(job_quota.cap_mbytes - mbytes, job_quota.max_jobs - jobs, host.free_mbytes())

    trial_runs = TrialRuns(
        users=users,
        actors=actors,
        starting=starting,
        runs=runs,
        orders=orders,
        run_deletion=run_deletion,
        metrics=metrics,
        billing=billing,
    )
    sweeps = Sweeps(records=records, runs=trial_runs, host=host, clock=clock, capacity=capacity)
    applying = Applying(actors, versions, builds)
    return Fits(records=records, sweeps=sweeps, applying=applying, planner=planner, host=host, clock=clock)
