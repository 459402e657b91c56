/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C5 C7 */
/* Records of a store as a stream: what goes in comes out, and a cut one is noticed. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "store/store_dump.h"

#include <stdlib.h>
#include <string.h>

static uint8_t blob[QW_STORE_BLOB_MAX];

static struct qw_store_record record_of(const char *id, uint64_t version, int64_t tag, size_t len)
{
    struct qw_store_record record = { .id_len = strlen(id),
                                      .version = version,
                                      .tag = tag,
                                      .blob = (uint8_t *)(uintptr_t) "sealed",
                                      .len = len };

    memcpy(record.id, id, record.id_len);
    return record;
}

static void write_two(char **text, size_t *len)
{
    struct qw_store_record first = record_of("a", 7, -3, 6);
    struct qw_store_record second = record_of("long-id", INT64_MAX, INT64_MAX, 0);
    FILE *to = open_memstream(text, len);

    assert_int_equal(qw_store_dump_begin(to), QW_OK);
    assert_int_equal(qw_store_dump_put(to, QW_STORE_META, &first), QW_OK);
    assert_int_equal(qw_store_dump_put(to, QW_STORE_STAGED, &second), QW_OK);
    assert_int_equal(qw_store_dump_end(to), QW_OK);
    fclose(to);
}

/* Until the end, or the first error. */
static qw_err read_all(const char *text, size_t len, int *count)
{
    FILE *from = fmemopen((void *)(uintptr_t)text, len, "r");
    struct qw_store_record record = { .blob = blob };
    enum qw_store_kind kind;
    bool is_end = false;
    qw_err err = qw_store_dump_open(from);

    *count = 0;
    while (err == QW_OK && !is_end) {
        err = qw_store_dump_next(from, &kind, &record, &is_end);
        *count += err == QW_OK && !is_end;
    }
    fclose(from);
    return err;
}

static void what_goes_in_comes_out(void **state)
{
    struct qw_store_record record = { .blob = blob };
    enum qw_store_kind kind;
    bool is_end = true;
    char *text;
    size_t len;
    FILE *from;

    (void)state;
    write_two(&text, &len);
    from = fmemopen(text, len, "r");
    assert_int_equal(qw_store_dump_open(from), QW_OK);
    assert_int_equal(qw_store_dump_next(from, &kind, &record, &is_end), QW_OK);
    assert_int_equal(kind, QW_STORE_META);
    assert_int_equal(record.version, 7);
    assert_int_equal(record.tag, -3);
    assert_int_equal(record.len, 6);
    assert_memory_equal(record.blob, "sealed", 6);
    assert_false(is_end);
    assert_int_equal(qw_store_dump_next(from, &kind, &record, &is_end), QW_OK);
    assert_int_equal(kind, QW_STORE_STAGED);
    assert_int_equal(record.id_len, 7);
    assert_memory_equal(record.id, "long-id", 7);
    assert_int_equal(record.version, INT64_MAX);
    assert_int_equal(record.tag, INT64_MAX);
    assert_int_equal(record.len, 0);
    assert_int_equal(qw_store_dump_next(from, &kind, &record, &is_end), QW_OK);
    assert_true(is_end);
    fclose(from);
    free(text);
}

static void a_cut_or_lengthened_one_is_none(void **state)
{
    char *text;
    char *longer;
    size_t len;
    int count;

    (void)state;
    write_two(&text, &len);
    assert_int_equal(read_all(text, len, &count), QW_OK);
    assert_int_equal(count, 2);
    for (size_t cut = 1; cut < len; cut++) {
        assert_int_equal(read_all(text, cut, &count), QW_ERR_FORMAT);
    }
    longer = calloc(1, len + 1);
    assert_non_null(longer);
    memcpy(longer, text, len);
    assert_int_equal(read_all(longer, len + 1, &count), QW_ERR_FORMAT);
    free(longer);
    free(text);
}

static void what_no_store_would_hold_is_refused(void **state)
{
    static const size_t places[] = { 0, 4, 5, 6, 14 + 8 }; /* magic, kind, id, version, length */
    char *text;
    size_t len;
    int count;

    (void)state;
    write_two(&text, &len);
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        char before = text[places[i]];

        text[places[i]] = (char)0xfe;
        assert_int_equal(read_all(text, len, &count), QW_ERR_FORMAT);
        text[places[i]] = before;
    }
    assert_int_equal(read_all(text, len, &count), QW_OK);
    free(text);
}

static void a_full_disk_is_an_error(void **state)
{
    struct qw_store_record record = record_of("a", 1, 0, 6);
    FILE *full = fopen("/dev/full", "w");
    qw_err err;

    (void)state;
    assert_non_null(full);
    setbuf(full, NULL);
    assert_int_equal(qw_store_dump_begin(full), QW_ERR_IO);
    assert_int_equal(qw_store_dump_put(full, QW_STORE_KEY, &record), QW_ERR_IO);
    err = qw_store_dump_end(full);
    assert_int_equal(err, QW_ERR_IO);
    fclose(full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(a_cut_or_lengthened_one_is_none),
        cmocka_unit_test(what_no_store_would_hold_is_refused),
        cmocka_unit_test(a_full_disk_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
