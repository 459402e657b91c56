/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C12 */
/* Group commit of fetches, with a server that only looks at what it is given. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/pair/fetch_queue.h"
#include "centre/pair/fetch_serve.h"

#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { GUESTS = 24, ROUNDS = 200, IDS_MAX = 60, BATCH_IDS = 128, BATCH_FETCHES = 64 };

static struct { /* what the server saw; one thread at a time is inside */
    atomic_uint inside;
    size_t groups, fetches;
    bool was_crowded, was_mixed, was_too_large;
} seen;

static bool names_the_same(const struct qw_fetch *a, const struct qw_fetch *b)
{
    for (size_t i = 0; i < a->count; i++) {
        for (size_t k = 0; k < b->count; k++) {
            if (memcmp(a->ids[i], b->ids[k], 16) == 0) {
                return true;
            }
        }
    }
    return false;
}

void __wrap_qw_fetch_serve(struct qw_centre *centre, struct qw_fetch *batch);
void __wrap_qw_fetch_serve(struct qw_centre *centre, struct qw_fetch *batch)
{
    static const struct timespec write_time = { 0, 100000 };
    size_t fetches = 0, ids = 0;

    (void)centre;
    seen.was_crowded |= atomic_fetch_add(&seen.inside, 1) != 0;
    for (struct qw_fetch *fetch = batch; fetch != NULL; fetch = fetch->next) {
        fetches++;
        ids += fetch->count;
        for (const struct qw_fetch *other = fetch->next; other != NULL; other = other->next) {
            seen.was_mixed |= names_the_same(fetch, other);
        }
        fetch->err = QW_ERR_NOT_FOUND; /* anything that is not zero */
        fetch->repeats++;              /* how often it was served */
    }
    seen.was_too_large |= fetches > BATCH_FETCHES || (ids > BATCH_IDS && fetches > 1);
    seen.fetches += fetches;
    seen.groups++;
    nanosleep(&write_time, NULL);
    atomic_fetch_sub(&seen.inside, 1);
}

/* Nobody frees these fetches: they stand where their guests put them. */
void __wrap_qw_fetch_conclude(struct qw_centre *centre, struct qw_fetch *fetch);
void __wrap_qw_fetch_conclude(struct qw_centre *centre, struct qw_fetch *fetch)
{
    (void)centre;
    fetch->done(fetch->self, fetch->err);
}

struct guest {
    pthread_t thread;
    struct qw_centre *centre;
    unsigned number;
    bool is_well_served;
    sem_t woken;
    qw_err err;
    unsigned answers;
};

static void wake(void *self, qw_err err)
{
    struct guest *guest = self;

    guest->err = err;
    guest->answers++;
    sem_post(&guest->woken);
}

static void pass(struct guest *guest, struct qw_fetch *fetch)
{
    guest->answers = 0;
    fetch->done = wake;
    fetch->self = guest;
    assert_int_equal(sem_init(&guest->woken, 0, 0), 0);
    qw_fetch_queue_put(&guest->centre->fetches, fetch);
    while (sem_wait(&guest->woken) != 0) {
    }
    sem_destroy(&guest->woken);
    guest->is_well_served &=
        guest->answers == 1 && fetch->repeats == 1 && guest->err == QW_ERR_NOT_FOUND;
}

/* Ids from a small range, so that guests often ask for the same one. */
static void *ask(void *self)
{
    struct guest *guest = self;
    uint8_t ids[IDS_MAX][16] = { { 0 } };

    guest->is_well_served = true;
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct qw_fetch fetch = { .ids = (const uint8_t(*)[16])ids, .count = 1 };

        if ((guest->number + round) % 7 == 0) {
            fetch.count = IDS_MAX;
        }
        for (size_t i = 0; i < fetch.count; i++) {
            ids[i][0] = (uint8_t)((guest->number * 5 + round * 3 + i) % 64);
        }
        pass(guest, &fetch);
    }
    return NULL;
}

static void everybody_is_served_once_in_groups_that_name_no_key_twice(void **state)
{
    struct qw_centre *centre = calloc(1, sizeof *centre);
    struct guest guests[GUESTS];

    (void)state;
    assert_non_null(centre);
    assert_int_equal(qw_fetch_queue_start(centre), QW_OK);
    for (unsigned i = 0; i < GUESTS; i++) {
        guests[i] = (struct guest){ .centre = centre, .number = i };
        assert_int_equal(pthread_create(&guests[i].thread, NULL, ask, &guests[i]), 0);
    }
    for (unsigned i = 0; i < GUESTS; i++) {
        pthread_join(guests[i].thread, NULL);
        assert_true(guests[i].is_well_served);
    }
    assert_int_equal(seen.fetches, GUESTS * ROUNDS);
    assert_true(seen.groups < seen.fetches);
    assert_false(seen.was_crowded || seen.was_mixed || seen.was_too_large);
    assert_int_equal(centre->fetches.waiting, 0);
    qw_fetch_queue_stop(centre);
    free(centre);
}

static void a_fetch_that_is_alone_is_served_alone(void **state)
{
    struct qw_centre *centre = calloc(1, sizeof *centre);
    struct guest guest = { .centre = centre };

    (void)state;
    assert_non_null(centre);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(qw_fetch_queue_start(centre), QW_OK);
    ask(&guest);
    assert_true(guest.is_well_served);
    assert_int_equal(seen.groups, ROUNDS);
    qw_fetch_queue_stop(centre);
    free(centre);
}

/* One who asks once, from a thread of his own. */
static void *ask_once(void *self)
{
    struct guest *guest = self;
    uint8_t ids[1][16] = { { (uint8_t)(100 + guest->number) } };
    struct qw_fetch fetch = { .ids = (const uint8_t(*)[16])ids, .count = 1 };

    guest->is_well_served = true;
    pass(guest, &fetch);
    return NULL;
}

/* The last group had five in it or behind it, and there is patience for longer than any machine
 * stops: whoever comes first is not served before the fifth is there. */
static void the_next_group_waits_for_all_who_were_there_before(void **state)
{
    struct qw_centre *centre = calloc(1, sizeof *centre);
    struct guest guests[5];

    (void)state;
    assert_non_null(centre);
    memset(&seen, 0, sizeof seen);
    assert_int_equal(qw_fetch_queue_start(centre), QW_OK);
    centre->fetches.expected = 5;
    centre->fetches.patience_us = 60L * 1000 * 1000;
    for (unsigned i = 0; i < 5; i++) {
        guests[i] = (struct guest){ .centre = centre, .number = i };
        assert_int_equal(pthread_create(&guests[i].thread, NULL, ask_once, &guests[i]), 0);
    }
    for (unsigned i = 0; i < 5; i++) {
        pthread_join(guests[i].thread, NULL);
        assert_true(guests[i].is_well_served);
    }
    assert_int_equal(seen.groups, 1);
    assert_int_equal(centre->fetches.expected, 5);
    assert_in_range(centre->fetches.patience_us, 300, 2000);
    qw_fetch_queue_stop(centre);
    free(centre);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everybody_is_served_once_in_groups_that_name_no_key_twice),
        cmocka_unit_test(a_fetch_that_is_alone_is_served_alone),
        cmocka_unit_test(the_next_group_waits_for_all_who_were_there_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
