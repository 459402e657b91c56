/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
/* Links, workers, the listener and the desk at once: make tsan runs this. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link_set.h"
#include "peer_line.h"
#include "sink.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINKS = 4, WORKERS = 3, ROUNDS = 300, REPORT_CAP = 8192 };

static char folder[64];
static const uint8_t vault_key[QW_LINK_VAULT_KEY_LEN] = { 7 };

/* A sink that takes everything. */
static atomic_uint looks;

static qw_err take_pair(void *self, const struct qw_link_key *current,
                        const struct qw_link_key *next)
{
    (void)self;
    (void)current;
    (void)next;
    return QW_OK;
}

static qw_err take_one(void *self, const struct qw_link_key *current)
{
    (void)self;
    (void)current;
    return QW_OK;
}

static qw_err block(void *self)
{
    (void)self;
    return QW_OK;
}

static bool is_well(void *self)
{
    (void)self;
    atomic_fetch_add(&looks, 1);
    return true;
}

static void close_sink(void *self)
{
    (void)self;
}

qw_err __wrap_sink_open(const struct peer_settings *peer, const struct qw_log *log,
                        struct qw_key_sink *sink);
qw_err __wrap_sink_open(const struct peer_settings *peer, const struct qw_log *log,
                        struct qw_key_sink *sink)
{
    (void)peer;
    (void)log;
    *sink = (struct qw_key_sink){ .kind = "test",
                                  .prepare = take_pair,
                                  .promote = take_pair,
                                  .settle = take_one,
                                  .block = block,
                                  .is_well = is_well,
                                  .close = close_sink };
    return QW_OK;
}

qw_err __wrap_vault_record_path(const struct settings *settings, const struct peer_settings *peer,
                                char out[static SETTINGS_PATH_CAP]);
qw_err __wrap_vault_record_path(const struct settings *settings, const struct peer_settings *peer,
                                char out[static SETTINGS_PATH_CAP])
{
    (void)settings;
    (void)snprintf(out, SETTINGS_PATH_CAP, "%s/%s", folder, peer->link);
    return QW_OK;
}

/* All links here are those of a responder, which connects to nobody. */
qw_err __wrap_peer_line_new(const struct settings *settings, const struct peer_settings *peer,
                            struct peer_line **line);
qw_err __wrap_peer_line_new(const struct settings *settings, const struct peer_settings *peer,
                            struct peer_line **line)
{
    (void)settings;
    (void)peer;
    (void)line;
    return QW_ERR_STATE;
}

void __wrap_peer_line_free(struct peer_line *line);
void __wrap_peer_line_free(struct peer_line *line)
{
    assert_null(line);
}

struct qw_link_peer __wrap_peer_line_peer(struct peer_line *line);
struct qw_link_peer __wrap_peer_line_peer(struct peer_line *line)
{
    (void)line;
    return (struct qw_link_peer){ NULL, NULL };
}

static qw_err give_none(void *self, const char *peer, struct qw_link_key *key)
{
    (void)self;
    (void)peer;
    (void)key;
    return QW_ERR_EXHAUSTED;
}

struct site {
    struct settings settings;
    struct peer_settings peers[LINKS];
    struct vault vault;
    struct link_set *set;
};

static int make_site(void **state)
{
    struct site *site = calloc(1, sizeof *site);
    const struct qw_link_keys keys = { NULL, give_none, give_none };

    assert_non_null(site);
    strcpy(folder, "/tmp/qwave-links-XXXXXX");
    assert_non_null(mkdtemp(folder));
    site->settings.peers = site->peers;
    site->settings.peer_count = LINKS;
    site->settings.workers = WORKERS;
    site->vault.key = (uint8_t *)(uintptr_t)vault_key;
    for (size_t i = 0; i < LINKS; i++) {
        struct peer_settings *peer = &site->peers[i];

        *peer = (struct peer_settings){ .role = QW_LINK_RESPONDER,
                                        .rekey_s = 100,
                                        .hard_s = 200,
                                        .jitter = 0.1,
                                        .heartbeat_s = 0.001,
                                        .drain_s = 0.001,
                                        .retry_s = 0.001 };
        (void)snprintf(peer->peer, sizeof peer->peer, "site-%zu", i % 2);
        (void)snprintf(peer->link, sizeof peer->link, "link-%zu", i);
        (void)snprintf(peer->peer_identity, sizeof peer->peer_identity, "urn:qwave:sae:site-%zu",
                       i % 2);
    }
    assert_int_equal(link_set_new(&site->settings, &site->vault, NULL, keys, &site->set), QW_OK);
    *state = site;
    return 0;
}

static int remove_site(void **state)
{
    struct site *site = *state;
    char path[128];

    link_set_free(site->set);
    for (size_t i = 0; i < LINKS; i++) {
        (void)snprintf(path, sizeof path, "%s/link-%zu", folder, i);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(folder), 0);
    free(site);
    return 0;
}

static void knows_its_links_by_name(void **state)
{
    struct site *site = *state;
    struct qw_link_request request = { .verb = QW_LINK_SAY_SYNC, .link = "link-0" };
    struct qw_link_answer answer;

    assert_int_equal(link_set_rotate(site->set, "site-1"), QW_OK);
    assert_int_equal(link_set_rotate(site->set, "site-1/link-3"), QW_OK);
    assert_int_equal(link_set_rotate(site->set, "site-1/link-0"), QW_ERR_NOT_FOUND);
    assert_int_equal(link_set_answer(site->set, "urn:qwave:sae:site-0", &request, &answer), QW_OK);
    assert_int_equal(answer.result, QW_LINK_RESULT_OK);
    assert_int_equal(link_set_answer(site->set, "urn:qwave:sae:site-1", &request, &answer),
                     QW_ERR_NOT_FOUND);
}

static void *work(void *self)
{
    link_set_work(self);
    return NULL;
}

static void *ask(void *self)
{
    struct link_set *set = self;
    struct qw_link_request request = { .verb = QW_LINK_SAY_SYNC, .link = "link-0" };
    struct qw_link_answer answer;

    for (int i = 0; i < ROUNDS; i++) {
        if (link_set_answer(set, "urn:qwave:sae:site-0", &request, &answer) != QW_OK) {
            return set;
        }
    }
    return NULL;
}

static void workers_a_peer_and_the_desk_are_at_it_together(void **state)
{
    struct site *site = *state;
    char report[REPORT_CAP];
    pthread_t workers[WORKERS], peer;
    void *failed = NULL;

    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_create(&workers[i], NULL, work, site->set), 0);
    }
    assert_int_equal(pthread_create(&peer, NULL, ask, site->set), 0);
    for (int i = 0; i < ROUNDS; i++) {
        size_t len = 0;

        assert_int_equal(link_set_rotate(site->set, i % 2 == 0 ? "site-0" : "site-1"), QW_OK);
        assert_int_equal(
            link_set_report(site->set, QW_LINK_REPORT_JSON, report, sizeof report, &len), QW_OK);
        assert_true(len > 0);
        usleep(100);
    }
    assert_int_equal(pthread_join(peer, &failed), 0);
    assert_null(failed);
    link_set_stop(site->set);
    for (size_t i = 0; i < WORKERS; i++) {
        assert_int_equal(pthread_join(workers[i], NULL), 0);
    }
    assert_true(atomic_load(&looks) > 0);
}

int main(void)
{
#define WITH_SITE(test) cmocka_unit_test_setup_teardown(test, make_site, remove_site)
    const struct CMUnitTest tests[] = {
        WITH_SITE(knows_its_links_by_name),
        WITH_SITE(workers_a_peer_and_the_desk_are_at_it_together),
    };

    return cmocka_run_group_tests_name("qwave-link.link_set", tests, NULL, NULL);
}
