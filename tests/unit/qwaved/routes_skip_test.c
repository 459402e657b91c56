/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C14 C12 */
/* The Secure Key Integration Protocol on a real centre without the network
 * [docs/protocol/skip.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "unit/qwaved/site.h"

#define OPERATOR "urn:qwave:operator:op"
#define ALICE "urn:qwave:sae:alice"
#define BOB "urn:qwave:sae:bob"
#define CAROL "urn:qwave:sae:carol"

static struct entropy { /* what /entropy takes from */
    struct qw_key_source source;
    size_t given;
    qw_err err;
} entropy;

static int fail_at; /* the n-th qw_secret_lend from now; 0: none */

void *__real_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len);
void *__wrap_qw_secret_lend(struct qw_secret_pool *pool, size_t len)
{
    return fail_at > 0 && --fail_at == 0 ? NULL : __real_qw_secret_lend(pool, len);
}

/* Counts up, so that the test knows what is given. */
static qw_err take(void *self, uint8_t *key, size_t len)
{
    struct entropy *e = self;

    if (e->err != QW_OK) {
        return e->err;
    }
    for (size_t i = 0; i < len; i++) {
        key[i] = (uint8_t)e->given++;
    }
    return QW_OK;
}

static int make_site(void **state)
{
    struct qw_centre_config config = {
        .block_keys = 64, .stock_keys = 128, .window_ms = 30000, .centre_id = "centre-1"
    };
    struct site *site = site_new(config, 64); /* what is lent is too short: the rest is made */

    site->content_type = "";
    entropy = (struct entropy){
        .source = { .name = "qrng:/dev/qrng0", .is_quantum = true, .self = &entropy, .take = take }
    };
    site->service.source = &entropy.source;
    site_add_application(site, "alice", "bob,carol");
    site_add_application(site, "bob", "alice");
    site_add_application(site, "carol", "");
    *state = site;
    return 0;
}

static int close_site(void **state)
{
    fail_at = 0;
    return remove_site(state);
}

/* The members of the answer, which has nothing else. */
static void key_of(const struct site *site, char id[static 40], char key[static 1100])
{
    struct qw_json_reader r;
    char whole[1400];

    assert_int_equal(site->status, 200);
    assert_int_equal(qw_json_open(site->text, strlen(site->text), &r), QW_OK);
    qw_json_get_text(&r, qw_json_root_object(&r), "keyId", id, 32, 40);
    qw_json_get_text(&r, qw_json_root_object(&r), "key", key, 6, 1100);
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    assert_int_equal(strlen(id), 32);
    assert_string_equal(id + strspn(id, "0123456789abcdef"), "");
    assert_string_equal(key + strspn(key, "0123456789abcdef"), "");
    snprintf(whole, sizeof whole, "{\"keyId\":\"%s\",\"key\":\"%s\"}", id, key);
    assert_string_equal(site->text, whole);
}

static void fetch(struct site *site, const char *identity, const char *id, const char *remote)
{
    char target[256];

    snprintf(target, sizeof target, "/key/%s?remoteSystemID=%s", id, remote);
    ask(site, identity, "GET", target, NULL);
}

/* P1 */
static void says_what_it_can_do_for_the_caller(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, ALICE, "GET", "/capabilities", NULL), 200);
    assert_string_equal(site->text, "{\"entropy\":true,\"key\":true,\"algorithm\":\"qrng\","
                                    "\"localSystemID\":\"alice\","
                                    "\"remoteSystemID\":[\"bob\",\"carol\"]}");
    site->service.source = &site->source;
    assert_int_equal(ask(site, BOB, "GET", "/capabilities", NULL), 200);
    assert_string_equal(site->text, "{\"entropy\":false,\"key\":true,\"algorithm\":\"kernel\","
                                    "\"localSystemID\":\"bob\",\"remoteSystemID\":[\"alice\"]}");
    ask(site, "urn:qwave:sae:nobody", "GET", "/capabilities", NULL);
    assert_error(site, 400, "not found");
    assert_int_equal(ask(site, OPERATOR, "GET", "/capabilities", NULL), 403);
    assert_int_equal(ask(site, "", "GET", "/capabilities", NULL), 401);
    assert_int_equal(ask(site, ALICE, "POST", "/capabilities", NULL), 405);
    assert_int_equal(ask(site, ALICE, "GET", "/capability", NULL), 404);
}

/* P2, P3, P-1, P-2 */
static void both_ends_get_the_same_key_once(void **state)
{
    static const struct {
        const char *target;
        size_t digits;
    } rows[] = { { "/key?remoteSystemID=bob", 64 },
                 { "/key?remoteSystemID=bob&size=128", 32 },
                 { "/key?size=24&remoteSystemID=b%6Fb", 6 },
                 { "/key/?size=4096&remoteSystemID=bob", 1024 } };
    struct site *site = *state;
    char id[40], upper[40], key[1100], got_id[40], got[1100];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(ask(site, ALICE, "GET", rows[i].target, NULL), 200);
        key_of(site, id, key);
        assert_int_equal(strlen(key), rows[i].digits);
        for (size_t k = 0; k < sizeof upper; k++) {
            upper[k] = (char)(id[k] >= 'a' && id[k] <= 'f' ? id[k] - 'a' + 'A' : id[k]);
        }
        for (int repeat = 0; repeat < 2; repeat++) { /* inside the window: the same again */
            fetch(site, BOB, repeat == 0 ? id : upper, "alice");
            key_of(site, got_id, got);
            assert_string_equal(got_id, id);
            assert_string_equal(got, key);
        }
    }
    assert_int_equal(ask(site, ALICE, "GET", "/key?remoteSystemID=bob", NULL), 200);
    key_of(site, got_id, got);
    assert_string_not_equal(got_id, id);
    assert_string_not_equal(got, key);
}

/* P-1: the other way round needs the other end as a peer, and is a stock of its own. */
static void either_end_may_begin(void **state)
{
    struct site *site = *state;
    char id[40], key[1100], got[1100];

    assert_int_equal(ask(site, BOB, "GET", "/key?remoteSystemID=alice", NULL), 200);
    key_of(site, id, key);
    fetch(site, ALICE, id, "bob");
    key_of(site, id, got);
    assert_string_equal(got, key);
    ask(site, CAROL, "GET", "/key?remoteSystemID=alice", NULL);
    assert_error(site, 400, "not found");
}

/* P5, P-3 */
static void a_stranger_learns_nothing(void **state)
{
    struct site *site = *state;
    char id[40], key[1100], got[1100];
    char flipped[40];

    assert_int_equal(ask(site, ALICE, "GET", "/key?remoteSystemID=bob", NULL), 200);
    key_of(site, id, key);
    memcpy(flipped, id, sizeof flipped);
    flipped[31] = id[31] == '0' ? '1' : '0';
    fetch(site, CAROL, id, "alice"); /* exists, and is not hers */
    assert_error(site, 400, "not found");
    fetch(site, CAROL, flipped, "alice"); /* does not exist */
    assert_error(site, 400, "not found");
    fetch(site, ALICE, id, "alice"); /* the master has had it */
    assert_error(site, 400, "not found");
    fetch(site, BOB, id, "carol"); /* another master's */
    assert_error(site, 400, "not found");
    fetch(site, BOB, flipped, "alice");
    assert_error(site, 400, "not found");
    fetch(site, BOB, id, "alice"); /* and none of it has used the key up */
    key_of(site, id, got);
    assert_string_equal(got, key);
}

static void malformed_requests_move_no_key(void **state)
{
    static const char *const rows[] = {
        "/key",
        "/key?size=256",
        "/key?remoteSystemID=",
        "/key?remoteSystemID=bob&size=12",
        "/key?remoteSystemID=bob&size=4104",
        "/key?remoteSystemID=bob&remoteSystemID=bob",
        "/key?remoteSystemID=b%00b",
        "/key?remoteSystemID=alice", /* the caller itself */
        "/key/00?remoteSystemID=bob",
        "/key/00112233445566778899aabbccddeeff00?remoteSystemID=bob",
        "/key/00112233-4455-8677-8899-aabbccddeeff?remoteSystemID=bob",
        "/key/0011223344556677889gaabbccddeeff?remoteSystemID=bob",
        "/key/00112233445566778899aabbccddeeff",
        "/entropy?minentropy=0",
        "/entropy?minentropy=4097",
    };
    struct site *site = *state;
    struct qw_caller caller;
    struct qw_pair_status before, after;

    assert_int_equal(qw_caller_parse(ALICE, &caller), QW_OK);
    assert_int_equal(qw_centre_pair_status(site->service.centre, &caller, "bob", &before), QW_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        ask(site, ALICE, "GET", rows[i], NULL);
        assert_error(site, 400, "malformed request");
    }
    ask(site, ALICE, "GET", "/key?remoteSystemID=nobody", NULL);
    assert_error(site, 400, "not found");
    assert_int_equal(ask(site, ALICE, "POST", "/key?remoteSystemID=bob", NULL), 405);
    assert_int_equal(qw_centre_pair_status(site->service.centre, &caller, "bob", &after), QW_OK);
    assert_int_equal(after.stored_keys, before.stored_keys);
    assert_int_equal(entropy.given, 0);
}

static void an_empty_store_is_500_and_nothing_shorter_comes(void **state)
{
    struct site *site = *state;
    size_t given = 0;

    while (ask(site, ALICE, "GET", "/key?remoteSystemID=bob&size=4096", NULL) == 200) {
        assert_true(++given < 100);
    }
    assert_in_range(given, 4, 8); /* 16 keys' room each, of 128 */
    assert_error(site, 500, "temporarily unavailable");
}

/* P4, P-4 */
static void entropy_is_given_once_and_only_from_hardware(void **state)
{
    struct site *site = *state;

    assert_int_equal(ask(site, ALICE, "GET", "/entropy?minentropy=17", NULL), 200);
    assert_string_equal(site->text, "{\"randomStr\":\"000102\",\"minentropy\":24}");
    assert_int_equal(ask(site, ALICE, "GET", "/entropy", NULL), 200);
    assert_non_null(strstr(site->text, "\"randomStr\":\"0304"));
    assert_non_null(strstr(site->text, "\"minentropy\":256"));
    assert_int_equal(entropy.given, 35);
    assert_int_equal(ask(site, ALICE, "GET", "/entropy?minentropy=4096", NULL), 200);
    ask(site, "urn:qwave:sae:nobody", "GET", "/entropy", NULL);
    assert_error(site, 400, "not found");
    entropy.err = QW_ERR_REFUSED; /* its health tests have failed */
    ask(site, ALICE, "GET", "/entropy", NULL);
    assert_error(site, 503, "no entropy from hardware now");
    entropy.err = QW_OK;
    entropy.source.is_simulated = true;
    ask(site, ALICE, "GET", "/entropy", NULL);
    assert_error(site, 503, "no entropy from hardware now");
    site->service.source = &site->source; /* the kernel */
    ask(site, ALICE, "GET", "/entropy", NULL);
    assert_error(site, 503, "no entropy from hardware now");
    assert_int_equal(entropy.given, 35 + 512);
}

/* Each allocation of secret memory fails in turn; a key that was not given is still there. */
static void loses_no_key_without_memory(void **state)
{
    struct site *site = *state;
    char id[40], key[1100], got[1100];
    int n;

    assert_int_equal(ask(site, ALICE, "GET", "/key?remoteSystemID=bob", NULL), 200);
    key_of(site, id, key);
    for (n = 1;; n++) {
        assert_true(n < 20);
        fail_at = n;
        fetch(site, BOB, id, "alice");
        if (site->status == 200) {
            break;
        }
        assert_int_equal(site->status, 500);
    }
    assert_true(n > 1);
    key_of(site, id, got);
    assert_string_equal(got, key);
    fail_at = 1;
    ask(site, ALICE, "GET", "/key?remoteSystemID=bob", NULL);
    assert_error(site, 500, "temporarily unavailable");
    fail_at = 1;
    ask(site, ALICE, "GET", "/entropy", NULL);
    assert_error(site, 503, "no entropy from hardware now");
    assert_int_equal(entropy.given, 0);
}

int main(void)
{
#define CASE(test) cmocka_unit_test_setup_teardown(test, make_site, close_site)
    const struct CMUnitTest tests[] = {
        CASE(says_what_it_can_do_for_the_caller),
        CASE(both_ends_get_the_same_key_once),
        CASE(either_end_may_begin),
        CASE(a_stranger_learns_nothing),
        CASE(malformed_requests_move_no_key),
        CASE(an_empty_store_is_500_and_nothing_shorter_comes),
        CASE(entropy_is_given_once_and_only_from_hardware),
        CASE(loses_no_key_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
