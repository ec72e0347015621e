"""The types of lists of runs, which the command line and web pages show."""

from __future__ import annotations

from pydantic import Field

from api.response.local_controls import LocalModel


class RunSummary(LocalModel):
    """A run in a list for people. What has not been measured is null."""

    id: str
    actor_id: str = Field(description="The Actor that the run executes. After a metamorph it is another one.")
    actor_name: str | None = Field(description="`username/name`. Null if the Actor has been deleted.")
    actor_title: str | None
    task_id: str | None
    build_number: str
    status: str
    status_message: str | None
    exit_code: int | None
    origin: str
    started_at: str = Field(description="An ISO 8601 timestamp.")
    modified_at: str = Field(description="The time of the last change of the run. It never decreases.")
    finished_at: str | None
    duration_millis: int
    memory_mbytes: int
    mem_current_bytes: float | None
    mem_max_bytes: int | None
    mem_at_limit: bool | None = Field(
        description="Whether the limit cut the peak off: the true need is at least as high. Null without a peak."
    )
    cpu_current_usage: float | None = Field(description="Percent of one core.")
    net_rx_bytes: int | None
    net_tx_bytes: int | None
    disk_max_bytes: int | None
    items: int | None = Field(description="The items in the default dataset. Null if it was deleted before the end.")
    compute_units: float
    usage_total_usd: float = Field(description="An estimate of what the run's user would pay.")
    container_url: str | None = Field(description="The URL of the web server in the run. Null until it answers.")


class RunSummaries(LocalModel):
    items: tuple[RunSummary, ...] = Field(description="Runs in the requested order.")
    total: int = Field(description="How many runs match.")
    next_cursor: str | None = Field(description="The `cursor` of the page after this one. Null on the last page.")
    previous_cursor: str | None = Field(description="The `cursor` of the page before. Null on the first page.")
    counts: dict[str, int] = Field(
        description="How many runs match without `status`: of each status, as `LIVE` those that have not ended, and as"
        " `ALL` all of them."
    )
