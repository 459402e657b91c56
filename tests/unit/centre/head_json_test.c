/* SPDX-License-Identifier: Apache-2.0 */
/* rows: C10 */
#include "centre/journal/head_json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void a_head_is_one_object_with_its_key(void **state)
{
    struct qw_audit audit = { .node = "node-3", .seq = 7, .head = { 0xab } };
    struct qw_signing_key *key = NULL;
    struct qw_public_key public = { .algorithm = QW_SIGNATURE_P256 };
    struct qw_signed_head head;
    char text[1024];
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    assert_int_equal(qw_signing_key_new(QW_SIGNATURE_P256, &key), QW_OK);
    memcpy(public.point, qw_signing_key_point(key), sizeof public.point);
    assert_int_equal(qw_signed_head_make(&audit, key, &head), QW_OK);
    assert_int_equal(qw_signed_head_write(&w, &head, &public), QW_OK);
    assert_true(qw_json_done(&w));
    assert_non_null(strstr(text, "{\"centre_id\":\"node-3\",\"seq\":7,\"hash\":\"ab00"));
    assert_non_null(strstr(text, "\"algorithm\":\"p256\",\"signature\":\""));
    assert_non_null(strstr(text, "\"public_key\":\"-----BEGIN PUBLIC KEY-----"));
    qw_signing_key_free(key);
}

static void a_key_that_is_none_writes_nothing(void **state)
{
    const struct qw_signed_head head = { .centre = "node-3", .seq = 1 };
    const struct qw_public_key none = { .algorithm = QW_SIGNATURE_NONE };
    char text[64] = "";
    struct qw_json_writer w = qw_json_writer_on(text, sizeof text);

    (void)state;
    assert_int_equal(qw_signed_head_write(&w, &head, &none), QW_ERR_FORMAT);
    assert_int_equal(text[0], '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_is_one_object_with_its_key),
        cmocka_unit_test(a_key_that_is_none_writes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
