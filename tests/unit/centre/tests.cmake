# SPDX-License-Identifier: Apache-2.0
qwave_wrap(centre refill qw_clock_utc_ms)
