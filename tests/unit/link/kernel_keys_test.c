/* SPDX-License-Identifier: Apache-2.0 */
/* rows: A1 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/keyring/kernel_keys.h"

#include <unistd.h>

static qw_key_serial ring;

static int start(void **state)
{
    (void)state;
    return 0;
}

static int stop(void **state)
{
    (void)state;
    qw_kernel_keys_leave();
    return 0;
}

static void a_key_can_be_found_read_and_ended(void **state)
{
    qw_key_serial key, again, found;
    char text[8];
    size_t len;

    (void)state;
    if (qw_kernel_keyring_of((uint32_t)geteuid(), &ring) != QW_OK) {
        print_message("no key management here\n");
        skip();
    }
    assert_int_equal(qw_kernel_key_add("keyring", "qwave-test", NULL, 0, QW_KEY_OF_THREAD, &ring),
                     QW_OK);
    assert_int_equal(qw_kernel_key_find(ring, "user", "qwave:k", &found), QW_ERR_NOT_FOUND);
    assert_int_equal(qw_kernel_key_add("user", "qwave:k", "secret", 6, ring, &key), QW_OK);
    assert_int_equal(qw_kernel_key_hand_over(key, (uint32_t)geteuid(), 60), QW_OK);
    assert_int_equal(qw_kernel_key_find(ring, "user", "qwave:k", &found), QW_OK);
    assert_int_equal(found, key);
    assert_int_equal(qw_kernel_key_read(key, text, sizeof text, &len), QW_OK);
    assert_int_equal(len, 6);
    assert_memory_equal(text, "secret", 6);
    assert_int_equal(qw_kernel_key_read(key, text, 2, &len), QW_OK); /* how much there is */
    assert_int_equal(len, 6);
    assert_int_equal(qw_kernel_key_link(key, QW_KEY_OF_THREAD), QW_OK);
    assert_int_equal(qw_kernel_key_unlink(key, QW_KEY_OF_THREAD), QW_OK);
    assert_int_equal(qw_kernel_key_find(ring, "user", "qwave:k", &again), QW_OK);
    qw_kernel_key_invalidate(key);
    assert_int_equal(qw_kernel_key_read(key, text, sizeof text, &len), QW_ERR_NOT_FOUND);
    qw_kernel_key_invalidate(key); /* as good */
    assert_int_equal(qw_kernel_key_read(0x7ffffff0, text, sizeof text, &len), QW_ERR_NOT_FOUND);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_key_can_be_found_read_and_ended, start, stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
