/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C7 */
/* Every allocation of every verb fails once: the verb says so, nothing has changed, and the next
 * try works. Under the address sanitizer it also shows that nothing leaks. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/approval/approval.h"
#include "centre/device/describe.h"
#include "centre/device/import.h"
#include "centre/device/search.h"
#include "centre/people/officer.h"
#include "centre/people/unit_quota.h"
#include "centre/psk/psk.h"
#include "unit/centre/scene.h"

static int allocations, fail_allocation; /* 0: none fails */

static bool fails_now(void)
{
    if (fail_allocation == 0) {
        return false;
    }
    allocations++;
    return allocations == fail_allocation;
}

void *__real_malloc(size_t len);
void *__real_calloc(size_t count, size_t len);
void *__real_realloc(void *p, size_t len);
void *__real_qw_secret_new(size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t count, size_t len);
void *__wrap_realloc(void *p, size_t len);
void *__wrap_qw_secret_new(size_t len);

void *__wrap_malloc(size_t len)
{
    return fails_now() ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t count, size_t len)
{
    return fails_now() ? NULL : __real_calloc(count, len);
}

void *__wrap_realloc(void *p, size_t len)
{
    return fails_now() ? NULL : __real_realloc(p, len);
}

void *__wrap_qw_secret_new(size_t len)
{
    return fails_now() ? NULL : __real_qw_secret_new(len);
}

static uint8_t sealed[65536];
static uint8_t session_id[16];
static size_t sealed_len;
static uint8_t keys[5][32];

static qw_err do_new(struct scene *scene)
{
    return qw_centre_new(&scene->config, &scene->centre);
}

static qw_err do_ingest(struct scene *scene)
{
    return qw_centre_ingest(scene->centre);
}

static qw_err do_register(struct scene *scene)
{
    return qw_centre_device_register(scene->centre, &scene->operator_caller, "terminal-1",
                                     QW_DEVICE_TERMINAL, "", "app-1");
}

static qw_err do_charge(struct scene *scene)
{
    return charge(scene, "terminal-1", 20, sealed, sizeof sealed, &sealed_len);
}

static qw_err do_confirm(struct scene *scene)
{
    uint8_t receipt[QW_RECEIPT_LEN];
    int keep = fail_allocation;
    qw_err err;

    fail_allocation = 0; /* the card's own work */
    card_receipt(&scene->terminal, receipt);
    fail_allocation = keep;
    err = qw_centre_charge_confirm(scene->centre, &scene->operator_caller, "terminal-1", receipt,
                                   sizeof receipt);
    return err;
}

static qw_err do_contact(struct scene *scene)
{
    uint8_t report[QW_CONTACT_REPORT_LEN];
    uint8_t grant[QW_LINK_GRANT_LEN];
    int keep = fail_allocation;
    qw_err err;

    fail_allocation = 0;
    card_report(&scene->terminal, true, 5, report);
    fail_allocation = keep;
    err = send_report(scene, report, session_id, grant);
    if (err == QW_OK) {
        card_use_grant(scene, grant);
    }
    return err;
}

static qw_err do_package(struct scene *scene)
{
    return get_package(scene, session_id, 900, sealed, &sealed_len);
}

static qw_err do_receipt(struct scene *scene)
{
    return send_receipt(scene, session_id);
}

static qw_err do_fetch(struct scene *scene)
{
    return fetch(scene, &scene->application, 0, 5, keys);
}

static struct qw_given_key given[2];
static struct qw_given_key got[1];

static qw_err add_application(struct scene *scene, const char *id, const char *peers)
{
    return qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                     QW_DEVICE_APPLICATION, "", peers);
}

static qw_err do_set_peers(struct scene *scene)
{
    return qw_centre_device_set_peers(scene->centre, &scene->operator_caller, "app-1",
                                      "app-2,app-3");
}

static qw_err do_deliver_to(struct scene *scene, size_t others)
{
    static const char carol[1][64] = { "app-3" };
    struct qw_key_wish wish = { .slave = "app-2",
                                .others = carol,
                                .other_count = others,
                                .count = 1,
                                .bits = 512,
                                .mandatory = qw_key_demand_none,
                                .preferred = qw_key_demand_none };

    return qw_centre_deliver(scene->centre, &scene->application, &wish, &given[others]);
}

static qw_err do_deliver(struct scene *scene)
{
    return do_deliver_to(scene, 0);
}

static qw_err do_share(struct scene *scene)
{
    return do_deliver_to(scene, 1);
}

static qw_err do_pair_status(struct scene *scene)
{
    struct qw_pair_status status;

    return qw_centre_pair_status(scene->centre, &scene->application, "app-2", &status);
}

static qw_err do_fetch_one(struct scene *scene)
{
    return qw_centre_fetch(scene->centre, &scene->stranger, "app-1",
                           (const uint8_t(*)[16]) & given[0].id, 1, got);
}

static qw_err do_fetch_shared(struct scene *scene)
{
    return qw_centre_fetch(scene->centre, &scene->stranger, "app-1",
                           (const uint8_t(*)[16]) & given[1].id, 1, got);
}

static uint8_t psk_key[QW_PSK_LEN];

static qw_err do_create_psk(struct scene *scene)
{
    return qw_centre_psk_create(scene->centre, &scene->operator_caller, "app-1", psk_key);
}

static qw_err do_find_psk(struct scene *scene)
{
    struct qw_psk psk;

    return qw_centre_psk_find(scene->centre, "app-1", &psk);
}

static qw_err do_note_psk(struct scene *scene)
{
    static const uint8_t name[32] = { 1 };

    return qw_centre_psk_note(scene->centre, "app-1", name, "192.0.2.1");
}

static qw_err do_revoke_psk(struct scene *scene)
{
    return qw_centre_psk_revoke(scene->centre, &scene->operator_caller, "app-1");
}

static qw_err do_sweep(struct scene *scene)
{
    return qw_centre_sweep(scene->centre);
}

static qw_err do_destroy(struct scene *scene)
{
    return qw_centre_device_change(scene->centre, &scene->operator_caller, "terminal-1",
                                   QW_DEVICE_DESTROY);
}

static qw_err do_add_officer(struct scene *scene)
{
    return qw_centre_officer_add(scene->centre, &scene->operator_caller, "bob", QW_OFFICER_OPERATOR,
                                 "/");
}

static qw_err do_suspend_officer(struct scene *scene)
{
    return qw_centre_officer_change(scene->centre, &scene->operator_caller, "bob",
                                    QW_OFFICER_SUSPEND);
}

static qw_err do_list_officers(struct scene *scene)
{
    struct qw_officer officers[2];
    size_t count = 0;
    qw_err err =
        qw_centre_officer_list(scene->centre, &scene->operator_caller, "", officers, 2, &count);

    assert_int_equal(count, err == QW_OK ? 2 : 0);
    return err;
}

static uint8_t import_id[16];

static qw_err do_import_begin(struct scene *scene)
{
    return qw_centre_import_begin(scene->centre, &scene->operator_caller, import_id);
}

static qw_err do_import_add(struct scene *scene)
{
    struct qw_import_chunk chunk = { .header = "id,kind,owner,unit",
                                     .lines = "m-1,meter,Li,/north\nm-2,meter,,/\n",
                                     .first_line = 2 };
    struct qw_import_fault fault;

    return qw_centre_import_add(scene->centre, &scene->operator_caller, import_id, &chunk, &fault);
}

static qw_err do_import_commit(struct scene *scene)
{
    struct qw_import_progress progress;

    return qw_centre_import_commit(scene->centre, &scene->operator_caller, import_id, &progress);
}

static qw_err do_import_drop(struct scene *scene)
{
    return qw_centre_import_drop(scene->centre, &scene->operator_caller, import_id);
}

static void set_quota(struct scene *scene, const char *unit)
{
    assert_int_equal(scene_set_quota(scene->centre, &scene->operator_caller, unit, 2, 0), QW_OK);
}

static uint64_t stored_in_the_north(struct scene *scene)
{
    struct qw_unit_quota quota;
    size_t count = 0;

    assert_int_equal(qw_centre_unit_list(scene->centre, &scene->operator_caller, &quota, 1, &count),
                     QW_OK);
    assert_int_equal(count, 1);
    return quota.stored;
}

static qw_err do_search(struct scene *scene)
{
    struct qw_device_filter filter = qw_device_filter_none;
    struct qw_device device;
    struct qw_device_page page = { .devices = &device, .cap = 1 };
    qw_err err;

    filter.kind = QW_DEVICE_METER;
    filter.owner = "Li";
    err = qw_centre_device_search(scene->centre, &scene->operator_caller, &filter, "", &page);
    assert_int_equal(page.count, err == QW_OK ? 1 : 0);
    return err;
}

static qw_err do_describe(struct scene *scene)
{
    struct qw_device_note note = { .owner = "Wang" };

    return qw_centre_device_describe(scene->centre, &scene->operator_caller, "m-1", &note);
}

static qw_err do_move(struct scene *scene)
{
    return qw_centre_device_move(scene->centre, &scene->operator_caller, "m-1", "/south");
}

static struct qw_request request;

static qw_err do_ask(struct scene *scene)
{
    struct qw_request_wish wish = { .verb = QW_REQUEST_DEVICE_DESTROY, .object = "app-3" };

    return qw_centre_request_ask(scene->centre, &scene->operator_caller, &wish, &request);
}

static qw_err do_list_requests(struct scene *scene)
{
    struct qw_request listed;
    size_t count;

    return qw_centre_request_list(scene->centre, &scene->operator_caller, &listed, 1, &count);
}

static qw_err do_approve(struct scene *scene)
{
    struct qw_caller second = { .role = QW_ROLE_OPERATOR, .id = "sec", .certificate_hash = { 1 } };

    return qw_centre_request_approve(scene->centre, &second, request.id, request.digest);
}

/* Lets the n-th allocation of the verb fail until it succeeds. */
static void starve(struct scene *scene, qw_err (*verb)(struct scene *))
{
    qw_err err = QW_ERR_NOMEM;

    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < 400);
        allocations = 0;
        fail_allocation = n;
        err = verb(scene);
        fail_allocation = 0;
        if (err != QW_OK) {
            assert_int_equal(err, QW_ERR_NOMEM);
        }
        if (scene->centre != NULL) {
            assert_books_balance(scene);
        }
    }
}

static void every_verb_survives_a_lack_of_memory(void **state)
{
    struct scene *scene = *state;
    struct qw_card_keys wrap;

    scene->config.stock_keys = 200;
    make_station(scene);
    make_card(scene, "ap-1", QW_DEVICE_ACCESS_POINT, 0, &scene->ap_card);
    qw_centre_free(scene->centre);
    scene->centre = NULL;
    starve(scene, do_new);
    starve(scene, do_ingest);
    starve(scene, do_register);
    starve(scene, do_charge);
    wrap = card_keys(&scene->station);
    card_open_and_take(&scene->terminal, sealed, sealed_len, wrap.wrap);
    starve(scene, do_confirm);
    starve(scene, do_contact);
    starve(scene, do_package); /* a fresh key */
    card_take_refill(scene, sealed, sealed_len);
    starve(scene, do_receipt);
    starve(scene, do_package); /* and a refill */
    card_take_refill(scene, sealed, sealed_len);
    starve(scene, do_contact); /* its receipt */
    starve(scene, do_fetch);
    assert_memory_equal(keys, scene->terminal.keys, sizeof keys);
    scene_now_ms += 30000;
    starve(scene, do_sweep);
    starve(scene, do_destroy);
    starve(scene, do_sweep);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

static void the_registry_survives_a_lack_of_memory(void **state)
{
    struct scene *scene = *state;

    set_quota(scene, "/north");
    set_quota(scene, "/south");
    starve(scene, do_import_begin);
    starve(scene, do_import_add);
    starve(scene, do_import_drop);
    starve(scene, do_import_begin);
    starve(scene, do_import_add);
    starve(scene, do_import_commit);
    starve(scene, do_search);
    starve(scene, do_describe);
    starve(scene, do_move);
    assert_journal_whole(scene);
}

static void deeds_of_two_survive_a_lack_of_memory(void **state)
{
    struct scene *scene = *state;

    scene->config.dual_control = QW_DUAL_CONTROL_DESTROY;
    scene_restart(scene);
    assert_int_equal(add_application(scene, "app-3", ""), QW_OK);
    assert_int_equal(qw_centre_officer_add(scene->centre, &scene->operator_caller, "sec",
                                           QW_OFFICER_SECURITY, "/"),
                     QW_OK);
    starve(scene, do_ask);
    starve(scene, do_list_requests);
    starve(scene, do_approve);
    assert_int_equal(state_of(scene, "app-3"), QW_DEVICE_DESTROYED);
    assert_journal_whole(scene);
}

static void keys_of_pairs_survive_a_lack_of_memory(void **state)
{
    struct scene *scene = *state;

    scene->config.stock_keys = 600;
    scene_restart(scene);
    assert_int_equal(qw_centre_ingest(scene->centre), QW_OK);
    assert_int_equal(add_application(scene, "app-1", ""), QW_OK);
    assert_int_equal(add_application(scene, "app-2", ""), QW_OK);
    assert_int_equal(add_application(scene, "app-3", ""), QW_OK);
    assert_int_equal(
        qw_centre_device_move(scene->centre, &scene->operator_caller, "app-1", "/north"), QW_OK);
    set_quota(scene, "/north");    /* what is leased counts there, and is released by the sweep */
    starve(scene, do_add_officer); /* and the founder with him */
    starve(scene, do_suspend_officer);
    starve(scene, do_list_officers);
    starve(scene, do_create_psk);
    starve(scene, do_find_psk);
    starve(scene, do_note_psk);
    starve(scene, do_revoke_psk);
    starve(scene, do_set_peers);
    starve(scene, do_pair_status);
    starve(scene, do_deliver);
    starve(scene, do_share);
    starve(scene, do_fetch_one);
    assert_memory_equal(got[0].bytes, given[0].bytes, 64);
    starve(scene, do_fetch_shared);
    assert_memory_equal(got[0].bytes, given[1].bytes, 64);
    scene_now_ms += 30000;
    starve(scene, do_sweep);
    scene_now_ms += 3 * 86400000LL;
    assert_true(stored_in_the_north(scene) > 0);
    starve(scene, do_sweep);
    assert_int_equal(stored_in_the_north(scene), 0);
    assert_int_equal(status_of(scene).keys_in_state[QW_KEY_LEASED], 0);
    assert_books_balance(scene);
    assert_journal_whole(scene);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_of_pairs_survive_a_lack_of_memory, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(deeds_of_two_survive_a_lack_of_memory, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(the_registry_survives_a_lack_of_memory, scene_make,
                                        scene_remove),
        cmocka_unit_test_setup_teardown(every_verb_survives_a_lack_of_memory, scene_make,
                                        scene_remove),
    };

    return cmocka_run_group_tests_name("centre.memory", tests, NULL, NULL);
}
