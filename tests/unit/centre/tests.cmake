# SPDX-License-Identifier: Apache-2.0
# The clock of these tests is turned by hand.
qwave_wrap(centre centre qw_clock_utc_ms)
qwave_wrap(centre charge qw_clock_utc_ms)
qwave_wrap(centre contact qw_clock_utc_ms)
qwave_wrap(centre deliver qw_clock_utc_ms)
qwave_wrap(centre fetch qw_clock_utc_ms)
qwave_wrap(centre fetch_queue qw_fetch_serve)
qwave_wrap(centre turn qw_clock_utc_ms)
qwave_wrap(centre refill qw_clock_utc_ms)
qwave_wrap(centre memory qw_clock_utc_ms malloc calloc realloc qw_secret_new)
qwave_wrap(centre quota qw_clock_utc_ms qw_clock_monotonic_ms calloc)
qwave_wrap(centre stream qw_clock_utc_ms calloc qw_secret_new)
set_tests_properties(centre.turn PROPERTIES TIMEOUT 600)
