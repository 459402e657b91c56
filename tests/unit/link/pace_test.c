/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/pace.h"
#include "unit/link/link_pair.h"

/* Two hundred links of one host, each with its peer, in virtual time: when do their rotations
 * begin? */

enum { LINKS = 200, SECONDS_MAX = 8 * 3600, REKEY_S = 3600 };

/* Records are written here without end; no power is cut. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
    (void)fd;
    return 0;
}

struct host {
    struct pair pairs[LINKS];
    int64_t next_ms[LINKS];
    struct qw_link_pace pace;
    int64_t now_ms;
    uint16_t begun[SECONDS_MAX]; /* rotations in that second */
};

static int64_t take(void *self, int64_t now_ms)
{
    return qw_link_pace_take(self, now_ms);
}

static void host_start(struct host *host)
{
    for (size_t i = 0; i < LINKS; i++) {
        struct pair *pair = &host->pairs[i];

        pair->now_ms = host->now_ms;
        assert_int_equal(agent_start(pair, QW_LINK_INITIATOR), QW_OK);
        assert_int_equal(agent_start(pair, QW_LINK_RESPONDER), QW_OK);
        host->next_ms[i] = host->now_ms;
    }
}

static void host_stop(struct host *host)
{
    for (size_t i = 0; i < LINKS; i++) {
        agent_kill(&host->pairs[i].agents[0]);
        agent_kill(&host->pairs[i].agents[1]);
    }
}

static struct host *host_new(bool is_paced)
{
    struct host *host = calloc(1, sizeof *host);

    assert_non_null(host);
    host->now_ms = 1000;
    host->pace = qw_link_pace_for((double)LINKS / (0.9 * REKEY_S));
    for (size_t i = 0; i < LINKS; i++) {
        struct pair *pair = &host->pairs[i];

        pair_init(pair);
        pair->config.rekey_ms = 1000 * REKEY_S;
        pair->config.hard_ms = INT64_C(86400000);
        pair->config.heartbeat_ms = 60000;
        pair->config.turns = (struct qw_link_turns){ is_paced ? &host->pace : NULL, take };
    }
    host_start(host);
    return host;
}

static void host_free(struct host *host)
{
    for (size_t i = 0; i < LINKS; i++) {
        pair_done(&host->pairs[i]);
    }
    free(host);
}

static size_t first_due(const struct host *host)
{
    size_t first = 0;

    for (size_t i = 1; i < LINKS; i++) {
        first = host->next_ms[i] < host->next_ms[first] ? i : first;
    }
    return first;
}

static void host_run(struct host *host, int64_t for_ms)
{
    int64_t until_ms = host->now_ms + for_ms;

    for (size_t i = first_due(host); host->next_ms[i] < until_ms; i = first_due(host)) {
        struct pair *pair = &host->pairs[i];
        uint8_t before = pair->serial;

        host->now_ms = host->next_ms[i] > host->now_ms ? host->next_ms[i] : host->now_ms;
        pair->now_ms = host->now_ms;
        host->next_ms[i] =
            qw_link_association_step(pair->agents[QW_LINK_INITIATOR].association, host->now_ms);
        if (pair->serial != before) {
            host->begun[host->now_ms / 1000]++;
        }
    }
    host->now_ms = until_ms;
}

static unsigned most_in_a_second(const struct host *host, int64_t from_s, int64_t to_s,
                                 unsigned *sum)
{
    unsigned most = 0;

    *sum = 0;
    for (int64_t s = from_s; s < to_s; s++) {
        most = host->begun[s] > most ? host->begun[s] : most;
        *sum += host->begun[s];
    }
    return most;
}

static void two_hundred_links_that_start_together_rotate_without_bursts(void **state)
{
    struct host *host = host_new(true);
    unsigned most, sum;

    (void)state;
    host_run(host, 60000);
    most = most_in_a_second(host, 0, 60, &sum);
    assert_int_equal(sum,
                     LINKS); /* each its first key, as fast as may be: nothing passes without */
    host_run(host, INT64_C(2) * 3600 * 1000);
    most = most_in_a_second(host, 61, 61 + 2 * 3600, &sum);
    print_message("%u rotations of %d links in two hours, at most %u begun in a second\n", sum,
                  LINKS, most);
    assert_in_range(sum, 2 * LINKS - 20, 4 * LINKS);
    assert_in_range(most, 1, 5); /* four turns, one more where a second begins */
    host_free(host);
}

/* The host was off for so long that every link is due when it comes back. */
static unsigned most_after_an_outage(bool is_paced, unsigned *sum)
{
    struct host *host = host_new(is_paced);
    unsigned most;
    int64_t back_s;

    host_run(host, 60000);
    host_stop(host);
    host->now_ms += INT64_C(2) * 3600 * 1000;
    back_s = host->now_ms / 1000;
    host_start(host);
    host_run(host, 60000);
    most = most_in_a_second(host, back_s, back_s + 60, sum);
    host_free(host);
    return most;
}

static void all_that_are_due_after_an_outage_come_one_after_the_other(void **state)
{
    unsigned sum, most = most_after_an_outage(true, &sum);

    (void)state;
    print_message("after an outage %u in a minute, at most %u in a second\n", sum, most);
    assert_int_equal(sum, LINKS);
    assert_in_range(most, 4, 5);
    assert_int_equal(most_after_an_outage(false, &sum), LINKS); /* and would come at once */
}

static void turns_are_as_fast_as_the_links_need_and_not_slower_than_four_a_second(void **state)
{
    struct qw_link_pace slow = qw_link_pace_for(0), fast = qw_link_pace_for(50);
    int64_t last_ms = 0;

    (void)state;
    assert_int_equal(qw_link_pace_take(&slow, 1000), 1000);
    assert_int_equal(qw_link_pace_take(&slow, 1001), 1250);
    assert_int_equal(qw_link_pace_take(&slow, 9000), 9000); /* turns that nobody took are gone */
    for (int i = 0; i < 101; i++) {
        last_ms = qw_link_pace_take(&fast, 1000);
    }
    assert_int_equal(last_ms, 2000); /* a hundred in a second */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_hundred_links_that_start_together_rotate_without_bursts),
        cmocka_unit_test(all_that_are_due_after_an_outage_come_one_after_the_other),
        cmocka_unit_test(turns_are_as_fast_as_the_links_need_and_not_slower_than_four_a_second),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
