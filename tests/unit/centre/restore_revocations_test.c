/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C4 C7 */
/* A restored store and certificates [docs/protocol/backup.md S6]: what was taken back since stays
 * so, by the last list, or everything that devices have, for want of one. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/certificate/signing_request.h"
#include "centre/certificate/certificate.h"
#include "centre/people/unit_quota.h"
#include "centre/restore/restore.h"
#include "store/sqlite_copy.h"
#include "unit/centre/scene.h"

#include <fcntl.h>
#include <stdio.h>

enum { STARTS_MAX = 60 };

static int make(void **state)
{
    struct scene *scene;
    int status = scene_make(state);

    scene = *state;
    assert_int_equal(
        qw_centre_authority_found(scene->centre, &scene->operator_caller, QW_CERTIFICATE_P256),
        QW_OK);
    for (int i = 0; i < 3; i++) {
        char id[16];

        (void)snprintf(id, sizeof id, "app-%d", i);
        assert_int_equal(qw_centre_device_register(scene->centre, &scene->operator_caller, id,
                                                   QW_DEVICE_APPLICATION, "", ""),
                         QW_OK);
    }
    return status;
}

static struct qw_certificate_made issue(struct scene *scene, const char *name)
{
    struct qw_signing_request_made request;
    struct qw_certificate_wish wish = { .request = request.request };
    struct qw_certificate_made made;

    assert_int_equal(qw_signing_request_new(QW_CERTIFICATE_P256, name, NULL, 0, &request), QW_OK);
    wish.request_len = strlen(request.request);
    assert_int_equal(
        qw_centre_certificate_issue(scene->centre, &scene->operator_caller, &wish, &made), QW_OK);
    return made;
}

static void take_back(struct scene *scene, const struct qw_certificate_made *made)
{
    assert_int_equal(qw_centre_certificate_revoke(scene->centre, &scene->operator_caller,
                                                  made->serial, QW_REVOKED_KEY_COMPROMISE),
                     QW_OK);
}

static struct qw_certificate_list last_list(struct scene *scene)
{
    struct qw_certificate_list list = { .pem = NULL };

    assert_int_equal(qw_centre_certificate_list_sign(scene->centre, QW_CERTIFICATE_P256, &list),
                     QW_OK);
    return list;
}

static bool is_revoked(struct scene *scene, const struct qw_certificate_made *made)
{
    struct qw_certificate_entry entry;

    assert_int_equal(
        qw_centre_certificate_find(scene->centre, &scene->operator_caller, made->serial, &entry),
        QW_OK);
    return entry.is_revoked;
}

/* On what the centre signs from now on. */
static bool is_on_list(struct scene *scene, const struct qw_certificate_made *made)
{
    struct qw_certificate_list list = last_list(scene);
    struct qw_certificate_list_content content = { .count = 0 };
    bool has;

    assert_int_equal(qw_certificate_list_read(
                         list.pem, list.pem_len,
                         scene->centre->authorities[QW_CERTIFICATE_P256]->certificate, &content),
                     QW_OK);
    has = qw_certificate_list_content_has(&content, made->serial);
    qw_certificate_list_content_free(&content);
    qw_certificate_list_free(&list);
    return has;
}

struct history {
    char path[128];
    struct qw_certificate_made before, stays, officer, since;
    struct qw_certificate_list list;
};

/* A copy; after it one of before it and one of after it are taken back. */
static void make_history(struct scene *scene, struct history *history)
{
    int fd;

    assert_int_equal(scene_set_quota(scene->centre, &scene->operator_caller, "/north", 100, 100),
                     QW_OK);
    history->before = issue(scene, "urn:qwave:sae:app-0");
    history->stays = issue(scene, "urn:qwave:sae:app-1");
    history->officer = issue(scene, "urn:qwave:officer:carol");
    (void)snprintf(history->path, sizeof history->path, "%s/copy.db", scene->folder);
    fd = open(history->path, O_CREAT | O_WRONLY | O_EXCL, 0600);
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(qw_store_sqlite_copy(scene->path, history->path), QW_OK);
    history->since = issue(scene, "urn:qwave:sae:app-2");
    take_back(scene, &history->before);
    take_back(scene, &history->since);
    history->list = last_list(scene);
}

static void put_back(struct scene *scene, const struct history *history, const void *lists,
                     size_t len)
{
    static struct qw_restored_marks marks;
    struct qw_store store;

    scene_close(scene);
    assert_int_equal(rename(history->path, scene->path), 0);
    assert_int_equal(qw_store_sqlite_open(scene->path, &store), QW_OK);
    assert_int_equal(qw_restored_marks_make(&marks, lists, len), QW_OK);
    assert_int_equal(qw_restored_mark(&store, &marks), QW_OK);
    qw_store_close(&store);
}

static void what_is_on_the_last_list_stays_revoked(void **state)
{
    struct scene *scene = *state;
    struct history history;

    make_history(scene, &history);
    put_back(scene, &history, history.list.pem, history.list.pem_len);
    scene_open(scene);
    assert_true(is_revoked(scene, &history.before));
    assert_false(is_revoked(scene, &history.stays));
    assert_false(is_revoked(scene, &history.officer));
    assert_true(is_revoked(scene, &history.since)); /* of which the copy knew nothing */
    assert_true(is_on_list(scene, &history.before));
    assert_true(is_on_list(scene, &history.since));
    assert_false(is_on_list(scene, &history.stays));
    scene_restart(scene);
    assert_true(is_revoked(scene, &history.since));
    assert_journal_whole(scene);
    qw_certificate_list_free(&history.list);
}

static void without_a_list_no_device_keeps_his(void **state)
{
    struct scene *scene = *state;
    struct history history;

    make_history(scene, &history);
    put_back(scene, &history, NULL, 0);
    scene_open(scene);
    assert_true(is_revoked(scene, &history.before));
    assert_true(is_revoked(scene, &history.stays));
    assert_false(is_revoked(scene, &history.officer)); /* somebody has to go on */
    assert_true(is_on_list(scene, &history.stays));
    assert_journal_whole(scene);
    qw_certificate_list_free(&history.list);
}

/* An altered list is no list: it cannot let anybody through. */
static void a_list_that_is_not_ours_is_none(void **state)
{
    struct scene *scene = *state;
    struct history history;
    uint8_t *at;

    make_history(scene, &history);
    at = history.list.pem + history.list.pem_len / 2;
    *at = *at == 'A' ? 'B' : 'A';
    put_back(scene, &history, history.list.pem, history.list.pem_len);
    scene_open(scene);
    assert_true(is_revoked(scene, &history.before));
    assert_true(is_revoked(scene, &history.stays));
    qw_certificate_list_free(&history.list);
}

static void a_kill_in_between_forgets_none(void **state)
{
    struct scene *scene = *state;
    struct history history;
    qw_err err = QW_ERR_IO;

    make_history(scene, &history);
    put_back(scene, &history, history.list.pem, history.list.pem_len);
    for (int n = 1; err != QW_OK; n++) {
        assert_true(n < STARTS_MAX);
        assert_int_equal(qw_store_sqlite_open(scene->path, &scene->store), QW_OK);
        scene->submits = 0;
        scene->fail_at = n % 8 + 1;
        scene->fail_at += n / 8;
        err = qw_centre_new(&scene->config, &scene->centre);
        scene->fail_at = 0;
        if (err != QW_OK) {
            qw_store_close(&scene->store);
        }
    }
    assert_true(is_revoked(scene, &history.before));
    assert_true(is_revoked(scene, &history.since));
    assert_false(is_revoked(scene, &history.stays));
    qw_certificate_list_free(&history.list);
}

/* More than one record holds: it comes in parts. */
static void a_long_list_is_put_together_again(void **state)
{
    struct scene *scene = *state;
    struct history history;
    size_t pad = 3 << 19;
    uint8_t *text;
    static struct qw_restored_marks marks;

    make_history(scene, &history);
    text = malloc(pad + history.list.pem_len);
    assert_non_null(text);
    memset(text, '\n', pad);
    memcpy(text + pad, history.list.pem, history.list.pem_len);
    put_back(scene, &history, text, pad + history.list.pem_len);
    scene_open(scene);
    assert_true(is_revoked(scene, &history.since));
    assert_false(is_revoked(scene, &history.stays));
    assert_int_equal(qw_restored_marks_make(&marks, text, QW_RESTORED_LISTS_MAX + 1), QW_ERR_LIMIT);
    free(text);
    qw_certificate_list_free(&history.list);
}

#define IN_SCENE(test) cmocka_unit_test_setup_teardown(test, make, scene_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_SCENE(what_is_on_the_last_list_stays_revoked),
        IN_SCENE(without_a_list_no_device_keeps_his),
        IN_SCENE(a_list_that_is_not_ours_is_none),
        IN_SCENE(a_kill_in_between_forgets_none),
        IN_SCENE(a_long_list_is_put_together_again),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
