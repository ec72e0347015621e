from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtime.base.records import RunStats
from runtime.containers import Sample
from runtime.jobs import stats
from tests.fakes.clock import START
from tests.fakes.records import a_run

MBYTE = 1024 * 1024
SECOND = 1_000_000_000


def sample(**fields: Any) -> Sample:
    """Without a peak of its own, the use of memory has its peak at the sample."""
    given = {"memory_bytes": 0, "cpu_nanos": 0, "net_rx_bytes": 0, "net_tx_bytes": 0, **fields}
    return Sample(**{"memory_peak_bytes": given["memory_bytes"], **given})


def after(*samples: Sample, before: RunStats | None = None) -> RunStats:
    """Return the statistics after these samples of a container that started at START."""
    current = before or RunStats()
    for each in samples:
        current = stats.after_sample(current, each, START)
    return current


def test_memory_has_an_average_over_time_and_a_peak() -> None:
    current = after(
        sample(at=START + 1000, memory_bytes=100 * MBYTE),
        sample(at=START + 3000, memory_bytes=400 * MBYTE),
        sample(at=START + 4000, memory_bytes=200 * MBYTE),
    )
    assert current.mem_avg_bytes == pytest.approx((100 + 2 * 400 + 200) / 4 * MBYTE)
    assert current.mem_max_bytes == 400 * MBYTE
    assert current.mem_current_bytes == 200 * MBYTE
    assert current.sampled_millis == 4000


def test_the_average_uses_the_mean_between_samples_if_it_is_known() -> None:
    end = sample(at=START + 400, memory_bytes=MBYTE, memory_mean_bytes=100 * MBYTE, is_final=True)
    current = after(end)
    assert (current.mem_avg_bytes, current.mem_current_bytes) == (100 * MBYTE, MBYTE)


def test_cpu_usage_is_a_percentage_of_one_core() -> None:
    current = after(
        sample(at=START + 1000, cpu_nanos=SECOND // 4),
        sample(at=START + 2000, cpu_nanos=SECOND // 4 + 2 * SECOND),
        sample(at=START + 4000, cpu_nanos=SECOND // 4 + 3 * SECOND),
    )
    assert current.cpu_current_usage == pytest.approx(50)
    assert current.cpu_max_usage == pytest.approx(200)
    assert current.cpu_avg_usage == pytest.approx(3.25 / 4 * 100)


def test_network_traffic_counts_from_the_start_of_the_container() -> None:
    current = after(
        sample(at=START + 1000, net_rx_bytes=700, net_tx_bytes=30),
        sample(at=START + 2000, net_rx_bytes=1000, net_tx_bytes=50),
    )
    assert (current.net_rx_bytes, current.net_tx_bytes) == (1000, 50)


@pytest.mark.parametrize("millis", [-1, 0, stats.SHORTEST_WINDOW_MILLIS - 1])
def test_cpu_usage_in_a_window_that_is_too_short_counts_in_the_next_one(millis: int) -> None:
    first = sample(at=START + millis, memory_bytes=5, cpu_nanos=SECOND // 10, net_rx_bytes=5)
    current = after(first)
    assert current == RunStats(mem_current_bytes=5, mem_max_bytes=5, net_rx_bytes=5, net_tx_bytes=0)
    assert after(sample(at=START + 1000, cpu_nanos=SECOND // 2), before=current).cpu_current_usage == pytest.approx(50)


def test_the_kernels_peak_between_two_samples_counts() -> None:
    current = after(sample(at=START + 1000, memory_bytes=5, memory_peak_bytes=50), sample(at=START + 2000))
    assert (current.mem_max_bytes, current.mem_current_bytes) == (50, 0)


def test_a_run_that_is_shorter_than_a_window_has_its_usage_from_its_end() -> None:
    end = sample(at=START + 60, memory_bytes=5, memory_peak_bytes=50, cpu_nanos=SECOND // 50, is_final=True)
    current = after(end)
    assert (current.mem_max_bytes, current.mem_avg_bytes) == (50, 5)
    assert current.cpu_avg_usage == current.cpu_max_usage == pytest.approx(100 / 3)


def test_the_rest_after_the_last_window_counts_in_the_average_but_not_as_a_maximum() -> None:
    first = sample(at=START + 1000, cpu_nanos=SECOND // 2)
    current = after(first, sample(at=START + 1010, cpu_nanos=SECOND // 2 + SECOND // 100, is_final=True))
    assert current.cpu_max_usage == pytest.approx(50.5, abs=0.6)
    assert current.cpu_avg_usage == pytest.approx(51 / 1.01)


def test_the_cpu_time_counts_from_the_moment_that_the_sample_names() -> None:
    early = sample(at=START + 10, cpu_nanos=SECOND // 100, counted_from=START - 10, is_final=True)
    assert after(early).cpu_avg_usage == pytest.approx(50)


@pytest.mark.parametrize("final", [sample(at=START, is_final=True), sample(at=START - 5, is_final=True)])
def test_without_a_time_span_there_is_no_cpu_usage(final: Sample) -> None:
    assert (after(final).cpu_avg_usage, after(final).cpu_max_usage) == (None, None)


def test_what_was_not_measured_has_no_value() -> None:
    current = stats.at_rest(after(sample(at=START + 1000, net_rx_bytes=None, net_tx_bytes=None)), None)
    assert (current.net_rx_bytes, current.net_tx_bytes, current.disk_max_bytes) == (None, None, None)
    rest = stats.at_rest(stats.in_new_container(RunStats()), None)
    assert (rest.mem_max_bytes, rest.mem_avg_bytes, rest.cpu_avg_usage, rest.cpu_max_usage) == (None,) * 4
    assert (rest.mem_current_bytes, rest.cpu_current_usage) == (0, 0)


def test_the_current_usage_is_unknown_until_the_next_container_is_measured() -> None:
    before = stats.in_new_container(after(sample(at=START + 1000, memory_bytes=MBYTE, cpu_nanos=SECOND)))
    assert (before.mem_current_bytes, before.cpu_current_usage) == (None, None)
    assert (before.mem_max_bytes, before.cpu_avg_usage) == (MBYTE, 100)


def test_a_counter_that_decreases_adds_nothing() -> None:
    current = after(
        sample(at=START + 1000, cpu_nanos=SECOND, net_rx_bytes=500, net_tx_bytes=500),
        sample(at=START + 2000, cpu_nanos=0, net_rx_bytes=0, net_tx_bytes=0),
    )
    assert current.cpu_current_usage == 0
    assert (current.net_rx_bytes, current.net_tx_bytes) == (500, 500)


series = st.lists(
    st.tuples(
        st.integers(stats.SHORTEST_WINDOW_MILLIS, 5000),
        st.integers(0, 512 * MBYTE),
        st.integers(0, 2 * SECOND),
        st.integers(0, 10_000),
    ),
    min_size=2,
    max_size=12,
)


@given(series, st.data())
def test_statistics_are_the_same_with_and_without_a_restart_of_the_server(
    steps: list[tuple[int, int, int, int]], data: st.DataObject
) -> None:
    samples, at, cpu, net = [], START, 0, 0
    for millis, memory, nanos, traffic in steps:
        at, cpu, net = at + millis, cpu + nanos, net + traffic
        samples.append(sample(at=at, memory_bytes=memory, cpu_nanos=cpu, net_rx_bytes=net, net_tx_bytes=2 * net))
    cut = data.draw(st.integers(0, len(samples)))
    whole, resumed = after(*samples), after(*samples[cut:], before=after(*samples[:cut]))
    assert resumed.sampled_millis == whole.sampled_millis == at - START
    assert (resumed.net_rx_bytes, resumed.net_tx_bytes) == (net, 2 * net)
    assert resumed.mem_max_bytes == whole.mem_max_bytes
    assert resumed.mem_avg_bytes == pytest.approx(whole.mem_avg_bytes)
    assert resumed.cpu_avg_usage == pytest.approx(cpu / ((at - START) * 1e6) * 100, abs=1e-6)


def test_the_averages_include_the_time_when_the_server_was_down() -> None:
    before = after(sample(at=START + 1000, cpu_nanos=SECOND, net_rx_bytes=10))
    current = after(sample(at=START + 11_000, cpu_nanos=2 * SECOND, net_rx_bytes=110), before=before)
    assert current.cpu_avg_usage == pytest.approx(2 / 11 * 100)
    assert current.net_rx_bytes == 110
    assert current.sampled_millis == 11_000


def test_disk_usage_has_a_peak() -> None:
    current = stats.with_disk(stats.with_disk(RunStats(), 900), 300)
    assert current.disk_max_bytes == 900


def test_a_run_at_rest_has_no_current_usage_and_its_peaks_and_averages_do_not_change() -> None:
    live = RunStats(mem_avg_bytes=5, mem_max_bytes=9, mem_current_bytes=7, cpu_avg_usage=3, cpu_current_usage=4)
    rest = stats.at_rest(live, known_peak_bytes=None)
    assert (rest.mem_current_bytes, rest.cpu_current_usage) == (0, 0)
    assert (rest.mem_avg_bytes, rest.mem_max_bytes, rest.cpu_avg_usage) == (5, 9, 3)


def test_a_peak_that_no_sample_showed_is_added_at_the_end_of_the_run() -> None:
    assert stats.at_rest(RunStats(mem_max_bytes=100), known_peak_bytes=256).mem_max_bytes == 256
    assert stats.at_rest(RunStats(mem_max_bytes=300), known_peak_bytes=256).mem_max_bytes == 300


def test_the_duration_of_a_run_grows_until_it_has_ended() -> None:
    assert stats.duration_millis(a_run(), START + 1234) == 1234
    assert stats.duration_millis(a_run(finished_at=START + 500), START + 1234) == 500
    assert stats.duration_millis(a_run(), START - 10) == 0


def test_a_compute_unit_is_one_gigabyte_for_one_hour() -> None:
    assert stats.compute_units(1024, 3_600_000) == 1
    assert stats.compute_units(4096, 900_000) == 1
    assert stats.compute_units(512, 3600) == pytest.approx(0.0005)


@pytest.mark.parametrize(
    ("used", "granted", "overloaded"), [(94, 1, False), (96, 1, True), (24, 0.25, True), (90, 2, False)]
)
def test_the_cpu_is_overloaded_above_95_percent_of_the_granted_cores(
    used: float, granted: float, overloaded: bool
) -> None:
    assert stats.is_cpu_overloaded(RunStats(cpu_current_usage=used), granted) is overloaded
