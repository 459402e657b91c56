/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 C12 */
/* What operators do with pre-shared keys, and what callers who have one may do
 * [docs/protocol/skip.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "centre/psk/psk.h"
#include "unit/qwaved/site.h"

#define OPERATOR "urn:qwave:operator:op"
#define ALICE "urn:qwave:sae:alice"
#define BOB "urn:qwave:sae:bob"
#define ODD "urn:qwave:operator:op" /* as the id of an application */

static int fail_at; /* the n-th qw_secret_lend from now; 0: none */

void *__real_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_qw_secret_lend(pool, len);
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 1024, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 4096);

    site_add_application(site, "alice", "bob,branch-*");
    site_add_application(site, "bob", "*");
    site_add_application(site, "branch-7", "alice");
    site_add_application(site, "carol", "");
    site_add_application(site, ODD, "alice");
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    fail_at = 0;
    return remove_site(state);
}

static unsigned ask_by_psk(struct site *site, const char *identity, const char *method,
                           const char *target)
{
    site->service.table = &routes_for_encryptors;
    ask(site, identity, method, target, NULL);
    site->service.table = &routes_for_clients;
    return site->status;
}

/* S3 */
static void an_operator_makes_a_key_and_sees_it_once(void **state)
{
    struct site *site = *state;
    static const char start[] = "{\"identity\":\"alice\",\"psk\":\"";
    struct qw_psk psk;
    char want[200];

    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", NULL), 201);
    assert_int_equal(strncmp(site->text, start, sizeof start - 1), 0);
    assert_int_equal(qw_centre_psk_find(site->service.centre, "alice", &psk), QW_OK);
    memcpy(want, start, sizeof start - 1);
    for (size_t i = 0; i < sizeof psk.key; i++) {
        snprintf(want + sizeof start - 1 + 2 * i, 8, "%02x\"}", psk.key[i]);
    }
    assert_string_equal(site->text, want);
    ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", "{}");
    assert_error(site, 409, "conflict");
    assert_int_equal(ask(site, OPERATOR, "GET", "/v1/devices/alice", NULL), 200);
    assert_null(strstr(site->text, "psk"));
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/alice/psk/revoke", NULL), 200);
    assert_string_equal(site->text, "{}");
    ask(site, OPERATOR, "POST", "/v1/devices/alice/psk/revoke", NULL);
    assert_error(site, 404, "not found");
}

static void nobody_else_makes_or_revokes_one(void **state)
{
    struct site *site = *state;
    struct qw_psk psk;

    ask(site, ALICE, "POST", "/v1/devices/alice/psk", NULL);
    assert_error(site, 403, "refused");
    ask(site, "urn:qwave:ap:ap-1", "POST", "/v1/devices/alice/psk", NULL);
    assert_error(site, 403, "refused");
    ask(site, OPERATOR, "POST", "/v1/devices/nobody/psk", NULL);
    assert_error(site, 404, "not found");
    ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", "[]");
    assert_error(site, 400, "malformed request");
    assert_int_equal(ask(site, OPERATOR, "GET", "/v1/devices/alice/psk", NULL), 405);
    assert_int_equal(qw_centre_psk_find(site->service.centre, "alice", &psk), QW_ERR_NOT_FOUND);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", NULL), 201);
    ask(site, ALICE, "POST", "/v1/devices/alice/psk/revoke", NULL);
    assert_error(site, 403, "refused");
    assert_int_equal(qw_centre_psk_find(site->service.centre, "alice", &psk), QW_OK);
}

static void a_key_that_could_not_be_shown_is_not_made(void **state)
{
    struct site *site = *state;
    struct qw_psk psk;

    fail_at = 1;
    ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", NULL);
    assert_error(site, 503, "temporarily unavailable");
    assert_int_equal(qw_centre_psk_find(site->service.centre, "alice", &psk), QW_ERR_NOT_FOUND);
    assert_int_equal(ask(site, OPERATOR, "POST", "/v1/devices/alice/psk", NULL), 201);
}

/* P-8 */
static void who_has_a_key_sees_the_four_calls_and_nothing_else(void **state)
{
    static const char *const hidden[] = { "/v1/health",
                                          "/v1/status",
                                          "/v1/devices",
                                          "/v1/devices/alice",
                                          "/v1/groups/g",
                                          "/api/v1/keys/bob/status",
                                          "/api/v1/keys/bob/enc_keys",
                                          "/nothing" };
    struct site *site = *state;

    for (size_t i = 0; i < sizeof hidden / sizeof hidden[0]; i++) {
        ask_by_psk(site, ALICE, "GET", hidden[i]);
        assert_error(site, 404, "not found");
        ask_by_psk(site, OPERATOR, "GET", hidden[i]);
        assert_error(site, 404, "not found");
    }
    ask_by_psk(site, OPERATOR, "POST", "/v1/devices");
    assert_error(site, 404, "not found");
    assert_int_equal(ask_by_psk(site, ALICE, "GET", "/capabilities"), 200);
    assert_int_equal(ask_by_psk(site, ALICE, "GET", "/key?remoteSystemID=bob"), 200);
    assert_int_equal(ask_by_psk(site, ALICE, "GET", "/entropy"), 503);
    assert_int_equal(ask_by_psk(site, ALICE, "POST", "/key"), 405);
    assert_int_equal(ask_by_psk(site, "", "GET", "/key"), 401);
}

/* S5: the prefix comes from the door, so the id is never read for a role. */
static void an_id_that_reads_like_an_operators_is_an_application(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask_by_psk(site, "urn:qwave:sae:" ODD, "GET", "/capabilities"), 200);
    assert_non_null(strstr(site->text, "\"localSystemID\":\"" ODD "\""));
    assert_int_equal(ask(site, "urn:qwave:sae:" ODD, "GET", "/v1/status", NULL), 403);
}

static void key_text(const struct site *site, const char *name, char out[static 80])
{
    const char *at = strstr(site->text, name);

    assert_non_null(at);
    assert_int_equal(sscanf(at + strlen(name), "%79[0-9a-f]", out), 1);
}

/* P-1: one identity, one pool. */
static void both_ends_get_the_same_key_whatever_they_prove(void **state)
{
    struct site *site = *state;
    char id[80], key[80], got[80], target[200];

    assert_int_equal(ask_by_psk(site, ALICE, "GET", "/key?remoteSystemID=bob"), 200);
    key_text(site, "\"keyId\":\"", id);
    key_text(site, "\"key\":\"", key);
    snprintf(target, sizeof target, "/key/%s?remoteSystemID=alice", id);
    assert_int_equal(ask(site, BOB, "GET", target, NULL), 200);
    key_text(site, "\"key\":\"", got);
    assert_string_equal(got, key);
    assert_int_equal(ask_by_psk(site, BOB, "GET", target), 200); /* his repeat, inside the window */
    ask_by_psk(site, "urn:qwave:sae:carol", "GET", target);
    assert_error(site, 400, "not found");
}

/* P1, P-11 */
static void patterns_stand_for_registered_names(void **state)
{
    static const char *const refused[] = { "carol", "branch-8", "branch-%2A", "branch-", "%2A" };
    struct site *site = *state;
    char target[200];

    assert_int_equal(ask(site, ALICE, "GET", "/capabilities", NULL), 200);
    assert_non_null(strstr(site->text, "\"remoteSystemID\":[\"bob\",\"branch-*\"]"));
    assert_int_equal(ask(site, ALICE, "GET", "/key?remoteSystemID=branch-7", NULL), 200);
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        snprintf(target, sizeof target, "/key?remoteSystemID=%s", refused[i]);
        ask(site, ALICE, "GET", target, NULL);
        assert_error(site, 400, "not found");
    }
    assert_int_equal(ask(site, BOB, "GET", "/key?remoteSystemID=carol", NULL), 200);
    ask(site, BOB, "GET", "/key?remoteSystemID=bob", NULL); /* "*" is not himself */
    assert_error(site, 400, "malformed request");
    site_add_application(site, "branch-8", "");
    assert_int_equal(ask(site, ALICE, "GET", "/key?remoteSystemID=branch-8", NULL), 200);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)
    const struct CMUnitTest tests[] = {
        CASE(an_operator_makes_a_key_and_sees_it_once),
        CASE(nobody_else_makes_or_revokes_one),
        CASE(a_key_that_could_not_be_shown_is_not_made),
        CASE(who_has_a_key_sees_the_four_calls_and_nothing_else),
        CASE(an_id_that_reads_like_an_operators_is_an_application),
        CASE(both_ends_get_the_same_key_whatever_they_prove),
        CASE(patterns_stand_for_registered_names),
    };

    return cmocka_run_group_tests_name("qwaved.routes_psk", tests, NULL, NULL);
}
