/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q5 */
/* What partners need now and then goes on, whatever becomes of the clock of the day. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "partners.h"
#include "support/fail_nth.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { HOUR_S = 3600, PATIENCE_MS = 20000 };

FAIL_NTH(void *, calloc, NULL, (size_t count, size_t size), (count, size));
FAIL_NTH(int, pthread_condattr_init, ENOMEM, (pthread_condattr_t * attributes), (attributes));

static atomic_int rounds;
qw_err __wrap_qw_centre_partner_upkeep(struct qw_centre *centre);
qw_err __wrap_qw_centre_partner_upkeep(struct qw_centre *centre)
{
    (void)centre;
    atomic_fetch_add(&rounds, 1);
    return QW_OK;
}

/* The clock of the day is set back by an hour whenever somebody has just looked at it. */
int __real_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = __real_clock_gettime(clock, time);

    time->tv_sec += clock == CLOCK_REALTIME ? HOUR_S : 0;
    return result;
}

static struct settings settings_for(const char *folder)
{
    struct settings settings = { .etsi020 = 1, .etsi020_wait_ms = 1000 };

    (void)snprintf(settings.partners, sizeof settings.partners, "%s", folder);
    (void)snprintf(settings.listen_address, sizeof settings.listen_address, "127.0.0.1");
    return settings;
}

static void goes_on_when_the_clock_of_the_day_is_set_back(void **state)
{
    char folder[] = "/tmp/qwave-partners-XXXXXX", error[QW_CONFIG_ERROR_CAP] = "";
    struct partners *partners = NULL;
    struct settings settings;
    int64_t until_ms = qw_clock_monotonic_ms() + PATIENCE_MS;

    (void)state;
    assert_non_null(mkdtemp(folder));
    settings = settings_for(folder);
    assert_int_equal(partners_open(&settings, NULL, &partners, error), QW_OK);
    assert_int_equal(partners_start(partners, NULL, 1), QW_OK);
    while (atomic_load(&rounds) < 3) {
        assert_true(qw_clock_monotonic_ms() < until_ms);
        poll(NULL, 0, 10);
    }
    partners_close(partners);
    assert_int_equal(rmdir(folder), 0);
}

static void opens_as_a_whole_or_not_at_all(void **state)
{
    char folder[] = "/tmp/qwave-partners-XXXXXX", error[QW_CONFIG_ERROR_CAP] = "";
    struct partners *partners = NULL;
    struct settings settings;
    qw_err err = QW_ERR_NOMEM;
    int failures = -1;

    (void)state;
    assert_non_null(mkdtemp(folder));
    settings = settings_for(folder);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 10);
        fail_nth = n;
        err = partners_open(&settings, NULL, &partners, error);
        fail_nth = 0;
        assert_true(err == QW_OK || (err == QW_ERR_NOMEM && partners == NULL));
        failures++;
    }
    assert_int_equal(failures, 3); /* itself, its lock, the list of files */
    partners_close(partners);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_when_the_clock_of_the_day_is_set_back),
        cmocka_unit_test(opens_as_a_whole_or_not_at_all),
    };

    return cmocka_run_group_tests_name("qwaved.partners", tests, NULL, NULL);
}
