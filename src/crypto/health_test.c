/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/health_test.h"

void qw_health_test_init(struct qw_health_test *test)
{
    *test = (struct qw_health_test){ 0 };
}

/* [SP 800-90B 4.4.1] */
static void push_repetition(struct qw_health_test *test, uint8_t sample)
{
    if (test->repetitions > 0 && sample == test->repeated) {
        test->repetitions++;
    } else {
        test->repeated = sample;
        test->repetitions = 1;
    }
    test->has_failed = test->has_failed || test->repetitions >= QW_HEALTH_REPETITION_CUTOFF;
}

/* [SP 800-90B 4.4.2] */
static void push_proportion(struct qw_health_test *test, uint8_t sample)
{
    if (test->window_at == 0) {
        test->reference = sample;
        test->reference_count = 0;
    }
    test->reference_count += sample == test->reference;
    test->window_at = (test->window_at + 1) % QW_HEALTH_WINDOW;
    test->has_failed = test->has_failed || test->reference_count >= QW_HEALTH_PROPORTION_CUTOFF;
}

bool qw_health_test_push(struct qw_health_test *test, const uint8_t *raw, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        push_repetition(test, raw[i]);
        push_proportion(test, raw[i]);
    }
    return !test->has_failed;
}
