/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
/* What may change while a centre serves, by the thread of an officer's request, while another fills
 * the stock: make tsan runs this. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/reload.h"
#include "unit/centre/scene.h"

#include <pthread.h>
#include <stdatomic.h>

enum { ROUNDS = 40, FEW = 128, MANY = 256 };

struct filler {
    struct scene *scene;
    atomic_bool is_over;
    qw_err err;
};

static void *fill(void *self)
{
    struct filler *filler = self;

    while (!atomic_load(&filler->is_over) && filler->err == QW_OK) {
        filler->err = qw_centre_ingest(filler->scene->centre);
    }
    return NULL;
}

static void the_stock_is_filled_while_it_may_be_more_or_less(void **state)
{
    struct scene *scene = *state;
    struct filler filler = { .scene = scene };
    struct qw_centre_limits limits = { .stock_keys = FEW,
                                       .approval_s = 60,
                                       .journal_sign_records = 1000,
                                       .journal_sign_ms = 3600000 };
    struct qw_centre_status status;
    pthread_t thread;

    assert_int_equal(qw_centre_reload(scene->centre, NULL, &limits, "stock_keys"), QW_OK);
    assert_int_equal(pthread_create(&thread, NULL, fill, &filler), 0);
    for (int i = 0; i < ROUNDS; i++) {
        limits.stock_keys = i % 2 == 0 ? FEW : MANY;
        assert_int_equal(qw_centre_reload(scene->centre, NULL, &limits, "stock_keys"), QW_OK);
    }
    atomic_store(&filler.is_over, true);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(filler.err, QW_OK);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(qw_centre_status(scene->centre, &scene->operator_caller, &status), QW_OK);
    assert_int_equal(status.keys_in_state[QW_KEY_STORED], MANY);
}

static void only_who_may_changes_it(void **state)
{
    struct scene *scene = *state;
    struct qw_centre_limits limits = { .stock_keys = MANY };

    assert_int_equal(qw_centre_may_reload(scene->centre, &scene->operator_caller), QW_OK);
    assert_int_equal(qw_centre_may_reload(scene->centre, &scene->application), QW_ERR_REFUSED);
    assert_int_equal(qw_centre_reload(scene->centre, &scene->application, &limits, "stock_keys"),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_note_bad_reload(scene->centre, NULL, "line 3"), QW_ERR_FORMAT);
}

int main(void)
{
#define WITH_SCENE(test) cmocka_unit_test_setup_teardown(test, scene_make, scene_remove)
    const struct CMUnitTest tests[] = {
        WITH_SCENE(the_stock_is_filled_while_it_may_be_more_or_less),
        WITH_SCENE(only_who_may_changes_it),
    };

    return cmocka_run_group_tests_name("centre.reload", tests, NULL, NULL);
}
