/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 C14 */
/* The journal for operators: head and pages [docs/protocol/journal.md]. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "api/json_reader.h"
#include "base/base64.h"
#include "centre/journal/journal.h"
#include "store/journal/check.h"
#include "unit/qwaved/site.h"

#define ALICE "urn:qwave:operator:alice"
enum { DEVICES = 160, BLOB_TEXT_CAP = 1024 };

static int make(void **state)
{
    struct site *site = site_new((struct qw_centre_config){ .block_keys = 64,
                                                            .stock_keys = 64,
                                                            .window_ms = 30000,
                                                            .pool_bytes = 1024,
                                                            .journal_sign_records = 40,
                                                            .journal_sign_ms = 3600000,
                                                            .centre_id = "centre-1" },
                                 96 * 1024);

    for (int i = 0; i < DEVICES; i++) {
        char id[16];

        snprintf(id, sizeof id, "app-%d", i);
        site_add_application(site, id, "");
    }
    *state = site;
    return 0;
}

static struct qw_signed_head ask_head(struct site *site, struct qw_public_key *key)
{
    struct qw_signed_head head = { .seq = 0 };
    char pem[QW_SIGNATURE_PEM_CAP], algorithm[8];
    struct qw_json_reader r;
    const struct qw_json_node *object;
    size_t len;

    assert_int_equal(ask(site, ALICE, "GET", "/v1/audit/head", NULL), 200);
    assert_int_equal(qw_json_open(site->text, site->len, &r), QW_OK);
    object = qw_json_root_object(&r);
    qw_json_get_text(&r, object, "centre_id", head.centre, 1, sizeof head.centre);
    qw_json_get_uint(&r, object, "seq", 1, 1000, &head.seq);
    qw_json_get_hex(&r, object, "hash", head.hash, sizeof head.hash);
    qw_json_get_text(&r, object, "algorithm", algorithm, 1, sizeof algorithm);
    qw_json_get_base64(&r, object, "signature", head.signature, QW_SIGNATURE_LEN, QW_SIGNATURE_LEN,
                       &len);
    qw_json_get_text(&r, object, "public_key", pem, 1, sizeof pem);
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    head.algorithm = qw_signature_by_name(algorithm);
    assert_int_equal(qw_public_key_read(pem, strlen(pem), key), QW_OK);
    return head;
}

/* One page into the check; how many came. */
static size_t ask_page(struct site *site, struct qw_journal_check *check, const char *limit)
{
    char target[96];
    struct qw_json_reader r;
    const struct qw_json_node *records;
    size_t count = 0;

    snprintf(target, sizeof target, "/v1/audit/records?after=%llu%s",
             (unsigned long long)check->report.records, limit);
    assert_int_equal(ask(site, ALICE, "GET", target, NULL), 200);
    assert_int_equal(qw_json_open(site->text, site->len, &r), QW_OK);
    records = qw_json_get_array(&r, qw_json_root_object(&r), "records", 0, 100, &count);
    for (size_t i = 0; i < count; i++) {
        char text[BLOB_TEXT_CAP];
        uint8_t blob[QW_AUDIT_BLOB_CAP];
        size_t len;

        qw_json_take_text(&r, qw_json_item(records, i), text, 1, sizeof text);
        assert_int_equal(qw_base64_decode(text, strlen(text), blob, sizeof blob, &len), QW_OK);
        assert_true(qw_journal_check_record(check, blob, len));
    }
    assert_true(qw_json_ok(&r));
    qw_json_close(&r);
    return count;
}

static void the_pages_up_to_the_head_are_the_whole_journal(void **state)
{
    struct site *site = *state;
    struct qw_public_key key;
    struct qw_signed_head head = ask_head(site, &key);
    struct qw_journal_check check;
    size_t count;

    assert_string_equal(head.centre, "centre-1");
    qw_journal_check_begin(&check, &key, &head);
    assert_int_equal(ask_page(site, &check, ""), 50);
    assert_int_equal(ask_page(site, &check, "&limit=100"), 100);
    do {
        count = ask_page(site, &check, "&limit=3");
    } while (count == 3);
    assert_true(count < 3);
    qw_journal_check_end(&check);
    assert_int_equal(check.report.fault, QW_JOURNAL_WHOLE);
    assert_true(check.report.records >= DEVICES + 2);
    assert_int_equal(check.report.signed_seq, head.seq);
    assert_int_equal(check.report.unsigned_records, 0);
}

/* J3: asking again signs nothing new. */
static void a_head_is_the_same_until_something_happens(void **state)
{
    struct site *site = *state;
    struct qw_public_key key;
    struct qw_signed_head first = ask_head(site, &key);
    struct qw_signed_head again = ask_head(site, &key);

    assert_memory_equal(&first, &again, sizeof first);
    site_add_application(site, "one-more", "");
    again = ask_head(site, &key);
    assert_int_equal(again.seq, first.seq + 2); /* the signature's own record, and the device */
    assert_int_equal(qw_signed_head_check(&again, &key), QW_OK);
}

static void only_operators_read_the_journal(void **state)
{
    struct site *site = *state;
    static const char *const others[] = { "urn:qwave:sae:app-1", "urn:qwave:ap:ap-1" };

    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(ask(site, others[i], "GET", "/v1/audit/head", NULL), 403);
        assert_int_equal(ask(site, others[i], "GET", "/v1/audit/records", NULL), 403);
    }
    assert_int_equal(ask(site, "", "GET", "/v1/audit/records", NULL), 401);
    assert_int_equal(ask(site, ALICE, "POST", "/v1/audit/head", NULL), 405);
}

/* Called by a program of ours, past the table of routes. */
static void the_centre_itself_gives_the_journal_to_operators_only(void **state)
{
    struct site *site = *state;
    struct qw_caller caller = { .role = QW_ROLE_SAE, .id = "app-1" };
    struct qw_signed_head head = { .seq = 7 };
    struct qw_public_key key = { .algorithm = QW_SIGNATURE_NONE };
    struct qw_journal_record record = { .len = 7 };
    size_t count = 7;

    assert_int_equal(qw_centre_journal_head(site->service.centre, &caller, &head, &key),
                     QW_ERR_REFUSED);
    assert_int_equal(qw_centre_journal_read(site->service.centre, &caller, 0, &record, 1, &count),
                     QW_ERR_REFUSED);
    assert_int_equal(head.seq, 7);
    assert_int_equal(count, 7);
}

static void numbers_out_of_range_are_malformed(void **state)
{
    struct site *site = *state;
    static const char *const wrong[] = { "limit=0",        "limit=101", "limit=",
                                         "limit=1x",       "after=-1",  "after=1234567890123456789",
                                         "after=1&after=2" };
    char target[96];

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        snprintf(target, sizeof target, "/v1/audit/records?%s", wrong[i]);
        assert_int_equal(ask(site, ALICE, "GET", target, NULL), 400);
    }
    assert_int_equal(ask(site, ALICE, "GET", "/v1/audit/records?after=999999999999999999", NULL),
                     200);
    assert_string_equal(site->text, "{\"records\":[]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pages_up_to_the_head_are_the_whole_journal),
        cmocka_unit_test(a_head_is_the_same_until_something_happens),
        cmocka_unit_test(only_operators_read_the_journal),
        cmocka_unit_test(the_centre_itself_gives_the_journal_to_operators_only),
        cmocka_unit_test(numbers_out_of_range_are_malformed),
    };

    return cmocka_run_group_tests(tests, make, remove_site);
}
