/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 C14 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/etsi014/client.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Stands in for the HTTP client: keeps what was asked, gives what the test says. */
static char asked[4096 * 3];
static unsigned given_status;
static const char *given_answer;
static size_t given_len;
static qw_err given_err;

qw_err qw_http_client_call(struct qw_http_client *client, const char *method, const char *path,
                           const char *body, unsigned *status, const char **answer,
                           size_t *answer_len)
{
    (void)client;
    (void)snprintf(asked, sizeof asked, "%s %s %s", method, path, body == NULL ? "-" : body);
    if (given_err == QW_OK) {
        *status = given_status;
        *answer = given_answer;
        *answer_len = given_len;
    }
    return given_err;
}

static void give(const char *text)
{
    given_err = QW_OK;
    given_status = 200;
    given_answer = text;
    given_len = strlen(text);
}

#define ID_A "ab010203-0405-0607-0809-0a0b0c0d0e0f"
#define ID_B "cd010203-0405-0607-0809-0a0b0c0d0e0f"
#define KEY_A "AAECAwQFBgcICQoLDA0ODw==" /* 00 01 … 0f */
#define KEY_B "EBESExQVFhcYGRobHB0eHw==" /* 10 11 … 1f */
#define PAIR(id1, key1, id2, key2) \
    "{\"keys\":[{\"key_ID\":\"" id1 "\",\"key\":\"" key1 "\"},{\"key_ID\":\"" id2 \
    "\",\"key\":\"" key2 "\"}]}"
static const uint8_t id_a[16] = { 0xab, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };

static bool is_row(const uint8_t *key, uint8_t first)
{
    for (size_t i = 0; i < 16; i++) {
        if (key[i] != first + i) {
            return false;
        }
    }
    return true;
}

static void
the_status_is_read_and_what_nobody_knows_is_passed_over(void **state) /* [ETSI 014 6.1] */
{
    struct qw_etsi014_client_status status = { 0 };

    (void)state;
    give("{\"source_KME_ID\":\"a\",\"key_size\":256,\"stored_key_count\":25000,\"max_key_count\":"
         "100000,"
         "\"max_key_per_request\":128,\"max_key_size\":1024,\"min_key_size\":64,\"other\":{}}");
    assert_int_equal(qw_etsi014_client_status(NULL, "b c/d", &status), QW_OK);
    assert_string_equal(asked, "GET /api/v1/keys/b%20c%2Fd/status -");
    assert_int_equal(status.key_size, 256);
    assert_int_equal(status.stored_key_count, 25000);
    assert_int_equal(status.min_key_size, 64);
    give("{\"key_size\":256}");
    assert_int_equal(qw_etsi014_client_status(NULL, "b", &status), QW_ERR_FORMAT);
    assert_int_equal(status.stored_key_count, 25000);
}

static void new_keys_come_with_the_ids_of_the_server(void **state) /* [ETSI 014 5.3, 6.3] */
{
    uint8_t ids[2][16], keys[2 * 16];

    (void)state;
    give(PAIR(ID_A, KEY_A, ID_B, KEY_B));
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 2, 16, ids, keys), QW_OK);
    assert_string_equal(asked, "POST /api/v1/keys/bob/enc_keys {\"number\":2,\"size\":128}");
    assert_memory_equal(ids[0], id_a, 16);
    assert_int_equal(ids[1][0], 0xcd);
    assert_true(is_row(keys, 0) && is_row(keys + 16, 16));
}

static void keys_by_id_come_in_the_order_asked_for(void **state) /* [ETSI 014 5.4, 6.4] */
{
    uint8_t ids[2][16], keys[2 * 16];

    (void)state;
    memcpy(ids[0], id_a, 16);
    memcpy(ids[1], id_a, 16);
    ids[1][0] = 0xcd;
    give(PAIR(ID_B, KEY_B, ID_A, KEY_A)); /* the other way round */
    assert_int_equal(
        qw_etsi014_client_keys_by_id(NULL, "alice", 2, 16, (const uint8_t(*)[16])ids, keys), QW_OK);
    assert_string_equal(asked, "POST /api/v1/keys/alice/dec_keys {\"key_IDs\":[{\"key_ID\":\"" ID_A
                               "\"},{\"key_ID\":\"" ID_B "\"}]}");
    assert_true(is_row(keys, 0) && is_row(keys + 16, 16));
}

/* A key server that is wrong, or worse: nothing of it is used. */
static void answers_that_are_not_what_was_asked_for_are_refused(void **state)
{
    static const char *const answers[] = {
        "",
        "[]",
        "{}",
        "{\"keys\":[]}",
        "{\"keys\":[{\"key_ID\":\"" ID_A "\",\"key\":\"" KEY_A "\"}]}",
        PAIR(ID_A, KEY_A, ID_A, KEY_B),                      /* an id twice */
        PAIR(ID_A, KEY_A, ID_B, KEY_A),                      /* a key twice */
        PAIR(ID_A, KEY_A, ID_B, "EBESExQVFhcYGRobHB0e"),     /* too short */
        PAIR(ID_A, KEY_A, ID_B, "EBESExQVFhcYGRobHB0eHyA="), /* too long */
        PAIR(ID_A, KEY_A, ID_B, "EBESExQVFhcYGRobHB0eHw"),   /* no base64 */
        PAIR(ID_A, KEY_A, "key-number-two", KEY_B),          /* no id */
        "{\"keys\":[{\"key_ID\":\"" ID_A "\",\"key\":\"" KEY_A "\"},7]}",
    };
    uint8_t ids[2][16] = { { 0 } }, wanted[2][16], keys[2 * 16];
    static const uint8_t wiped[2 * 16];

    (void)state;
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        give(answers[i]);
        assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 2, 16, ids, keys), QW_ERR_FORMAT);
        assert_int_equal(ids[0][0], 0);
        if (i > 0) { /* an answer was read */
            assert_memory_equal(keys, wiped, sizeof keys);
        }
    }
    memcpy(wanted[0], id_a, 16);
    memset(wanted[1], 7, 16);
    give(PAIR(ID_A, KEY_A, ID_B, KEY_B)); /* good, but nobody asked for the second */
    assert_int_equal(
        qw_etsi014_client_keys_by_id(NULL, "alice", 2, 16, (const uint8_t(*)[16])wanted, keys),
        QW_ERR_FORMAT);
    assert_memory_equal(keys, wiped, sizeof keys);
}

static void every_cut_of_an_answer_is_refused(void **state)
{
    static const char whole[] = PAIR(ID_A, KEY_A, ID_B, KEY_B);
    uint8_t ids[2][16], keys[2 * 16];

    (void)state;
    give(whole);
    for (size_t cut = 0; cut < sizeof whole - 1; cut++) {
        given_len = cut;
        assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 2, 16, ids, keys), QW_ERR_FORMAT);
    }
}

static void every_status_has_its_error(void **state)
{
    static const struct {
        unsigned status;
        qw_err by_id, fresh;
    } rows[] = {
        { 400, QW_ERR_NOT_FOUND, QW_ERR_ARG },
        { 401, QW_ERR_REFUSED, QW_ERR_REFUSED },
        { 403, QW_ERR_REFUSED, QW_ERR_REFUSED },
        { 404, QW_ERR_NOT_FOUND, QW_ERR_NOT_FOUND },
        { 503, QW_ERR_EXHAUSTED, QW_ERR_EXHAUSTED },
        { 500, QW_ERR_IO, QW_ERR_IO },
        { 302, QW_ERR_IO, QW_ERR_IO },
    };
    uint8_t ids[1][16] = { { 0 } }, key[16];

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        give("{\"message\":\"no\"}");
        given_status = rows[i].status;
        assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 16, ids, key), rows[i].fresh);
        assert_int_equal(
            qw_etsi014_client_keys_by_id(NULL, "bob", 1, 16, (const uint8_t(*)[16])ids, key),
            rows[i].by_id);
    }
    given_err = QW_ERR_TIMEOUT;
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 16, ids, key), QW_ERR_TIMEOUT);
}

static void counts_sizes_and_names_have_limits(void **state)
{
    static uint8_t ids[129][16], keys[129 * 16], large[513];
    char name[600];

    (void)state;
    give("{}");
    asked[0] = '\0';
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    for (size_t i = 0; i < 129; i++) {
        ids[i][0] = (uint8_t)i;
    }
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 0, 16, ids, keys), QW_ERR_ARG);
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 129, 16, ids, keys), QW_ERR_ARG);
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 0, ids, keys), QW_ERR_ARG);
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 513, ids, large), QW_ERR_ARG);
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "", 1, 16, ids, keys), QW_ERR_ARG);
    assert_int_equal(qw_etsi014_client_new_keys(NULL, name, 1, 16, ids, keys), QW_ERR_ARG);
    assert_int_equal(
        qw_etsi014_client_keys_by_id(NULL, "bob", 129, 16, (const uint8_t(*)[16])ids, keys),
        QW_ERR_ARG);
    ids[1][0] = 0; /* the same id twice */
    assert_int_equal(
        qw_etsi014_client_keys_by_id(NULL, "bob", 2, 16, (const uint8_t(*)[16])ids, keys),
        QW_ERR_ARG);
    assert_string_equal(asked, ""); /* nobody was asked */
    ids[1][0] = 1;
    assert_int_equal(
        qw_etsi014_client_keys_by_id(NULL, "bob", 128, 16, (const uint8_t(*)[16])ids, keys),
        QW_ERR_FORMAT); /* asked, and answered badly */
}

/* Table 11 of the standard prints the member so, and there are servers that followed it. */
static void a_container_of_capital_keys_is_read(void **state) /* [ETSI 014 6.3] */
{
    uint8_t ids[1][16], keys[16] = { 0 };

    (void)state;
    give("{\"Keys\":[{\"key_ID\":\"" ID_A "\",\"key\":\"" KEY_B "\"}]}");
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 16, ids, keys), QW_OK);
    assert_true(is_row(keys, 0x10));
    give("{\"KEYS\":[{\"key_ID\":\"" ID_A "\",\"key\":\"" KEY_B "\"}]}");
    assert_int_equal(qw_etsi014_client_new_keys(NULL, "bob", 1, 16, ids, keys), QW_ERR_FORMAT);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_status_is_read_and_what_nobody_knows_is_passed_over),
        cmocka_unit_test(a_container_of_capital_keys_is_read),
        cmocka_unit_test(new_keys_come_with_the_ids_of_the_server),
        cmocka_unit_test(keys_by_id_come_in_the_order_asked_for),
        cmocka_unit_test(answers_that_are_not_what_was_asked_for_are_refused),
        cmocka_unit_test(every_cut_of_an_answer_is_refused),
        cmocka_unit_test(every_status_has_its_error),
        cmocka_unit_test(counts_sizes_and_names_have_limits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
