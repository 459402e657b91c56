/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 S1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/record.h"

#include "base/file.h"
#include "base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t vault_key[QW_LINK_VAULT_KEY_LEN] = { 1 }, other_key[32] = { 2 };
static const struct qw_link_record sample = { .state = QW_LINK_PROBE,
                                              .turn = 0x0102030405060708,
                                              .has_key = true,
                                              .has_other = true,
                                              .since_utc_ms = 1700000000000,
                                              .key = { { 0xa1 }, { 0xa2 } },
                                              .other = { { 0xb1 }, { 0xb2 } } };

static void is_sample(const struct qw_link_record *r)
{
    assert_int_equal(r->state, sample.state);
    assert_int_equal(r->turn, sample.turn);
    assert_int_equal(r->since_utc_ms, sample.since_utc_ms);
    assert_true(r->has_key && r->has_other);
    assert_memory_equal(&r->key, &sample.key, sizeof r->key);
    assert_memory_equal(&r->other, &sample.other, sizeof r->other);
}

static void what_is_encoded_is_decoded_and_every_other_length_refused(void **state)
{
    uint8_t bytes[QW_LINK_RECORD_LEN + 1] = { 0 };
    struct qw_link_record r = { .turn = 4711 };

    (void)state;
    qw_link_record_encode(&sample, bytes);
    assert_memory_equal(bytes, "QWN\1\3\1\2\3\4\5\6\7\10\3", 14); /* docs/design/link.md */
    assert_int_equal(qw_link_record_decode(bytes, QW_LINK_RECORD_LEN, &r), QW_OK);
    is_sample(&r);
    for (size_t cut = 0; cut <= sizeof bytes; cut++) {
        if (cut != QW_LINK_RECORD_LEN) {
            assert_int_equal(qw_link_record_decode(bytes, cut, &r), QW_ERR_FORMAT);
        }
    }
}

static void a_state_that_cannot_be_is_refused(void **state)
{
    uint8_t bytes[QW_LINK_RECORD_LEN];
    struct qw_link_record r = { .turn = 4711 };
    static const bool possible[QW_LINK_STATE_COUNT + 1][4] = {
        /* keys:                none   key    other  both */
        [QW_LINK_DEGRADED] = { true, true, false, false },
        [QW_LINK_STEADY] = { false, true, false, false },
        [QW_LINK_PREPARE] = { false, false, true, true },
        [QW_LINK_PROBE] = { false, false, true, true },
        [QW_LINK_PROMOTE] = { false, false, true, true },
        [QW_LINK_RETIRE] = { false, true, false, true },
    };

    (void)state;
    qw_link_record_encode(&sample, bytes);
    for (uint8_t s = 0; s <= QW_LINK_STATE_COUNT; s++) {
        for (uint8_t keys = 0; keys < 8; keys++) {
            bytes[4] = s;
            bytes[13] = keys;
            assert_int_equal(qw_link_record_decode(bytes, sizeof bytes, &r),
                             keys < 4 && possible[s][keys] ? QW_OK : QW_ERR_FORMAT);
        }
    }
    qw_link_record_encode(&sample, bytes);
    bytes[0] ^= 1;
    assert_int_equal(qw_link_record_decode(bytes, sizeof bytes, &r), QW_ERR_FORMAT);
    bytes[0] ^= 1;
    bytes[14] = 0x80; /* before 1970 */
    assert_int_equal(qw_link_record_decode(bytes, sizeof bytes, &r), QW_ERR_FORMAT);
}

static void a_saved_record_is_sealed_and_bound_to_its_link(void **state)
{
    char folder[] = "/tmp/qwave-record-XXXXXX", path[64];
    struct qw_link_record r = { .turn = 4711 };
    uint8_t *bytes = NULL;
    size_t len = 0;

    (void)state;
    assert_non_null(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/r", folder);
    assert_int_equal(qw_link_record_load(path, "b/main", vault_key, &r), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_link_record_save(path, "b/main", vault_key, &sample), QW_OK);
    assert_int_equal(qw_link_record_load(path, "b/main", vault_key, &r), QW_OK);
    is_sample(&r);
    assert_int_equal(qw_link_record_load(path, "b/spare", vault_key, &r), QW_ERR_AUTH);
    assert_int_equal(qw_link_record_load(path, "b/main", other_key, &r), QW_ERR_AUTH);
    assert_int_equal(qw_file_read(path, 4096, &bytes, &len), QW_OK);
    for (size_t i = 0; i < len; i++) { /* every byte altered */
        bytes[i] ^= 0x10;
        assert_int_equal(qw_file_replace(path, bytes, len), QW_OK);
        assert_int_equal(qw_link_record_load(path, "b/main", vault_key, &r), QW_ERR_AUTH);
        bytes[i] ^= 0x10;
    }
    assert_int_equal(qw_file_replace(path, bytes, len - 1), QW_OK);
    assert_int_equal(qw_link_record_load(path, "b/main", vault_key, &r), QW_ERR_FORMAT);
    assert_int_equal(qw_file_replace(path, bytes, len), QW_OK);
    assert_int_equal(chmod(path, 0640), 0);
    assert_int_equal(qw_link_record_load(path, "b/main", vault_key, &r), QW_ERR_REFUSED);
    is_sample(&r);
    qw_secret_free(bytes);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_encoded_is_decoded_and_every_other_length_refused),
        cmocka_unit_test(a_state_that_cannot_be_is_refused),
        cmocka_unit_test(a_saved_record_is_sealed_and_bound_to_its_link),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
