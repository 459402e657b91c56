/* SPDX-License-Identifier: Apache-2.0 */
/* rows: W14 S1 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"
#include "base/hex.h"
#include "demo/leak_scan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/leak_scan_test.XXXXXX";
static char inner[64];
static char path[96];
static uint8_t keys[2][32];

static void plant(const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    fclose(file);
}

static size_t hits_of_scan(void)
{
    size_t files = 0;
    size_t hits = 0;
    char where[256];

    assert_int_equal(leak_scan_folder(folder, keys[0], 2, &files, &hits, where, sizeof where),
                     QW_OK);
    assert_int_equal(files, 1);
    if (hits > 0) {
        assert_string_equal(where, path);
    }
    return hits;
}

static void finds_a_raw_key_at_every_offset(void **state)
{
    uint8_t data[100];

    (void)state;
    for (size_t at = 0; at + 32 <= sizeof data; at++) {
        memset(data, 'x', sizeof data);
        memcpy(data + at, keys[1], 32);
        plant(data, sizeof data);
        assert_int_equal(hits_of_scan(), 1);
    }
}

static void finds_hex_of_either_case(void **state)
{
    char text[2 * 32 + 20] = "key=";

    (void)state;
    qw_hex_encode(keys[0], 32, text + 4);
    plant(text, strlen(text));
    assert_int_equal(hits_of_scan(), 1);
    for (size_t i = 4; text[i] != '\0'; i++) {
        text[i] = (char)(text[i] >= 'a' ? text[i] - 'a' + 'A' : text[i]);
    }
    plant(text, strlen(text));
    assert_int_equal(hits_of_scan(), 1);
}

static void finds_base64_whatever_stands_before_and_after_the_key(void **state)
{
    (void)state;
    for (size_t before = 0; before < 7; before++) {
        for (size_t after = 0; after < 4; after++) {
            uint8_t data[48];
            char text[QW_BASE64_LEN(sizeof data) + 1];

            memset(data, 0xa5, sizeof data);
            memcpy(data + before, keys[0], 32);
            qw_base64_encode(data, before + 32 + after, text);
            plant(text, strlen(text));
            assert_int_equal(hits_of_scan(), 1);
        }
    }
}

static void finds_nothing_where_one_bit_differs(void **state)
{
    uint8_t data[32];

    (void)state;
    for (size_t bit = 0; bit < 8 * sizeof data; bit++) {
        memcpy(data, keys[0], sizeof data);
        data[bit / 8] = (uint8_t)(data[bit / 8] ^ 1u << bit % 8);
        plant(data, sizeof data);
        assert_int_equal(hits_of_scan(), 0);
    }
}

static void counts_each_key_of_a_file_and_fine_with_an_empty_one(void **state)
{
    (void)state;
    plant(keys, sizeof keys);
    assert_int_equal(hits_of_scan(), 2);
    plant("", 0);
    assert_int_equal(hits_of_scan(), 0);
}

static int make_folder(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof keys; i++) {
        (&keys[0][0])[i] = (uint8_t)(37 * i + 11 + i * i);
    }
    if (mkdtemp(folder) == NULL) {
        return -1;
    }
    snprintf(inner, sizeof inner, "%s/inner", folder);
    snprintf(path, sizeof path, "%s/file", inner);
    return mkdir(inner, 0700);
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(inner) + rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_a_raw_key_at_every_offset),
        cmocka_unit_test(finds_hex_of_either_case),
        cmocka_unit_test(finds_base64_whatever_stands_before_and_after_the_key),
        cmocka_unit_test(finds_nothing_where_one_bit_differs),
        cmocka_unit_test(counts_each_key_of_a_file_and_fine_with_an_empty_one),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
