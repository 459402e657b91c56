/* SPDX-License-Identifier: Apache-2.0 */
/* rows: Q3 */
#define _GNU_SOURCE
#include "node/node_keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);
static size_t writes, cut_len; /* cut_len 0: whole */

ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    writes++;
    return __real_write(fd, data, cut_len > 0 && cut_len < len ? cut_len : len);
}

enum { KEYS = 3, LINE_LEN = 32 + 1 + 64 + 1, TEXT_CAP = 4096 };
static char path[] = "/tmp/qwave-keys.XXXXXX";
static const struct qw_relay_batch batch = { { 0xab }, KEYS, NODE_KEY_LEN, 0, 1 };
static const uint8_t key[(KEYS + 1) * NODE_KEY_LEN] = { 0xcd };

static size_t read_text(char text[static TEXT_CAP])
{
    FILE *file = fopen(path, "r");
    size_t len;

    assert_non_null(file);
    len = fread(text, 1, TEXT_CAP - 1, file);
    text[len] = '\0';
    fclose(file);
    return len;
}

static void begin(struct node_keys *keys)
{
    assert_int_equal(truncate(path, 0), 0);
    writes = 0;
    cut_len = 0;
    assert_int_equal(node_keys_open(keys, path, KEYS), QW_OK);
}

static void a_batch_is_one_write_of_whole_lines(void **state)
{
    struct node_keys keys = { 0 };
    char text[TEXT_CAP];

    (void)state;
    begin(&keys);
    assert_int_equal(node_keys_write(&keys, &batch, key), QW_OK);
    assert_int_equal(writes, 1);
    for (size_t i = 0; i < KEYS * LINE_LEN; i++) {
        assert_int_equal(keys.lines[i], 0); /* nothing stays */
    }
    assert_int_equal(node_keys_void(&keys, batch.id), QW_OK);
    node_keys_close(&keys);
    assert_int_equal(read_text(text), KEYS * LINE_LEN + 5 + 24 + 1);
    assert_memory_equal(text, "ab000000000000000000000000000000 cd00", 37);
    assert_memory_equal(text + LINE_LEN, "ab000000000000000000000000000001 0000", 37);
    assert_string_equal(text + KEYS * LINE_LEN, "void ab0000000000000000000000\n");
}

static void a_disk_that_is_full_keeps_none_of_the_batch(void **state)
{
    struct node_keys keys = { 0 };
    char text[TEXT_CAP];

    (void)state;
    begin(&keys);
    assert_int_equal(node_keys_write(&keys, &batch, key), QW_OK);
    cut_len = LINE_LEN + 10;
    assert_int_equal(node_keys_write(&keys, &batch, key), QW_ERR_IO);
    assert_int_equal(read_text(text), KEYS * LINE_LEN);
    node_keys_close(&keys);
}

static void a_line_that_was_cut_short_is_cut_off(void **state)
{
    (void)state;
    for (long len = 0; len <= KEYS * LINE_LEN; len++) {
        struct node_keys keys = { 0 };
        char text[TEXT_CAP];

        begin(&keys);
        assert_int_equal(node_keys_write(&keys, &batch, key), QW_OK);
        node_keys_close(&keys);
        assert_int_equal(truncate(path, len), 0);
        assert_int_equal(node_keys_open(&keys, path, KEYS), QW_OK);
        node_keys_close(&keys);
        assert_int_equal(read_text(text), len - len % LINE_LEN);
    }
}

static void refuses_what_it_has_no_room_for(void **state)
{
    struct node_keys keys = { 0 };
    struct qw_relay_batch wrong = batch;

    (void)state;
    assert_int_equal(node_keys_write(&keys, &batch, key), QW_OK); /* no file */
    assert_int_equal(node_keys_void(&keys, batch.id), QW_OK);
    begin(&keys);
    wrong.count = KEYS + 1;
    assert_int_equal(node_keys_write(&keys, &wrong, key), QW_ERR_ARG);
    wrong = batch;
    wrong.key_len = NODE_KEY_LEN - 1;
    assert_int_equal(node_keys_write(&keys, &wrong, key), QW_ERR_ARG);
    assert_int_equal(writes, 0);
    node_keys_close(&keys);
    node_keys_close(&keys);
    assert_int_equal(node_keys_open(&keys, "/nowhere/keys", KEYS), QW_ERR_IO);
    assert_null(keys.lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_one_write_of_whole_lines),
        cmocka_unit_test(a_disk_that_is_full_keeps_none_of_the_batch),
        cmocka_unit_test(a_line_that_was_cut_short_is_cut_off),
        cmocka_unit_test(refuses_what_it_has_no_room_for),
    };
    int fd = mkstemp(path);
    int failures;

    if (fd < 0) {
        return 1;
    }
    close(fd);
    failures = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failures;
}
