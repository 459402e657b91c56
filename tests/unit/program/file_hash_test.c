/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hex.h"
#include "program/file_hash.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* FIPS 180-4, by others: "abc" and nothing */
static void a_file_has_the_hash_of_its_bytes(void **state)
{
    static const char *const expected[] = {
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    char path[] = "/tmp/qwave-file-hash-XXXXXX";
    int fd = mkstemp(path);
    uint8_t hash[32];
    char hex[65];

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(qw_file_hash(path, hash), QW_OK);
    qw_hex_encode(hash, sizeof hash, hex);
    assert_string_equal(hex, expected[0]);
    assert_int_equal(write(fd, "abc", 3), 3);
    assert_int_equal(qw_file_hash(path, hash), QW_OK);
    qw_hex_encode(hash, sizeof hash, hex);
    assert_string_equal(hex, expected[1]);
    assert_int_equal(ftruncate(fd, (1 << 20) + 1), 0);
    memset(hash, 7, sizeof hash);
    assert_int_equal(qw_file_hash(path, hash), QW_ERR_SPACE);
    close(fd);
    unlink(path);
    assert_int_equal(qw_file_hash(path, hash), QW_ERR_NOT_FOUND);
    assert_int_equal(hash[0], 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_file_has_the_hash_of_its_bytes) };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
